// Runs the self-test over USB. The program is hal/espruino/self-test.ts; what its values should be stands in verdict.ts.

import { rollup, type OutputOptions } from "rollup";
import type { Board } from "../../boards/board.ts";
import { slotRuns } from "../../boards/flash-map.ts";
import { MANIFEST_WORDS, TEXT_AT, WORD_TEXT_BYTES, WORD_TEXT_CRC } from "../../firmware/boot/manifest.ts";
import { bundleOptions } from "../../rollup.config.js";
import { checkBundle } from "../bundle/check.ts";
import { UserError } from "../errors.ts";
import { textExpression } from "../image/loader.ts";
import type { Measurement } from "../production/limits.ts";
import { readBytes } from "./board-state.ts";
import { TOOL } from "./board-side.ts";
import type { BoardConsole } from "./console.ts";
import { FlashWriter } from "./writer.ts";

/** How long the operator may take, and the test after that. */
const HOLD_MS = 60000;

let program: Promise<string> | undefined;

/** The program's text, to be evaluated as a whole: its names are its own. Made once: a station tests many boards. */
export const selfTestProgram = (): Promise<string> => (program ??= makeProgram());

async function makeProgram(): Promise<string> {
  const options = bundleOptions({ input: "hal/espruino/self-test.ts", module: "pawlock:bench", values: {}, file: "self-test.js" });
  const bundle = await rollup(options);
  const { output } = await bundle.generate({ ...(options.output as OutputOptions), sourcemap: false });
  await bundle.close();
  const text = `(function(){${output[0].code.trim()}})()`;
  const findings = checkBundle(text);
  if (findings.length > 0) throw new Error(`the self-test holds what Espruino cannot run: ${findings[0]!.rule}: ${findings[0]!.message}`);
  return text;
}

/** Somebody at the board. */
export interface Operator {
  /** Asks him to hold the paw: nothing else can give the microphone power. */
  readonly askToHold: () => void;
  /** Whether he saw the heart glow, and light red while he held. */
  readonly askAboutLight?: () => Promise<boolean>;
}

export interface SelfTestOptions {
  readonly console: BoardConsole;
  readonly board: Board;
  /** Without one nothing listens, and nobody looks. */
  readonly operator?: Operator;
  readonly pollMs?: number;
  readonly holdMs?: number;
}

export async function runSelfTest({ console, board, operator, pollMs = 250, holdMs = HOLD_MS }: SelfTestOptions): Promise<Measurement[]> {
  if ((await console.evaluate('typeof pawlock=="object"?1:0')) !== 1) {
    throw new UserError("the firmware does not answer the tools", "Flash the board with `pawlock flash`; only a board that is not sealed can be tested.");
  }
  const writer = new FlashWriter(console, board.chip.pageBytes, () => undefined);
  await writer.prepare();
  await writer.collect(Buffer.from(await selfTestProgram()));
  await console.evaluate(`(eval(${TOOL}.t),1)`, 20000);
  const measured = (await console.evaluate("pawlockTest.measure()", 20000)) as Record<string, number | boolean>;
  const items: Measurement[] = [{ item: "flash", value: await isTextWhole(console, board) }];
  for (const [item, value] of Object.entries(measured)) if (item !== "radio" || board.capabilities.link) items.push({ item, value });
  if (!board.battery) items.splice(items.findIndex(({ item }) => item === "battery-mv"), 1);
  return operator ? [...items, ...(await attended(console, operator, pollMs, holdMs))] : items;
}

interface Heard {
  readonly isHeld: boolean;
  readonly code: number;
  readonly silence: number;
  readonly loopback: number;
  readonly isDone: boolean;
}

async function attended(console: BoardConsole, { askToHold, askAboutLight }: Operator, pollMs: number, holdMs: number): Promise<Measurement[]> {
  await console.evaluate("pawlockTest.arm()");
  askToHold();
  for (const untilMs = Date.now() + holdMs; Date.now() < untilMs; ) {
    const { isHeld, isDone, code, silence, loopback } = (await console.evaluate("pawlockTest.heard()", 20000)) as Heard;
    if (isDone) {
      const heard = [{ item: "microphone", value: code === 0 }, { item: "silence", value: silence }, { item: "loopback", value: loopback }];
      return [{ item: "paw", value: isHeld }, ...heard, ...(askAboutLight ? [{ item: "light", value: await askAboutLight() }] : [])];
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return [{ item: "paw", value: false }];
}

/** The text that runs, read from flash, against the CRC-32 in its manifest. */
async function isTextWhole(console: BoardConsole, board: Board): Promise<boolean> {
  const slot = (await console.evaluate("pawlockSlot")) as number;
  const run = slotRuns(board)[slot];
  if (!run) return false;
  const manifest = await readBytes(console, run.base, MANIFEST_WORDS * 4);
  const bytes = manifest.readUInt32LE(WORD_TEXT_BYTES * 4);
  // As the loader reads it.
  const text = textExpression(board, run.base + TEXT_AT, bytes);
  return (await console.evaluate(`E.CRC32(${text})`, 20000)) === manifest.readUInt32LE(WORD_TEXT_CRC * 4);
}
