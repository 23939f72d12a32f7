// What a board's Storage holds when it leaves the bench. Where messages share the Storage area they live inside one
// preallocated file, `log`, that Espruino never touches again, and the application lies in a slot of that file.
//
//   page 0            header of `log`; never erased
//   page 1            manifest of slot A: magic, version, length, CRC-32 of the bundle
//   pages 2..32       slot A: the bundle's text
//   pages 65..505     messages
//   behind the file   `.bootcde`: the loader

import { crc32 } from "node:zlib";
import type { Board } from "../../boards/board.ts";
import { PAGE_BYTES } from "../../sim/flash.ts";
import { buildStorage } from "../../sim/storage-image.ts";
import { UserError } from "../errors.ts";

/** The preallocated file that holds everything that changes in the field. */
export const LOG_FILE = "log";
const LOG_PAGES = 507;
const SLOT_PAGE = 1;
const SLOT_PAGES = 32;
/** Storage's own header stands before the data of the first file, so offsets in the file are 32 less. */
const HEADER_BYTES = 32;
/** "PwS1": read as a Storage header it claims 5 MB, an impossible size. */
const SLOT_MAGIC = 0x31537750;
const LAYOUT_VERSION = 1;

const offsetOf = (page: number): number => page * PAGE_BYTES - HEADER_BYTES;

/**
 * The loader: evaluates the slot at top level, where functions keep their code in flash, if it is whole. Text of a
 * boot file, so ES5 as Espruino runs it.
 */
export const LOADER = [
  `var s=require("Storage"),m=new Uint32Array(E.toArrayBuffer(s.read("log",${offsetOf(SLOT_PAGE)},16)));`,
  `s=s.read("log",${offsetOf(SLOT_PAGE + 1)},m[2]);`,
  `if(m[0]===${SLOT_MAGIC}&&E.CRC32(s)===m[3])eval(s);else print("no whole application");`,
].join("\n");

export function provisionedStorage(board: Board, bundle: string): Uint8Array {
  const text = Buffer.from(bundle, "latin1");
  const bytes = board.storage.pages * PAGE_BYTES;
  try {
    return isShared(board) ? withSlot(text, bytes) : buildStorage([{ name: ".bootcde", data: text }], bytes);
  } catch (error) {
    if (error instanceof RangeError) throw new UserError(`the firmware does not fit ${board.id}: ${error.message}`, "Make the bundle smaller.");
    throw error;
  }
}

function isShared({ messages, storage }: Board): boolean {
  return messages.kind === "flash" && messages.base >= storage.base && messages.base < storage.base + storage.pages * PAGE_BYTES;
}

function withSlot(text: Uint8Array, bytes: number): Uint8Array {
  const most = (SLOT_PAGES - 1) * PAGE_BYTES;
  if (text.length > most) throw new RangeError(`a slot holds ${most} bytes, the bundle has ${text.length}`);
  const image = buildStorage(
    [
      { name: LOG_FILE, data: new Uint8Array(0), size: LOG_PAGES * PAGE_BYTES - HEADER_BYTES },
      { name: ".bootcde", data: Buffer.from(LOADER) },
    ],
    bytes,
  );
  const manifest = new DataView(image.buffer, SLOT_PAGE * PAGE_BYTES);
  [SLOT_MAGIC, LAYOUT_VERSION, text.length, crc32(text) >>> 0].forEach((word, i) => manifest.setUint32(i * 4, word, true));
  image.set(text, (SLOT_PAGE + 1) * PAGE_BYTES);
  return image;
}
