// Boards whose slots hold small applications that say their name: for tests of who is started.

import type { Board } from "../../boards/board.ts";
import { slotRuns } from "../../boards/flash-map.ts";
import { Stage } from "../../sim/stage.ts";
import { committed, slotImage, type Application } from "../../tools/image/slot.ts";
import { provisionedFlash } from "../../tools/image/storage.ts";

/** An application that says its name and the slot that it runs from. */
export function saying(name: string, version: number, { text = `print("${name}"+pawlockSlot)`, prompts = new Uint8Array(0) } = {}): Application {
  return { text: Buffer.from(text), prompts, version };
}

/** A board of that application in its first slot, off. */
export function boardWith(board: Board, application: Application, boot: { boot0?: string; boot1?: string } = {}): Stage {
  return new Stage({ board, ...provisionedFlash(board, { application, ...boot }), native: () => () => undefined });
}

/** The flash of slot `index`, as it is. */
export function slotBytes(stage: Stage, index: number): Uint8Array {
  const { base, pages } = slotRuns(stage.board)[index]!;
  const memory = stage.memories.find((candidate) => candidate.holds(base, 1))!;
  return memory.bytes.subarray(base - memory.base, base - memory.base + pages * stage.board.chip.pageBytes);
}

/** Puts an application into a slot, as an update would have left it. */
export function install(stage: Stage, index: number, application: Application, isOnTrial = true): Uint8Array {
  const bytes = slotBytes(stage, index).fill(0xff);
  bytes.set(committed(slotImage(stage.board, application), isOnTrial));
  return bytes;
}

/** What the board says in a boot, reboots included. */
export function says(stage: Stage, ms = 1): string[] {
  return stage.powerOn().wait(ms).machines.flatMap((machine) => machine.console);
}
