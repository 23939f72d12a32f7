// Sealing at rest: ChaCha20-Poly1305 in the native kernel, in flat memory allocated once, nothing per call. The same memory holds
// the message index that the kernel's scan fills.

import { ERR_MEMORY, type Code, type StorePorts } from "../../hal/contract.ts";
import {
  BLOCK_BYTES,
  FN_CRC32,
  FN_OPEN,
  FN_SCAN,
  FN_SEAL,
  SCAN_STATE_WORDS,
  SEAL_AAD,
  SEAL_AAD_BYTES,
  SEAL_KEY,
  SEAL_NONCE,
  SEAL_STATE_WORDS,
  SEAL_TEXT,
} from "../voice/abi.ts";
import type { Kernel } from "../voice/kernel.ts";
import { COMMITTED_BYTES, HEADER_WORDS, PAGES_PER_SHEET, SPACE_COMMIT, SPACE_ROOT, TAG_BYTES } from "./layout.ts";

const KEY_WORDS = 8;
/** A whole tag of RFC 8439. */
export const FULL_TAG_BYTES = 16;

export interface Vault {
  /** OK, or why nothing can be sealed or opened. */
  readonly code: Code;
  /** What is sealed and opened: text, then its tag. */
  readonly data: Uint8Array;
  /** A block and its tag, as they lie in flash; and whether other bytes are the same, by their CRC-32. */
  readonly slot: Uint8Array;
  isSlot(bytes: Uint8Array): boolean;
  /** The index: words of the kernel's scan. */
  readonly table: Uint32Array;
  /** Works with this stored key from now on, mixed with the chip's own roots; without one, with none. */
  useKey(stored: Uint32Array | undefined): void;
  /** Encrypts `text`, or the first `length` bytes of data, into data and puts the tag behind them. The three words are the nonce. */
  seal(a: number, b: number, c: number, length: number, text?: Uint8Array): void;
  /** Decrypts data, or `sealed`, to data, or to `text`, when so many bytes of the tag behind them are right. */
  open(a: number, b: number, c: number, length: number, tagBytes: number, text?: Uint8Array, sealed?: Uint8Array): boolean;
  /** The first two words of the tag of a first page's header, whose first words lie in data. */
  commitTag(sequence: number): Uint32Array;
  /** Fills the table from the headers of all sheets; returns how many messages there are, -1 without memory for it. */
  scan(sheets: number): number;
}

export function createVault(hal: StorePorts, kernel: Kernel): Vault {
  const native = hal.native;
  const functions = kernel.functions;
  const dataAt = SEAL_STATE_WORDS * 4;
  const tableAt = dataAt + BLOCK_BYTES + FULL_TAG_BYTES;
  const memory = native.allocate(tableAt + SCAN_STATE_WORDS * 4) || { bytes: new Uint8Array(tableAt + SCAN_STATE_WORDS * 4), address: 0 };
  const dataAddress = memory.address + dataAt;
  const start = memory.bytes.byteOffset;
  const buffer = memory.bytes.buffer;
  const words = new Uint32Array(buffer, start, SEAL_STATE_WORDS);
  const data = new Uint8Array(buffer, start + dataAt, BLOCK_BYTES + FULL_TAG_BYTES);
  // Behind no text at all.
  const commit = new Uint32Array(buffer, start + dataAt, 2);

  // Called for every block, while it moves: written out, as each call would cost more than what it does.
  function seal(a: number, b: number, c: number, length: number, text?: Uint8Array): void {
    const address = text ? native.addressOf(text, true) : 0;
    if (text && !address) data.set(text);
    words[SEAL_NONCE] = a;
    words[SEAL_NONCE + 1] = b;
    words[SEAL_NONCE + 2] = c;
    words[SEAL_TEXT] = address || dataAddress;
    functions[FN_SEAL](memory.address, dataAddress, length, 0);
  }

  function open(a: number, b: number, c: number, length: number, tagBytes: number, text?: Uint8Array, sealed?: Uint8Array): boolean {
    const address = text ? native.addressOf(text, true) : 0;
    const from = sealed ? native.addressOf(sealed, true) : 0;
    if (sealed && !from) data.set(sealed);
    words[SEAL_NONCE] = a;
    words[SEAL_NONCE + 1] = b;
    words[SEAL_NONCE + 2] = c;
    words[SEAL_TEXT] = address || dataAddress;
    if (functions[FN_OPEN](memory.address, from || dataAddress, length, tagBytes) !== 0) return false;
    if (text && !address) text.set(data.subarray(0, length));
    return true;
  }

  function commitTag(sequence: number): Uint32Array {
    words[SEAL_AAD] = dataAddress;
    words[SEAL_AAD_BYTES] = COMMITTED_BYTES;
    seal(sequence, 0, SPACE_COMMIT, 0);
    words[SEAL_AAD_BYTES] = 0;
    return commit;
  }

  // The roots encrypted under the stored key: who lacks either knows nothing of the result.
  function useKey(stored: Uint32Array | undefined): void {
    const key = words.subarray(SEAL_KEY, SEAL_KEY + KEY_WORDS);
    if (!stored) {
      key.fill(0);
      data.fill(0);
      return;
    }
    key.set(stored);
    const roots = new Uint32Array(buffer, start + dataAt, KEY_WORDS);
    for (let i = 0; i < KEY_WORDS; i++) roots[i] = hal.entropy.root(i);
    seal(0, 0, SPACE_ROOT, KEY_WORDS * 4);
    key.set(roots);
    data.fill(0);
  }

  function scan(sheets: number): number {
    const headers = hal.scratch;
    const length = sheets * HEADER_WORDS * 4;
    if (!headers || headers.bytes.length < length) return -1;
    const into = new Uint8Array(headers.bytes.buffer, headers.bytes.byteOffset, length);
    hal.flash.gather(into, HEADER_WORDS * 4, PAGES_PER_SHEET * hal.flash.pageBytes, sheets);
    const count = functions[FN_SCAN](memory.address, memory.address + tableAt, headers.address, sheets);
    // It has looked at commit tags.
    words[SEAL_AAD_BYTES] = 0;
    return count;
  }

  return {
    code: kernel.code || (memory.address ? 0 : ERR_MEMORY),
    data: data,
    slot: new Uint8Array(buffer, start + dataAt, BLOCK_BYTES + TAG_BYTES),
    table: new Uint32Array(buffer, start + tableAt, SCAN_STATE_WORDS),
    isSlot: function (bytes: Uint8Array): boolean {
      const crc32 = functions[FN_CRC32];
      const address = native.addressOf(bytes, true);
      const theirs = address ? crc32(address, BLOCK_BYTES + TAG_BYTES, 0, 0) >>> 0 : native.crc32(bytes);
      return theirs === crc32(dataAddress, BLOCK_BYTES + TAG_BYTES, 0, 0) >>> 0;
    },
    useKey: useKey,
    seal: seal,
    open: open,
    commitTag: commitTag,
    scan: scan,
  };
}
