// The self-test over USB: what each item should measure, and running it. The program is hal/espruino/self-test.ts.

import { rollup, type OutputOptions } from "rollup";
import type { Board } from "../../boards/board.ts";
import { slotRuns } from "../../boards/flash-map.ts";
import { MANIFEST_WORDS, TEXT_AT, WORD_TEXT_BYTES, WORD_TEXT_CRC } from "../../firmware/boot/manifest.ts";
import { bundleOptions } from "../../rollup.config.js";
import { checkBundle } from "../bundle/check.ts";
import { UserError } from "../errors.ts";
import { textExpression } from "../image/loader.ts";
import type { Limits, Measurement } from "../production/limits.ts";
import { readBytes } from "./board-state.ts";
import { TOOL } from "./board-side.ts";
import type { BoardConsole } from "./console.ts";
import { FlashWriter } from "./writer.ts";

/** From the hold to the end of silence, tone and settling, and some. */
const HEARD_POLLS = 240;

/**
 * What a good board measures. Levels are in thousandths of full scale. Nobody has measured a board yet: the bounds of
 * microphone and loopback only tell a dead part from a living one.
 */
export function limitsOf(board: Board, isHeld: boolean): Limits {
  const { battery, capabilities } = board;
  return new Map([
    ["flash", { is: true }],
    ["kernel", { is: true }],
    ["converter", { is: true }],
    ["paw-at-rest", { is: true }],
    ...(capabilities.link ? [["radio", { is: true }] as const] : []),
    ...(battery ? [["battery-mv", { atLeast: battery.lowMillivolts, atMost: 4300, unit: "mV" }] as const] : []),
    ...(isHeld
      ? [
          ["microphone", { is: true }] as const,
          ["silence", { atLeast: 0, atMost: 100, unit: "/1000" }] as const,
          ["loopback", { atLeast: 5, atMost: 1000, unit: "/1000" }] as const,
        ]
      : []),
  ]);
}

/** The program's text, to be evaluated as a whole: its names are its own. */
export async function selfTestProgram(): Promise<string> {
  const options = bundleOptions({ input: "hal/espruino/self-test.ts", module: "pawlock:bench", values: {}, file: "self-test.js" });
  const bundle = await rollup(options);
  const { output } = await bundle.generate({ ...(options.output as OutputOptions), sourcemap: false });
  await bundle.close();
  const text = `(function(){${output[0].code.trim()}})()`;
  const findings = checkBundle(text);
  if (findings.length > 0) throw new Error(`the self-test holds what Espruino cannot run: ${findings[0]!.rule}: ${findings[0]!.message}`);
  return text;
}

export interface SelfTestOptions {
  readonly console: BoardConsole;
  readonly board: Board;
  /** Asks the operator to hold the paw; without it nothing listens. */
  readonly askToHold?: () => void;
  readonly pollMs?: number;
}

export async function runSelfTest({ console, board, askToHold, pollMs = 250 }: SelfTestOptions): Promise<Measurement[]> {
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
  if (!askToHold) return items;
  await console.evaluate("pawlockTest.arm()");
  askToHold();
  for (let poll = 0; poll < HEARD_POLLS; poll++) {
    const heard = (await console.evaluate("pawlockTest.heard()", 20000)) as { code: number; silence: number; loopback: number; isDone: boolean };
    if (heard.isDone) return [...items, { item: "microphone", value: heard.code === 0 }, { item: "silence", value: heard.silence }, { item: "loopback", value: heard.loopback }];
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new UserError("nobody held the paw", "Run `pawlock selftest` again and hold the paw for three seconds when it asks, or leave that out with --no-hold.");
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
