// Flashing in tests: a small application that behaves as the firmware does towards the tools, on a board at a pseudo-terminal.

import assert from "node:assert/strict";
import type { Board } from "../../boards/board.ts";
import { slotRuns } from "../../boards/flash-map.ts";
import { WORD_CONFIRMED } from "../../firmware/boot/manifest.ts";
import type { CutPlan } from "../../sim/flash.ts";
import { Stage } from "../../sim/stage.ts";
import type { Application } from "../../tools/image/slot.ts";
import { bootFiles, provisionedFlash } from "../../tools/image/storage.ts";
import type { Installation } from "../../tools/flash/install.ts";
import { flashBoard, type Flashed, type FlashOptions } from "../../tools/flash/flash-one.ts";
import { PtyBoard, type CableOptions } from "./pty-board.ts";

/** Says its name at boot and hello to the tools, and confirms itself, as the firmware does. */
export function greeting(board: Board, name: string, version: number, padding = 3000, confirmMs = 10000): Application {
  const bases = JSON.stringify(slotRuns(board).map(({ base }) => base));
  const text = `print("${name}");global.pawlock={hello:function(){return{board:"${board.id}",state:0,name:"${name}"}}};
setTimeout(function(){require("Flash").write(new Uint8Array(4),${bases}[pawlockSlot]+${WORD_CONFIRMED * 4})},${confirmMs});/*${name.repeat(padding).slice(0, padding)}*/`;
  return { text: Buffer.from(text), prompts: Uint8Array.from({ length: 1000 }, (_, i) => i * version), version };
}

export function installationOf(board: Board, application: Application, boot: { boot0?: string; boot1?: string } = {}): Installation {
  return { board, application, bootFiles: bootFiles(board, boot) };
}

/** A board of which nothing is known. */
export function blankBoard(board: Board): Stage {
  return new Stage({ board, storage: new Uint8Array(0), native: () => () => undefined });
}

export function boardRunning(board: Board, application: Application): Stage {
  return new Stage({ board, ...provisionedFlash(board, { application }), native: () => () => undefined });
}

export interface Flashing {
  readonly done: Flashed | undefined;
  readonly steps: readonly string[];
  readonly error: Error | undefined;
  readonly board: PtyBoard;
}

/** `pawlock flash` on the board, until it is done or fails. Switches the board on when it is off, and unplugs it at the end. */
export async function flash(stage: Stage, installation: Installation, { cable = {}, ...options }: { cable?: CableOptions } & Partial<FlashOptions> = {}): Promise<Flashing> {
  if (!stage.machines.length || !stage.machine.isPowered) stage.powerOn();
  const board = new PtyBoard(stage, cable);
  const steps: string[] = [];
  let done: Flashed | undefined;
  let error: Error | undefined;
  try {
    done = await flashBoard({
      ...{ open: board.open, board: installation.board, candidates: [], installation: async () => installation, pollMs: 5, attentionMs: 300 },
      ...{ isErasing: false, isForced: false, isDev: true, hasSelfTest: false, agree: async () => true },
      report: (step, share) => void (share === undefined && steps.push(step)),
      tell: () => undefined,
      ...options,
    });
  } catch (caught) {
    error = caught as Error;
  } finally {
    board.unplug();
  }
  return { done, steps, error, board };
}

/** Cuts the power at one flash operation; then boots, and flashes again. Returns what the board booted in between. */
export async function cutAndRecover(isFirst: boolean, next: Installation, cut: CutPlan): Promise<string> {
  const { board } = next;
  const stage = isFirst ? blankBoard(board) : boardRunning(board, greeting(board, "old", 1000, 600));
  stage.powerOn(cut);
  const where = `${cut.phase} operation ${cut.operation}`;
  const { error } = await flash(stage, next);
  assert.ok(error, `${where}: the cut was noticed`);
  const booted = boots(stage);
  // A mixture would say something else, or an error.
  assert.match(booted, isFirst ? /^(|no whole application|new|Storage is corrupt.*)$/ : /^(old|new)$/, where);
  assert.ok(stage.machine.hasConsole, where);
  const again = await flash(stage, next);
  assert.equal(again.error, undefined, where);
  assert.equal(boots(stage), "new", where);
  return booted;
}

/** What the board's application says after the next power-on. */
export function boots(stage: Stage): string {
  stage.powerOn().wait(100);
  return stage.machines.flatMap(({ console }) => console).join();
}
