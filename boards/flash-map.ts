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

/** Everything in the chip's own flash beside Storage, from the first page to behind the last; undefined when nothing is. */
export function internalRun(board: Board): PageRun | undefined {
  const { flashMap, storage, chip } = board;
  const storageEnd = storage.base + storage.pages * chip.pageBytes;
  const runs = [...slotRuns(board), ...(flashMap.keyPage === undefined ? [] : [{ base: flashMap.keyPage, pages: 1 }])];
  const messages = messageMemory(board);
  if (messages.kind === "flash") runs.push(messages);
  const outside = runs.filter(({ base }) => base < storage.base || base >= storageEnd);
  if (outside.length === 0) return undefined;
  const base = Math.min(...outside.map((run) => run.base));
  const end = Math.max(...outside.map((run) => run.base + run.pages * chip.pageBytes));
  return { base, pages: (end - base) / chip.pageBytes };
}
