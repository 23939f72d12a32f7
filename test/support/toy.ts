// The one fixture of scenario tests: the shipped bundle on a simulated board, in a child's words.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import type { Board } from "../../boards/board.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import { Stage, type StageOptions } from "../../sim/stage.ts";
import { storedMessages, type StoredMessage } from "../../tools/image/messages.ts";
import { provisionedStorage } from "../../tools/image/storage.ts";
import { bundleFile } from "../../tools/build/build.ts";
import { nativeTable, type CaptureListener } from "../../tools/native-table.ts";
import type { Sound } from "../../sim/world.ts";

export interface ToyOptions extends Partial<Omit<StageOptions, "native">> {
  readonly board?: Board;
  /** Sees the samples of every buffer that the firmware hands to the kernel. */
  readonly onCapture?: CaptureListener;
}

/** How long the toy takes until the paw lives, and some. */
const AWAKE_MS = 3000;

export class Toy extends Stage {
  /** Boots and waits until the paw lives and housekeeping has made some pages ready. */
  static awake(options: ToyOptions = {}): Toy {
    const toy = new Toy(options);
    toy.powerOn();
    toy.wait(AWAKE_MS - toy.nowMs + 3000);
    return toy;
  }

  constructor({ board = xiaoble, onCapture, ...options }: ToyOptions = {}) {
    super({ board, storage: provisionedStorage(board, bundleOf(board)), native: (bus) => nativeTable(bus, onCapture), ...options });
  }

  /** Messages that lie in flash, decoded by the host: what a phone would find. */
  messages(): StoredMessage[] {
    return storedMessages(this.board, this.memories);
  }

  /** Whether the microphone has power now. */
  get isListening(): boolean {
    const power = this.board.microphone.power;
    const drive = this.world.changes.get(power.nrf)?.at(-1)?.drive;
    return drive?.kind === "level" && drive.level === power.on;
  }

  /** Nothing went wrong that only a console would tell. */
  assertHealthy(): this {
    assert.deepEqual(this.machine.uncaught, []);
    assert.deepEqual(this.machine.console, []);
    assert.equal(this.machine.chip.saadc.isDmaActive, false, "the converter still runs");
    return this;
  }
}

export function bundleOf(board: Board): string {
  const file = bundleFile(board);
  assert.ok(existsSync(file), `${file} is missing: npm run build`);
  return readFileSync(file, "latin1");
}

/** A tone of one second or more at the microphone, half of its swing unless said otherwise. */
export function tone(hz: number, seconds: number, level = 0.5): Sound {
  const rateHz = 64000;
  return { rateHz, samples: Float32Array.from({ length: seconds * rateHz }, (_, i) => level * Math.sin((2 * Math.PI * hz * i) / rateHz)) };
}
