// Sealing at rest: ChaCha20-Poly1305 in the native kernel, in flat memory allocated once, nothing per call. The same memory holds
// the message index that the kernel's scan fills.

import { ERR_MEMORY, type Code, type StorePorts } from "../../hal/contract.ts";
import {
  BLOCK_BYTES,
  FN_OPEN,
  FN_SCAN,
  FN_SEAL,
  SCAN_STATE_WORDS,
  SEAL_AAD,
  SEAL_AAD_BYTES,
  SEAL_KEY,
  SEAL_NONCE,
  SEAL_STATE_WORDS,
  SEAL_TAG,
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
  /** A block and its tag, as they lie in flash. */
  readonly slot: Uint8Array;
  /** The index: words of the kernel's scan. */
  readonly table: Uint32Array;
  /** Works with this stored key from now on, mixed with the chip's own roots; without one, with none. */
  useKey(stored: Uint32Array | undefined): void;
  /** Encrypts the first `length` bytes of data and puts the tag behind them. The three words are the nonce. */
  seal(a: number, b: number, c: number, length: number): void;
  /** Decrypts them when so many bytes of the tag behind them are right. */
  open(a: number, b: number, c: number, length: number, tagBytes: number): boolean;
  /** The first two words of the tag of a first page's header, whose first words lie in data. */
  commitTag(sequence: number): Uint32Array;
  /** Fills the table from the headers of all sheets; returns how many messages there are, -1 without memory for it. */
  scan(sheets: number): number;
}

export function createVault(hal: StorePorts, kernel: Kernel): Vault {
  const dataAt = SEAL_STATE_WORDS * 4;
  const tableAt = dataAt + BLOCK_BYTES + FULL_TAG_BYTES;
  const memory = hal.native.allocate(tableAt + SCAN_STATE_WORDS * 4) || { bytes: new Uint8Array(tableAt + SCAN_STATE_WORDS * 4), address: 0 };
  const start = memory.bytes.byteOffset;
  const buffer = memory.bytes.buffer;
  const words = new Uint32Array(buffer, start, SEAL_STATE_WORDS);
  const tag = new Uint8Array(buffer, start + SEAL_TAG * 4, FULL_TAG_BYTES);
  const data = new Uint8Array(buffer, start + dataAt, BLOCK_BYTES + FULL_TAG_BYTES);
  const commit = new Uint32Array(buffer, start + SEAL_TAG * 4, 2);

  function run(fn: number, a: number, b: number, c: number, length: number, tagBytes: number): number {
    words[SEAL_NONCE] = a;
    words[SEAL_NONCE + 1] = b;
    words[SEAL_NONCE + 2] = c;
    return kernel.call(fn, memory.address, memory.address + dataAt, length, tagBytes);
  }

  function seal(a: number, b: number, c: number, length: number): void {
    words[SEAL_AAD_BYTES] = 0;
    run(FN_SEAL, a, b, c, length, 0);
    data.set(tag, length);
  }

  function open(a: number, b: number, c: number, length: number, tagBytes: number): boolean {
    words[SEAL_AAD_BYTES] = 0;
    tag.set(new Uint8Array(buffer, start + dataAt + length, FULL_TAG_BYTES));
    return run(FN_OPEN, a, b, c, length, tagBytes) === 0;
  }

  function commitTag(sequence: number): Uint32Array {
    words[SEAL_AAD] = memory.address + dataAt;
    words[SEAL_AAD_BYTES] = COMMITTED_BYTES;
    run(FN_SEAL, sequence, 0, SPACE_COMMIT, 0, 0);
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
    words[SEAL_AAD_BYTES] = 0;
    run(FN_SEAL, 0, 0, SPACE_ROOT, KEY_WORDS * 4, 0);
    key.set(roots);
    data.fill(0);
  }

  function scan(sheets: number): number {
    const headers = hal.scratch;
    const length = sheets * HEADER_WORDS * 4;
    if (!headers || headers.bytes.length < length) return -1;
    const into = new Uint8Array(headers.bytes.buffer, headers.bytes.byteOffset, length);
    hal.flash.gather(into, HEADER_WORDS * 4, PAGES_PER_SHEET * hal.flash.pageBytes, sheets);
    return kernel.call(FN_SCAN, memory.address, memory.address + tableAt, headers.address, sheets);
  }

  return {
    code: kernel.code || (memory.address ? 0 : ERR_MEMORY),
    data: data,
    slot: new Uint8Array(buffer, start + dataAt, BLOCK_BYTES + TAG_BYTES),
    table: new Uint32Array(buffer, start + tableAt, SCAN_STATE_WORDS),
    useKey: useKey,
    seal: seal,
    open: open,
    commitTag: commitTag,
    scan: scan,
  };
}
