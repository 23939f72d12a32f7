// What a board's flash holds when it leaves the bench: Storage with the file `log`, in which everything that changes in the field
// lies (flash map of the board), and behind it the boot files, which never change.

import { crc32 } from "node:zlib";
import type { Board } from "../../boards/board.ts";
import { slotRuns } from "../../boards/flash-map.ts";
import { LAYOUT_VERSION, PAGE0_LAYOUT_AT, RECORD_AT, RECORD_CHECK_AT, RECORD_LENGTH_AT, SEAL_AT } from "../../firmware/boot/manifest.ts";
import { buildStorage } from "../../sim/storage-image.ts";
import { application } from "../build/application.ts";
import { UserError } from "../errors.ts";
import { loaderText } from "./loader.ts";
import { committed, slotImage, type Application } from "./slot.ts";

export const LOG_FILE = "log";
/** Storage's own header stands before the data of the first file. */
const HEADER_BYTES = 32;

/** Bytes at an address that Espruino's Flash module takes. */
export interface FlashPiece {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface Provisioning {
  readonly application: Application;
  /** Texts that close console and radio before anything else runs. */
  readonly boot0?: string;
  readonly boot1?: string;
  /** The provisioning record: serial, name, colour. */
  readonly record?: Uint8Array;
  readonly isSealed?: boolean;
}

export function logBytes(board: Board): number {
  return board.flashMap.filePages * board.chip.pageBytes - HEADER_BYTES;
}

/** The same text twice: a Ctrl-C from before JavaScript may cut the first one short. Nothing on a board that cannot be locked. */
export function lockedBoot(lockdown: string | undefined): Pick<Provisioning, "boot0" | "boot1"> {
  return lockdown === undefined ? {} : { boot0: lockdown, boot1: lockdown };
}

/** Boot files in the order in which they are written: the loader first, so that what closes the board comes when it can run. */
export function bootFiles(board: Board, { boot0, boot1 }: Pick<Provisioning, "boot0" | "boot1">): { readonly name: string; readonly data: Uint8Array }[] {
  const files = [
    { name: ".bootcde", text: loaderText(board) },
    { name: ".boot1", text: boot1 },
    { name: ".boot0", text: boot0 },
  ];
  return files.flatMap(({ name, text }) => (text === undefined ? [] : [{ name, data: Buffer.from(text, "latin1") }]));
}

/** The whole of Storage, and what lies outside it. */
export function provisionedFlash(board: Board, provisioning: Provisioning): { readonly storage: Uint8Array; readonly flash: readonly FlashPiece[] } {
  const { storage } = board;
  const bytes = storage.pages * board.chip.pageBytes;
  const image = storageImage(board, provisioning, bytes);
  putPage0(image, provisioning);
  const slot = { address: slotRuns(board)[0]!.base, bytes: committed(slotImage(board, provisioning.application), false) };
  if (slot.address < storage.base || slot.address >= storage.base + bytes) return { storage: image, flash: [slot] };
  image.set(slot.bytes, slot.address - storage.base);
  return { storage: image, flash: [] };
}

/** The board as the bench has it: the bundle in its first slot, unsealed. What `Stage` takes. */
export function provisioned(board: Board, bundle: string, more: Omit<Provisioning, "application"> = {}): ReturnType<typeof provisionedFlash> {
  return provisionedFlash(board, { application: application(board, bundle), ...more });
}

function storageImage(board: Board, provisioning: Provisioning, bytes: number): Uint8Array {
  try {
    return buildStorage([{ name: LOG_FILE, data: new Uint8Array(0), size: logBytes(board) }, ...bootFiles(board, provisioning)], bytes);
  } catch (error) {
    if (error instanceof RangeError) throw new UserError(`the boot files do not fit ${board.id}: ${error.message}`, "Make them shorter.");
    throw error;
  }
}

function putPage0(image: Uint8Array, { record, isSealed = false }: Provisioning): void {
  const words = new DataView(image.buffer);
  words.setUint32(PAGE0_LAYOUT_AT, LAYOUT_VERSION, true);
  if (record) {
    words.setUint32(RECORD_LENGTH_AT, record.length, true);
    words.setUint32(RECORD_CHECK_AT, crc32(record), true);
    image.set(record, RECORD_AT);
  }
  if (isSealed) words.setUint32(SEAL_AT, 0, true);
}
