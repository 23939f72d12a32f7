// Messages as they lie in a flash dump: for tests, the simulator's report and, later, fsck. Reads what the firmware's log
// writes (firmware/messages/layout.ts) and nothing else; trusts no length that it finds.

import { crc32 } from "node:zlib";
import type { Board } from "../../boards/board.ts";
import { messageMemory } from "../../boards/flash-map.ts";
import {
  BLOCKS_PER_PAGE,
  ERASED_WORD,
  ORIGIN_OWN,
  PAGE_MAGIC,
  WORD_CHECK,
  WORD_COMMIT,
  WORD_DELETED,
  WORD_HEARD,
  WORD_MAGIC,
  WORD_PLACE,
  WORD_SAMPLES,
  WORD_SEQUENCE,
  blockOffset,
  checkOffset,
} from "../../firmware/messages/layout.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../firmware/voice/abi.ts";
import { decodeBlock } from "../../firmware/voice/adpcm.ts";
import { PAGE_BYTES, type FlashMemory } from "../../sim/flash.ts";

export interface StoredMessage {
  readonly sequence: number;
  readonly isOwn: boolean;
  readonly isHeard: boolean;
  readonly samples: number;
  /** Standard IMA ADPCM blocks, one behind the other; undefined when any block is damaged. */
  readonly blocks: Uint8Array | undefined;
}

interface Page {
  readonly words: DataView;
  readonly bytes: Uint8Array;
}

const word = (page: Page, index: number): number => page.words.getUint32(index * 4, true);
const check = (page: Page, words: number): number => crc32(page.bytes.subarray(0, words * 4)) >>> 0;

/** Committed messages in order of their numbers. */
export function storedMessages(board: Board, memories: readonly FlashMemory[]): StoredMessage[] {
  const messages = messageMemory(board);
  if (messages.kind !== "flash") return [];
  const memory = memories.find((candidate) => candidate.holds(messages.base, messages.pages * PAGE_BYTES))!;
  const at = messages.base - memory.base;
  const pages = Array.from({ length: messages.pages }, (_, i): Page => {
    const bytes = memory.bytes.subarray(at + i * PAGE_BYTES, at + (i + 1) * PAGE_BYTES);
    return { bytes, words: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
  }).filter((page) => word(page, WORD_MAGIC) === PAGE_MAGIC && word(page, WORD_CHECK) === check(page, WORD_CHECK));
  return pages
    .filter((page) => (word(page, WORD_PLACE) & 0xffff) === 0 && word(page, WORD_DELETED) === ERASED_WORD)
    .filter((page) => word(page, WORD_COMMIT) === check(page, WORD_COMMIT))
    .map((first) => read(first, pages))
    .sort((a, b) => (a.sequence - b.sequence) | 0);
}

function read(first: Page, pages: readonly Page[]): StoredMessage {
  const sequence = word(first, WORD_SEQUENCE);
  const samples = word(first, WORD_SAMPLES);
  const own = pages.filter((page) => word(page, WORD_SEQUENCE) === sequence);
  return {
    sequence,
    samples,
    isOwn: word(first, WORD_PLACE) >>> 16 === ORIGIN_OWN,
    isHeard: word(first, WORD_HEARD) !== ERASED_WORD,
    blocks: collect(own, Math.ceil(samples / BLOCK_SAMPLES)),
  };
}

function collect(pages: readonly Page[], count: number): Uint8Array | undefined {
  if (count > pages.length * BLOCKS_PER_PAGE) return undefined;
  const all = new Uint8Array(count * BLOCK_BYTES);
  for (let i = 0; i < count; i++) {
    const page = pages.find((candidate) => (word(candidate, WORD_PLACE) & 0xffff) === Math.floor(i / BLOCKS_PER_PAGE));
    const block = page?.bytes.subarray(blockOffset(i), blockOffset(i) + BLOCK_BYTES);
    if (!page || !block || page.words.getUint32(checkOffset(i), true) !== crc32(block) >>> 0) return undefined;
    all.set(block, i * BLOCK_BYTES);
  }
  return all;
}

/** What the message says, as 16-bit PCM. */
export function decodeMessage({ blocks, samples }: StoredMessage): Int16Array {
  if (!blocks) throw new RangeError("the message is damaged");
  const pcm = new Int16Array(Math.ceil(samples / BLOCK_SAMPLES) * BLOCK_SAMPLES);
  for (let i = 0; i * BLOCK_SAMPLES < samples; i++) {
    pcm.set(decodeBlock(blocks.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES)), i * BLOCK_SAMPLES);
  }
  return pcm.subarray(0, samples);
}
