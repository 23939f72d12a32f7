// What stands on a board: read from its console in a few expressions, and checked before anything rests on it.

import { crc32 } from "node:zlib";
import type { Board } from "../../boards/board.ts";
import { internalRun, slotRuns } from "../../boards/flash-map.ts";
import {
  LAYOUT_VERSION,
  MANIFEST_WORDS,
  PAGE0_LAYOUT_AT,
  SEAL_AT,
  SLOT_MAGIC,
  UNSEALED,
  WORD_CHECK,
  WORD_COMMIT,
  WORD_CONFIRMED,
  WORD_MAGIC,
  WORD_STARTED,
  WORD_TRIAL,
  WORD_VERSION,
  isCleared,
} from "../../firmware/boot/manifest.ts";
import { UserError } from "../errors.ts";
import { LOG_FILE, logBytes } from "../image/storage.ts";
import { headerBytes, nameBytes } from "../../sim/node/storage-format.ts";
import { printable } from "../production/files.ts";
import type { BoardConsole } from "./console.ts";

export interface Identity {
  /** `process.env.BOARD`, `process.env.VERSION`, `process.env.SERIAL`. */
  readonly board: string;
  readonly version: string;
  readonly serial: string;
}

export interface SlotState {
  readonly version: number;
  /** Manifest whole and committed; its text was not read. */
  readonly isCommitted: boolean;
  readonly isTrial: boolean;
  readonly isStarted: boolean;
  readonly isConfirmed: boolean;
}

export interface BoardState {
  /** `log` stands as the flash map wants it, with this layout. */
  readonly hasLog: boolean;
  readonly isBlank: boolean;
  readonly isSealed: boolean;
  /** Its service pad was bridged at reset: the key to what it stored is destroyed, and no application runs. */
  readonly isInService: boolean;
  readonly slots: readonly SlotState[];
  /** The slot that runs; undefined when none does. */
  readonly running: number | undefined;
  /** CRC-32 of boot files, by name. */
  readonly files: Readonly<Record<string, number | null>>;
}

const BOOT_NAMES = [".boot0", ".boot1", ".bootcde"];
const garbled = (): UserError => new UserError("the board's answers make no sense", "Unplug it, plug it in and run the command again; is it an Espruino board?");

export async function readIdentity(console: BoardConsole): Promise<Identity> {
  const found = (await console.evaluate("[process.env.BOARD,process.env.VERSION,process.env.SERIAL]")) as unknown;
  if (!Array.isArray(found) || typeof found[0] !== "string" || typeof found[1] !== "string") throw garbled();
  const [board, version, serial] = found.map((value) => printable(String(value ?? ""), 40));
  return { board: board!, version: version!, serial: serial! };
}

/** "2v29" and "2v29.277" as numbers that compare. */
function versionParts(version: string): number[] {
  return version.split(/v|\./).map((part) => Number.parseInt(part, 10) || 0);
}

export function isOlder(version: string, minimum: string): boolean {
  const [found, wanted] = [versionParts(version), versionParts(minimum)];
  for (let i = 0; i < Math.max(found.length, wanted.length); i++) {
    const difference = (found[i] ?? 0) - (wanted[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** Refuses a board that is not the one, or whose Espruino is older than the firmware was checked against. */
export function checkIdentity({ board, version }: Identity, wanted: Board): void {
  if (board !== wanted.id) throw new UserError(`this is ${board || "an unknown board"}, the firmware is for ${wanted.id}`, `Build for it and name it with --board, or plug in a ${wanted.title}. --force writes anyway.`);
  const { minimumVersion, binary } = wanted.espruino;
  if (isOlder(version, minimumVersion)) {
    throw new UserError(`it runs Espruino ${version}, the firmware needs ${minimumVersion} or later`, `Put ${binary.replace("%v", minimumVersion)} on it first (README, from an unopened board). --force writes anyway.`);
  }
}

/** Areas outside Storage must be free: otherwise the interpreter itself lies there. */
export async function checkFree(console: BoardConsole, board: Board): Promise<void> {
  const beside = internalRun(board);
  if (!beside || slotRuns(board).every(({ base }) => base >= board.storage.base && base < board.storage.base + board.storage.pages * board.chip.pageBytes)) return;
  const free = (await console.evaluate('require("Flash").getFree()')) as { addr: number; length: number }[];
  const end = beside.base + beside.pages * board.chip.pageBytes;
  if (Array.isArray(free) && free.some(({ addr, length }) => addr <= beside.base && addr + length >= end)) return;
  throw new UserError(`this Espruino is too large: it reaches into 0x${beside.base.toString(16)}, where the firmware goes`, `Use ${board.espruino.binary.replace("%v", board.espruino.minimumVersion)}.`);
}

export async function readState(console: BoardConsole, board: Board): Promise<BoardState> {
  const { storage } = board;
  const head = await readBytes(console, storage.base, PAGE0_LAYOUT_AT + 4);
  const words = new DataView(head.buffer, head.byteOffset);
  const header = headerBytes(nameBytes(LOG_FILE), logBytes(board));
  const slots: SlotState[] = [];
  for (const { base } of slotRuns(board)) slots.push(slotState(await readBytes(console, base, MANIFEST_WORDS * 4)));
  const running = (await console.evaluate('typeof pawlockSlot=="number"?pawlockSlot:-1')) as number;
  const files: Record<string, number | null> = {};
  for (const name of BOOT_NAMES) {
    const crc = await console.evaluate(`(function(s){return s===undefined?-1:E.CRC32(s)})(require("Storage").read(${JSON.stringify(name)}))`);
    files[name] = crc === -1 ? null : (crc as number);
  }
  return {
    hasLog: Buffer.compare(head.subarray(0, header.length), header) === 0 && words.getUint32(PAGE0_LAYOUT_AT, true) === LAYOUT_VERSION,
    isBlank: head.every((byte) => byte === 0xff),
    isInService: (await console.evaluate('typeof pawlockStop=="undefined"?0:1')) === 1,
    isSealed: words.getUint32(SEAL_AT, true) !== UNSEALED,
    slots,
    running: running >= 0 && running < slots.length ? running : undefined,
    files,
  };
}

export async function readBytes(console: BoardConsole, address: number, length: number): Promise<Buffer> {
  const text = await console.evaluate(`btoa(require("Flash").read(${length},${address}))`);
  const bytes = Buffer.from(typeof text === "string" ? text : "", "base64");
  if (bytes.length !== length) throw garbled();
  return bytes;
}

export function slotState(bytes: Uint8Array): SlotState {
  const words = new DataView(bytes.buffer, bytes.byteOffset);
  const word = (index: number): number => words.getUint32(index * 4, true);
  const isWhole = word(WORD_MAGIC) === SLOT_MAGIC && word(WORD_CHECK) === crc32(bytes.subarray(0, WORD_CHECK * 4));
  return {
    version: isWhole ? word(WORD_VERSION) : 0,
    isCommitted: isWhole && isCleared(word(WORD_COMMIT)),
    isTrial: isCleared(word(WORD_TRIAL)),
    isStarted: isCleared(word(WORD_STARTED)),
    isConfirmed: isCleared(word(WORD_CONFIRMED)),
  };
}
