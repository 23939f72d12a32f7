// What the message store costs: capacity and wear by use of the firmware's own store, boot and stalls on the simulated product board.

import type { Board } from "../../boards/board.ts";
import { boards } from "../../boards/index.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import { messageMemory } from "../../boards/flash-map.ts";
import { BLOCKS_PER_SHEET, MAX_MESSAGES } from "../../firmware/messages/layout.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../firmware/voice/abi.ts";
import { Stage } from "../../sim/stage.ts";
import { buildBundle, type BuiltBundle } from "../build/build.ts";
import type { Line, Section } from "../commands/bench.ts";
import { keyOf } from "../image/keys.ts";
import { logRegion, messageSheets } from "../image/messages.ts";
import { soldFlash } from "../image/sold.ts";
import { writeMessage } from "../image/write-messages.ts";
import { nativeTable } from "../native-table.ts";
import { MESSAGES_A_DAY, MESSAGE_SECONDS, measureWear } from "./store-wear.ts";

/** Two sheets, records and security log: what boots without a scan worth the name. */
const SHORT_PAGES = 10;
const ERASING_MS = 60_000;
const RECORDINGS = 6;
const IDLE_MS = 6000;
const YEARS = 5;

export async function storeBench(): Promise<Section> {
  const lines = boards.flatMap(capacity);
  const bootMs = await bootTime(xiaoble);
  const shortMs = await bootTime(xiaoble, SHORT_PAGES);
  lines.push({ what: `boot scan of ${messageSheets(xiaoble)} sheets, ${MAX_MESSAGES} messages`, value: bootMs - shortMs, unit: "ms", goal: { atMost: 700 } });
  lines.push({ what: "longest stall while idle, erases included", value: await longestStall(xiaoble), unit: "ms" });
  return { title: "Message store", lines };
}

function capacity(board: Board): Line[] {
  const memory = messageMemory(board);
  const wear = measureWear(board);
  const seconds = { what: `${board.id} holds`, value: memory.kind === "ram" ? memory.seconds : wear!.capacitySeconds, unit: "s of voice" };
  if (!wear) return [seconds];
  return [
    seconds,
    { what: `${board.id}, bytes written for each byte of voice`, value: wear.amplification, unit: "" },
    { what: `${board.id}, erases of a page a day, fewest`, value: wear.least, unit: `at ${MESSAGES_A_DAY} messages of ${MESSAGE_SECONDS} s` },
    { what: `${board.id}, erases of a page a day, most`, value: wear.most, unit: "" },
    { what: `${board.id}, erases of a page of records a day, most`, value: wear.mostBehind, unit: "" },
    { what: `${board.id}, years until a page is worn out`, value: wear.years, unit: "", ...(board.role === "product" ? { goal: { atLeast: YEARS } } : {}) },
  ];
}

const toyOf = (built: BuiltBundle): Stage => new Stage({ board: built.board, ...soldFlash(built.board, built, { seed: 1 }), native: (bus) => nativeTable(bus) });

/** From power to a living paw with a log of so many pages, all that it may hold; the bundle is built for it. */
async function bootTime(board: Board, pages?: number): Promise<number> {
  const log = { ...board.flashMap.log, ...(pages === undefined ? {} : { pages }) } as Board["flashMap"]["log"];
  const shorter: Board = { ...board, flashMap: { ...board.flashMap, log } };
  const stage = toyOf(await buildBundle(shorter));
  const sheets = messageSheets(shorter);
  const each = Math.max(1, Math.floor(sheets / MAX_MESSAGES));
  for (let sequence = 1, sheet = 0; sheet + each <= sheets; sequence++, sheet += each) {
    const blocks = each * BLOCKS_PER_SHEET;
    const message = { sequence, isOwn: false, isHeard: false, samples: blocks * BLOCK_SAMPLES, blocks: new Uint8Array(blocks * BLOCK_BYTES) };
    writeMessage(logRegion(shorter, stage.memories)!, sheets, sheet, message, keyOf(shorter, stage.memories, stage.roots)!);
  }
  stage.powerOn();
  const ms = stage.nowMs;
  await buildBundle(board);
  return ms;
}

/** Of a toy that finds its whole log full of something foreign, and makes room for what is recorded. */
async function longestStall(board: Board): Promise<number> {
  const stage = toyOf(await buildBundle(board));
  logRegion(board, stage.memories)!.fill(0);
  stage.powerOn();
  let longestUs = 0;
  const idle = (ms: number): void => {
    stage.machine.longestPassUs = 0;
    stage.wait(ms);
    longestUs = Math.max(longestUs, stage.machine.longestPassUs);
  };
  idle(ERASING_MS);
  for (let i = 0; i < RECORDINGS; i++) {
    stage.hold(MESSAGE_SECONDS * 1000).wait(1500);
    idle(IDLE_MS);
  }
  return longestUs / 1000;
}
