// The key page: a page of internal flash, off the external chip where the board has one, that holds what makes this toy itself - its
// own radio address and the key of all that it keeps. The toy makes it at first boot and after each factory reset, and destroys the
// key first when it forgets. A board without one has its key in RAM: gone with the power, like the messages there.
//
//   words 0..11   magic; address (6 bytes, least significant first, two zero bytes); key; CRC-32 of words 0..10
//   word 12       cleared: a factory reset has begun; the key's words are cleared next
//   word 13       cleared: no page of the log holds anything any more

import { OK, type Code, type Entropy, type Flash, type NativeCode } from "../../hal/contract.ts";
import { KEY_MAGIC, KEY_WORD_ADDRESS, KEY_WORD_CHECK, isSound } from "../boot/key-words.ts";

export const KEY_WORD_KEY = 3;
export const KEY_WORD_RESETTING = 12;
export const KEY_WORD_EMPTIED = 13;
const WORDS = 14;

/** Nothing was ever written: first boot, or the last step of a reset. */
export const KEY_BLANK = 0;
export const KEY_WHOLE = 1;
/** A reset has begun, or the page is damaged: without its key nothing here can be read, so what is left must go. */
export const KEY_LOST = 2;
/** As before, and nothing is left. */
export const KEY_EMPTIED = 3;
/** Of a layout after this one: to be left alone. */
export const KEY_NEWER = 4;

export interface KeyPage {
  /** One of the KEY_ states. */
  readonly state: number;
  /** The stored key, while the page is whole. */
  readonly key: Uint32Array;
  /** Makes address and key, on a page erased before. */
  make(): Code;
  /** Destroys the key for good. */
  destroy(): Code;
  markEmptied(): Code;
}

export function createKeyPage(flash: Flash | undefined, native: NativeCode, entropy: Entropy): KeyPage {
  const words = new Uint32Array(WORDS);
  const bytes = new Uint8Array(words.buffer);
  if (flash) bytes.set(flash.read(0, WORDS * 4));
  else words.fill(0xffffffff);

  // Writes so many words from `from` on.
  function put(from: number, count: number): Code {
    return flash ? flash.write(from * 4, new Uint8Array(words.buffer, from * 4, count * 4)) : OK;
  }

  // More than one bit: a single one may have rotted.
  function isCleared(word: number): boolean {
    return (~words[word] & (~words[word] - 1)) !== 0;
  }

  function make(): Code {
    const erased = flash ? flash.erasePage(0) : OK;
    if (erased !== OK) return erased;
    words.fill(0xffffffff);
    for (let i = KEY_WORD_ADDRESS; i < KEY_WORD_CHECK; i++) words[i] = entropy.word();
    words[0] = KEY_MAGIC;
    // A random static address has its two top bits set; the two bytes that would give it a name are zero.
    words[KEY_WORD_ADDRESS] &= 0xffff0000;
    words[KEY_WORD_ADDRESS + 1] = (words[KEY_WORD_ADDRESS + 1] & 0xffff) | 0xc000;
    words[KEY_WORD_CHECK] = native.crc32(new Uint8Array(words.buffer, 0, KEY_WORD_CHECK * 4));
    const code = put(0, KEY_WORD_CHECK + 1);
    if (code === OK) self.state = KEY_WHOLE;
    return code;
  }

  function destroy(): Code {
    self.state = KEY_LOST;
    words[KEY_WORD_RESETTING] = 0;
    const code = put(KEY_WORD_RESETTING, 1);
    words.fill(0, KEY_WORD_KEY, KEY_WORD_CHECK);
    return code || put(KEY_WORD_KEY, KEY_WORD_CHECK - KEY_WORD_KEY);
  }

  function markEmptied(): Code {
    self.state = KEY_EMPTIED;
    words[KEY_WORD_EMPTIED] = 0;
    return put(KEY_WORD_EMPTIED, 1);
  }

  let state = KEY_BLANK;
  for (let i = 0; i < WORDS; i++) if (words[i] !== 0xffffffff) state = isCleared(KEY_WORD_EMPTIED) ? KEY_EMPTIED : KEY_LOST;
  if (state !== KEY_BLANK && !isCleared(KEY_WORD_RESETTING) && isSound(words, KEY_MAGIC, KEY_WORD_CHECK, native.crc32)) state = words[0] === KEY_MAGIC ? KEY_WHOLE : KEY_NEWER;

  const self = { state: state, key: words.subarray(KEY_WORD_KEY, KEY_WORD_CHECK), make: make, destroy: destroy, markEmptied: markEmptied };
  return self;
}
