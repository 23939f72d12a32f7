// Writes a message as the firmware's log would have: how a test or a demonstration gives a toy a history.

import { crc32 } from "node:zlib";
import {
  BLOCKS_PER_PAGE,
  BLOCKS_PER_SHEET,
  CHECKED_BYTES,
  COMMITTED_BYTES,
  COMMIT_TAG_BYTES,
  FLAGS_HEARD,
  ORIGIN_FAMILY,
  ORIGIN_OWN,
  ORIGIN_SHIFT,
  PAGE_MAGIC,
  SPACE_BLOCK,
  SPACE_COMMIT,
  TAG_BYTES,
  WORD_COMMIT,
  WORD_FLAGS,
  WORD_MAGIC,
  WORD_PLACE,
  WORD_SAMPLES,
  WORD_SEQUENCE,
} from "../../firmware/messages/layout.ts";
import { BLOCK_BYTES } from "../../firmware/voice/abi.ts";
import { applyStream, tagOf } from "../../firmware/voice/twin-seal.ts";
import { PAGE_BYTES } from "../../sim/flash.ts";
import { SHEET_BYTES, blockOffset } from "./blocks.ts";

export interface WrittenMessage {
  readonly sequence: number;
  readonly isOwn: boolean;
  readonly isHeard: boolean;
  readonly samples: number;
  readonly blocks: Uint8Array;
}

/** Puts a message into sheets of a log region: `sheet` is the first one, the ring has so many. */
export function writeMessage(region: Uint8Array, ringSheets: number, sheet: number, message: WrittenMessage, key: Uint32Array): void {
  const { sequence, samples, blocks } = message;
  const count = blocks.length / BLOCK_BYTES;
  for (let index = 0; index * BLOCKS_PER_SHEET < count; index++) {
    const at = ((sheet + index) % ringSheets) * SHEET_BYTES;
    const bytes = region.subarray(at, at + SHEET_BYTES).fill(0xff);
    const words = new DataView(bytes.buffer, bytes.byteOffset);
    const set = (word: number, value: number): void => words.setUint32(word * 4, value, true);
    const place = index | ((message.isOwn ? ORIGIN_OWN : ORIGIN_FAMILY) << ORIGIN_SHIFT);
    set(WORD_MAGIC, PAGE_MAGIC);
    set(WORD_SEQUENCE, sequence);
    words.setUint16(WORD_PLACE * 4, place, true);
    words.setUint16(WORD_PLACE * 4 + 2, crc32(bytes.subarray(0, CHECKED_BYTES)) & 0xffff, true);
    if (count > index * BLOCKS_PER_SHEET + BLOCKS_PER_PAGE) words.setUint32(PAGE_BYTES, PAGE_MAGIC, true);
    for (let block = index * BLOCKS_PER_SHEET; block < Math.min(count, (index + 1) * BLOCKS_PER_SHEET); block++) {
      const sealed = blocks.slice(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
      const nonce = [sequence, block, SPACE_BLOCK];
      applyStream(key, nonce, sealed);
      bytes.set(sealed, blockOffset(block));
      bytes.set(tagOf(key, nonce, new Uint8Array(0), sealed).subarray(0, TAG_BYTES), blockOffset(block) + BLOCK_BYTES);
    }
    if (index > 0) continue;
    set(WORD_SAMPLES, samples);
    const tag = tagOf(key, [sequence, 0, SPACE_COMMIT], bytes.slice(0, COMMITTED_BYTES), new Uint8Array(0));
    bytes.set(tag.subarray(0, COMMIT_TAG_BYTES), WORD_COMMIT * 4);
    if (message.isHeard) set(WORD_FLAGS, FLAGS_HEARD);
  }
}
