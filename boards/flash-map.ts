// Addresses of the parts that a board's flash map counts in pages.

import type { Board, FlashPart, MessageMemory, PageRun } from "./board.ts";

export function runOf({ storage, chip }: Board, { base = storage.base, firstPage, pages }: FlashPart): PageRun {
  return { base: base + firstPage * chip.pageBytes, pages };
}

export function slotRuns(board: Board): PageRun[] {
  return board.flashMap.slots.map((slot) => runOf(board, slot));
}

export function messageMemory(board: Board): MessageMemory {
  const { log } = board.flashMap;
  return log.kind === "ram" ? log : { kind: "flash", ...runOf(board, log) };
}

/** What is written in the field and lies in the chip's own flash beside Storage: slots, messages, key. */
export function besideStorage(board: Board): PageRun[] {
  const { flashMap, storage, chip } = board;
  const storageEnd = storage.base + storage.pages * chip.pageBytes;
  const runs = [...slotRuns(board), ...(flashMap.keyPage === undefined ? [] : [{ base: flashMap.keyPage, pages: 1 }])];
  const messages = messageMemory(board);
  if (messages.kind === "flash") runs.push(messages);
  return runs.filter(({ base }) => base < storage.base || base >= storageEnd);
}

/** Where the radio stack keeps its bonds (espruino targets/nrf5x/bluetooth.c flash_end_addr, app_config.h FDS_VIRTUAL_PAGES). */
export function bondPages({ chip, bootLoader = chip.flashBytes }: Board): PageRun {
  return { base: bootLoader - 2 * chip.pageBytes, pages: 2 };
}

/** From its first page to behind its last; undefined when nothing is there. */
export function internalRun(board: Board): PageRun | undefined {
  const beside = besideStorage(board);
  if (beside.length === 0) return undefined;
  const base = Math.min(...beside.map((run) => run.base));
  const end = Math.max(...beside.map((run) => run.base + run.pages * board.chip.pageBytes));
  return { base, pages: (end - base) / board.chip.pageBytes };
}
