// The pages of an application slot, as every tool that writes one lays them out.

import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Board } from "../../boards/board.ts";
import {
  LAYOUT_VERSION,
  PIECE_BYTES,
  PIECE_MAGIC_BYTES,
  PROMPT_MAGIC,
  SLOT_MAGIC,
  TEXT_AT,
  WORD_CHECK,
  WORD_COMMIT,
  WORD_LAYOUT,
  WORD_MAGIC,
  WORD_PROMPTS_BYTES,
  WORD_PROMPTS_CRC,
  WORD_PROMPTS_PAGE,
  WORD_SHA256,
  WORD_TEXT_BYTES,
  WORD_TEXT_CRC,
  WORD_TRIAL,
  WORD_VERSION,
  storedPromptBytes,
} from "../../firmware/boot/manifest.ts";
import { UserError } from "../errors.ts";

/** What one build puts into a slot. */
export interface Application {
  /** Text of the bundle, the native kernel inside it. */
  readonly text: Uint8Array;
  /** Spoken words; empty where there are none. */
  readonly prompts: Uint8Array;
  readonly version: number;
}

/** A page whose third byte is smaller could be taken for a Storage header of a possible size. */
const LEAST_THIRD_BYTE = 0x20;

/**
 * The slot's pages, up to the last that holds anything; no word is cleared yet. Throws when a page could be taken for a file of
 * Storage or when it does not fit.
 */
export function slotImage(board: Board, { text, prompts, version }: Application): Uint8Array {
  const page = board.chip.pageBytes;
  const pages = Math.min(...board.flashMap.slots.map((slot) => slot.pages));
  const promptsPage = Math.ceil((TEXT_AT + text.length) / page);
  const used = promptsPage + Math.ceil(prompts.length / PIECE_BYTES);
  if (used > pages) {
    throw new UserError(`the firmware does not fit ${board.id}: ${used} pages, a slot has ${pages}`, "Make the bundle or its prompts smaller.");
  }
  const image = new Uint8Array(used * page).fill(0xff);
  const words = new DataView(image.buffer);
  image.set(text, TEXT_AT);
  for (let at = 0, to = promptsPage * page; at < prompts.length; at += PIECE_BYTES, to += page) {
    words.setUint32(to, PROMPT_MAGIC, true);
    image.set(prompts.subarray(at, at + PIECE_BYTES), to + PIECE_MAGIC_BYTES);
  }
  const promptsAt = promptsPage * page;
  const set = (word: number, value: number): void => words.setUint32(word * 4, value, true);
  set(WORD_MAGIC, SLOT_MAGIC);
  set(WORD_LAYOUT, LAYOUT_VERSION);
  set(WORD_VERSION, version);
  set(WORD_TEXT_BYTES, text.length);
  set(WORD_TEXT_CRC, crc32(text));
  set(WORD_PROMPTS_PAGE, prompts.length === 0 ? 0 : promptsPage);
  set(WORD_PROMPTS_BYTES, prompts.length);
  set(WORD_PROMPTS_CRC, prompts.length === 0 ? 0 : crc32(image.subarray(promptsAt, promptsAt + storedPromptBytes(prompts.length))));
  image.set(createHash("sha256").update(text).digest(), WORD_SHA256 * 4);
  set(WORD_CHECK, crc32(image.subarray(0, WORD_CHECK * 4)));
  for (let at = page; at < image.length; at += page) {
    if (image[at + 2]! >= LEAST_THIRD_BYTE) continue;
    throw new UserError(`page ${at / page} of the slot begins like a Storage file`, "Change the source a little: its text must not have a control character there.");
  }
  return image;
}

/** What a slot's pages hold, whoever wrote them; undefined when that is no application. */
export function applicationIn(board: Board, pages: Uint8Array): Application | undefined {
  const page = board.chip.pageBytes;
  const words = new DataView(pages.buffer, pages.byteOffset, pages.length);
  const word = (index: number): number => words.getUint32(index * 4, true);
  const textEnd = TEXT_AT + word(WORD_TEXT_BYTES);
  const promptBytes = word(WORD_PROMPTS_BYTES);
  const promptsAt = word(WORD_PROMPTS_PAGE) * page;
  if (word(WORD_MAGIC) !== SLOT_MAGIC || textEnd > pages.length || (promptBytes > 0 && promptsAt + storedPromptBytes(promptBytes) > pages.length)) return undefined;
  const prompts = new Uint8Array(promptBytes);
  for (let at = 0, from = promptsAt + PIECE_MAGIC_BYTES; at < promptBytes; at += PIECE_BYTES, from += page) {
    prompts.set(pages.subarray(from, from + Math.min(PIECE_BYTES, promptBytes - at)), at);
  }
  return { text: pages.slice(TEXT_AT, textEnd), prompts, version: word(WORD_VERSION) };
}

/** The pages with the words that an installed slot has: on trial when another application is there to go back to. */
export function committed(image: Uint8Array, isOnTrial: boolean): Uint8Array {
  const copy = image.slice();
  const words = new DataView(copy.buffer);
  if (isOnTrial) words.setUint32(WORD_TRIAL * 4, 0, true);
  words.setUint32(WORD_COMMIT * 4, 0, true);
  return copy;
}
