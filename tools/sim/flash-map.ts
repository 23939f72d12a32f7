// The flash of a simulated board as a picture: a square a page, its colour says what lies there, its depth how often it was erased.

import { crc32 } from "node:zlib";
import type { Board } from "../../boards/board.ts";
import { messageMemory, slotRuns } from "../../boards/flash-map.ts";
import { HEADER_WORDS, ORIGIN_OWN, ORIGIN_SHIFT, PAGES_PER_SHEET, PAGE_MAGIC, RECORD_PAGES, WORD_FLAGS, WORD_MAGIC, WORD_PLACE } from "../../firmware/messages/layout.ts";
import { isCleared, isSound } from "../../firmware/voice/twin-scan.ts";
import { PAGE_BYTES, type FlashMemory } from "../../sim/flash.ts";
import { messageSheets } from "../image/messages.ts";

const COLUMNS = 32;
const SIDE = 14;
const MARGIN = 16;
const LINE = 18;

const COLOURS = {
  blank: "#f4f4f4",
  own: "#2b8a3e",
  family: "#1c7ed6",
  deleted: "#ced4da",
  unknown: "#e03131",
  records: "#f59f00",
  journal: "#9c36b5",
  slot: "#495057",
  "key page": "#c2255c",
  other: "#868e96",
} as const;

type Kind = keyof typeof COLOURS;

function messageKind(sheet: Uint8Array): Kind {
  const header = new Uint32Array(sheet.slice(0, HEADER_WORDS * 4).buffer);
  if (sheet.every((byte) => byte === 0xff)) return "blank";
  if (!isSound(header, crc32) || header[WORD_MAGIC] !== PAGE_MAGIC) return "unknown";
  if (isCleared(header[WORD_FLAGS]! >>> 16)) return "deleted";
  return ((header[WORD_PLACE]! >>> ORIGIN_SHIFT) & 3) === ORIGIN_OWN ? "own" : "family";
}

function kindAt(board: Board, memory: FlashMemory, page: number): Kind {
  const address = memory.base + page * PAGE_BYTES;
  const bytes = memory.bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
  const isBlank = bytes.every((byte) => byte === 0xff);
  if (address === board.flashMap.keyPage) return "key page";
  const messages = messageMemory(board);
  const inLog = messages.kind === "flash" ? (address - messages.base) / PAGE_BYTES : -1;
  if (messages.kind === "flash" && inLog >= 0 && inLog < messages.pages) {
    const sheets = messageSheets(board);
    const sheet = Math.floor(inLog / PAGES_PER_SHEET);
    const first = page - (inLog % PAGES_PER_SHEET);
    if (sheet < sheets) return messageKind(memory.bytes.subarray(first * PAGE_BYTES, (first + PAGES_PER_SHEET) * PAGE_BYTES));
    if (isBlank) return "blank";
    return inLog < sheets * PAGES_PER_SHEET + RECORD_PAGES ? "records" : "journal";
  }
  if (isBlank) return "blank";
  return slotRuns(board).some(({ base, pages }) => address >= base && address < base + pages * PAGE_BYTES) ? "slot" : "other";
}

/** An SVG document. */
export function flashMap(board: Board, memories: readonly FlashMemory[]): string {
  const parts: string[] = [];
  let y = MARGIN;
  const text = (x: number, what: string): void => void parts.push(`<text x="${x}" y="${y + 12}">${what}</text>`);
  for (const memory of memories) {
    const erases = memory.erases.reduce((sum, count) => sum + count, 0);
    const most = Math.max(1, ...memory.erases);
    text(MARGIN, `0x${memory.base.toString(16)}: ${memory.pages} pages, ${erases} erases, at most ${Math.max(...memory.erases)} of one page`);
    y += LINE;
    for (let page = 0; page < memory.pages; page++) {
      const x = MARGIN + (page % COLUMNS) * SIDE;
      const at = y + Math.floor(page / COLUMNS) * SIDE;
      const worn = memory.erases[page]! / most;
      parts.push(`<rect x="${x}" y="${at}" width="${SIDE - 2}" height="${SIDE - 2}" fill="${COLOURS[kindAt(board, memory, page)]}"/>`);
      if (worn > 0) parts.push(`<rect x="${x}" y="${at + SIDE - 4}" width="${((SIDE - 2) * worn).toFixed(1)}" height="2" fill="#000"/>`);
    }
    y += Math.ceil(memory.pages / COLUMNS) * SIDE + MARGIN;
  }
  for (const [kind, colour] of Object.entries(COLOURS)) {
    parts.push(`<rect x="${MARGIN}" y="${y}" width="${SIDE - 2}" height="${SIDE - 2}" fill="${colour}"/>`);
    text(MARGIN + LINE, kind);
    y += LINE;
  }
  text(MARGIN, "black bar: erases, against the page erased most often in the same memory");
  const width = 2 * MARGIN + COLUMNS * SIDE;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y + 2 * MARGIN}" font-family="sans-serif" font-size="12">${parts.join("")}</svg>\n`;
}
