// What the message store costs the product board: measured on the simulated toy, which records far more than its flash holds.

import type { Board } from "../../boards/board.ts";
import { boards } from "../../boards/index.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import { messageMemory } from "../../boards/flash-map.ts";
import { PAGES_PER_SHEET, SHEET_SAMPLES, SLOT_BYTES } from "../../firmware/messages/layout.ts";
import { BLOCK_BYTES, MESSAGE_RATE_HZ } from "../../firmware/voice/abi.ts";
import { PAGE_BYTES } from "../../sim/flash.ts";
import { Stage } from "../../sim/stage.ts";
import { buildBundle, type BuiltBundle } from "../build/build.ts";
import type { Line, Section } from "../commands/bench.ts";
import { messageSheets } from "../image/messages.ts";
import { soldFlash } from "../image/sold.ts";
import { nativeTable } from "../native-table.ts";

/** A little more than the log holds. */
const RECORDINGS = 60;
const RECORDING_MS = 8000;
const IDLE_MS = 6000;
/** Erases that flash of this class bears: data sheets' usual figure, not read from this part's. */
const ENDURANCE = 100_000;
const MESSAGES_A_DAY = 50;

export async function storeBench(): Promise<Section> {
  const lines: Line[] = [];
  for (const board of boards) {
    const messages = messageMemory(board);
    const seconds = messages.kind === "ram" ? messages.seconds : (messageSheets(board) * SHEET_SAMPLES) / MESSAGE_RATE_HZ;
    lines.push({ what: `${board.id} holds`, value: seconds, unit: "s of voice" });
  }
  const bootMs = await bootTime(xiaoble, 441);
  const shortMs = await bootTime(xiaoble, 41);
  lines.push({ what: `boot scan of ${messageSheets(xiaoble)} sheets`, value: ((bootMs - shortMs) * messageSheets(xiaoble)) / 200, unit: "ms", goal: { atMost: 700 } });

  const stage = toyOf(await buildBundle(xiaoble));
  stage.powerOn().wait(20000);
  const memory = stage.memories[0]!;
  const first = memory.erases.slice();
  const { operations } = stage.machine.flash;
  const from = operations.length;
  let longestIdleUs = 0;
  for (let i = 0; i < RECORDINGS; i++) {
    stage.hold(RECORDING_MS).wait(1500);
    stage.machine.longestPassUs = 0;
    stage.wait(IDLE_MS - 1500);
    longestIdleUs = Math.max(longestIdleUs, stage.machine.longestPassUs);
  }
  const programs = operations.slice(from).filter(({ kind }) => kind === "program");
  const programmed = programs.reduce((sum, { length }) => sum + length, 0);
  const voice = programs.filter(({ length }) => length === SLOT_BYTES).length * BLOCK_BYTES;
  const log = messageMemory(xiaoble) as { base: number; pages: number };
  const at = (log.base - memory.base) / PAGE_BYTES;
  const erases = [...memory.erases.subarray(at, at + messageSheets(xiaoble) * PAGES_PER_SHEET)].map((count, i) => count - first[at + i]!);
  const most = Math.max(...erases);
  lines.push(
    { what: "bytes programmed for each byte of voice", value: Math.round((programmed / voice) * 1000) / 1000, unit: "" },
    { what: "erases of a page, fewest", value: Math.min(...erases), unit: `in ${RECORDINGS} messages` },
    { what: "erases of a page, most", value: most, unit: `in ${RECORDINGS} messages` },
    { what: `years at ${MESSAGES_A_DAY} messages of 8 s a day`, value: (ENDURANCE / ((most / RECORDINGS) * MESSAGES_A_DAY)) / 365, unit: "", goal: { atLeast: 5 } },
    { what: "longest stall while idle", value: longestIdleUs / 1000, unit: "ms" },
  );
  return { title: "Message store, XIAOBLE", lines };
}

const toyOf = (built: BuiltBundle): Stage => new Stage({ board: built.board, ...soldFlash(built.board, built, { seed: 1 }), native: (bus) => nativeTable(bus) });

/** From power to a living paw with a log of so many pages; the bundle is built for it. */
async function bootTime(board: Board, pages: number): Promise<number> {
  const log = { ...board.flashMap.log, pages } as Board["flashMap"]["log"];
  const shorter: Board = { ...board, flashMap: { ...board.flashMap, log } };
  const stage = toyOf(await buildBundle(shorter));
  stage.powerOn();
  const ms = stage.nowMs;
  await buildBundle(board);
  return ms;
}
