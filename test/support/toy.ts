// The one fixture of scenario tests: a sealed toy with what was built, on a simulated board, in a child's words.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import type { Board } from "../../boards/board.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import { Stage, type StageOptions } from "../../sim/stage.ts";
import { keyOf, keyPageOf, ownAddress } from "../../tools/image/keys.ts";
import { storedMessages, type StoredMessage } from "../../tools/image/messages.ts";
import { soldFlash } from "../../tools/image/sold.ts";
import { bundleFile, lockdownFile } from "../../tools/build/build.ts";
import { nativeTable, type CaptureListener } from "../../tools/native-table.ts";
import type { CutPlan } from "../../sim/flash.ts";
import type { Sound } from "../../sim/world.ts";
import { isOn, merged, spans, type Span } from "./spans.ts";

export interface ToyOptions extends Partial<Omit<StageOptions, "native">> {
  readonly board?: Board;
  /** Instead of what was built for the board. */
  readonly bundle?: string;
  /** It never ran: it has no key and no address yet. */
  readonly isNew?: boolean;
  /** It is not sealed yet: its console answers the tools. */
  readonly isOnBench?: boolean;
  /** Sees the samples of every buffer that the firmware hands to the kernel. */
  readonly onCapture?: CaptureListener;
  /** Executes the kernel's Thumb bytes rather than their twin. */
  readonly isThumb?: boolean;
}

/** How long the toy takes until the paw lives, and some. */
const AWAKE_MS = 3000;
/**
 * How long the microphone may keep its power after the release: JavaScript may be storing a block just then. The figure that
 * the toy aims at has a test of its own (latency).
 */
const LET_GO_MS = 300;

/** Every toy made since the last look. */
const made: Toy[] = [];

/** For afterEach: no toy of the test, at any time of its life, heard without light or without a pressed paw. */
export function assertPromisesKept(): void {
  for (const toy of made.splice(0)) toy.assertPromiseKept();
}

export class Toy extends Stage {
  /** What the firmware gave to the kernel's capture since power-on, the boot's known answer included. */
  captured: Int16Array[];
  #longestStallMs = 0;

  /** Boots and waits until the paw lives and housekeeping has made some pages ready. */
  static awake(options: ToyOptions = {}): Toy {
    const toy = new Toy(options);
    toy.powerOn();
    toy.wait(AWAKE_MS - toy.nowMs + 3000);
    return toy;
  }

  constructor({ board = xiaoble, bundle = bundleOf(board), isNew = false, isOnBench = false, onCapture, isThumb, ...options }: ToyOptions = {}) {
    const captured: Int16Array[] = [];
    const keep: CaptureListener = (samples) => {
      captured.push(samples);
      onCapture?.(samples);
    };
    const sold = soldFlash(board, { code: bundle, lockdown: lockdownOf(board) }, { seed: isNew ? undefined : (options.seed ?? 1), isSealed: !isOnBench });
    super({ board, ...sold, native: (bus) => nativeTable(bus, { onCapture: keep, isThumb }), ...options });
    this.captured = captured;
    made.push(this);
  }

  override powerOn(cut?: CutPlan): this {
    if (this.machine) this.assertPromiseKept();
    this.captured.length = 0;
    return super.powerOn(cut);
  }

  /** Supplies power while somebody holds the paw already, or so long before somebody does. */
  powerOnHeld(pressedMs = 0): this {
    const before = Stage.onBoot;
    Stage.onBoot = (stage) => {
      before?.(stage);
      if (pressedMs === 0) stage.press();
      else stage.machine.clock.after(pressedMs * 1000, () => stage.press());
    };
    try {
      return this.powerOn();
    } finally {
      Stage.onBoot = before;
    }
  }

  /** Waits for something that comes within a second. */
  waitUntil(what: string, hasHappened: () => boolean): this {
    for (let i = 0; i < 200 && !hasHappened(); i++) this.wait(5);
    assert.ok(hasHappened(), `within a second: ${what}`);
    return this;
  }

  /** JavaScript stands still for so long, from now. */
  stall(ms: number): this {
    this.#longestStallMs = Math.max(this.#longestStallMs, ms);
    this.machine.stall(ms * 1000);
    return this;
  }

  get #endUs(): number {
    return Math.min(this.machine.clock.now, this.machine.poweredOffUs);
  }

  /** When a switched pin was on, electrically, since power-on. */
  lit(what: "light" | "glow" | "microphone"): Span[] {
    const { heart, microphone } = this.board;
    const pin = what === "light" ? heart.recording : what === "glow" ? heart.glow : microphone.power;
    return spans(this.world.changes.get(pin.nrf) ?? [], ({ drive }) => isOn(drive, pin.on), this.#endUs);
  }

  /** Level at which a pin rests now; undefined while it is none. */
  lastLevel({ nrf }: { readonly nrf: number }): 0 | 1 | undefined {
    const drive = this.world.changes.get(nrf)?.at(-1)?.drive;
    return drive?.kind === "level" ? drive.level : undefined;
  }

  /** Since power-on the microphone had power only while the light shone and the paw was pressed, or had just been. */
  assertPromiseKept(): void {
    const lights = this.lit("light");
    const graceUs = (LET_GO_MS + this.#longestStallMs) * 1000;
    // A release that is over before JavaScript looks is none: the watch only tells the level after it.
    const presses = merged(spans(this.pawEdges, ({ isPressed }) => isPressed, this.#endUs), graceUs);
    for (const { fromUs, toUs } of this.lit("microphone")) {
      const at = `${this.board.id}: microphone on at ${fromUs / 1000} ms, off at ${toUs / 1000} ms`;
      assert.ok(
        lights.some((light) => light.fromUs <= fromUs && light.toUs >= toUs),
        `${at}: not lit all the time`,
      );
      const press = presses.find((candidate) => candidate.fromUs <= fromUs && candidate.toUs >= fromUs);
      assert.ok(press, `${at}: nobody holds the paw`);
      assert.ok(toUs <= press.toUs + graceUs, `${at}: the paw was released at ${press.toUs / 1000} ms`);
    }
  }

  /** Messages that lie in flash, decoded by the host: what a phone would find. */
  messages(): StoredMessage[] {
    return storedMessages(this.board, this.memories, this.key);
  }

  /** The address under which it advertises, or from which private ones follow. */
  get address(): string {
    return ownAddress(keyPageOf(this.board, this.memories)!);
  }

  /** What the toy seals with; undefined while it has no key. */
  get key(): Uint32Array | undefined {
    return keyOf(this.board, this.memories, this.roots);
  }

  /** Whether the microphone has power now. */
  get isListening(): boolean {
    const power = this.board.microphone.power;
    const drive = this.world.changes.get(power.nrf)?.at(-1)?.drive;
    return drive?.kind === "level" && drive.level === power.on;
  }

  /** Nothing went wrong that only a console would tell. */
  assertHealthy(): this {
    for (const { uncaught, console } of this.machines) assert.deepEqual([uncaught, console], [[], []]);
    assert.equal(this.machine.chip.saadc.isDmaActive, false, "the converter still runs");
    return this;
  }
}

function built(file: string): string {
  assert.ok(existsSync(file), `${file} is missing: npm run build`);
  return readFileSync(file, "latin1");
}

export const bundleOf = (board: Board): string => built(bundleFile(board));

/** Text of the boot files; undefined on a board that cannot be locked. */
export const lockdownOf = (board: Board): string | undefined => (board.flashMap.keyPage === undefined ? undefined : built(lockdownFile(board)));

/** A tone of one second or more at the microphone, half of its swing unless said otherwise. */
export function tone(hz: number, seconds: number, level = 0.5): Sound {
  const rateHz = 64000;
  return { rateHz, samples: Float32Array.from({ length: seconds * rateHz }, (_, i) => level * Math.sin((2 * Math.PI * hz * i) / rateHz)) };
}
