// The words of the key page that its CRC covers, and how such a page is seen to be sound: boot files and application read it the same
// way (firmware/messages/key-page.ts says what lies in it).

/** "PwK1". The last letter is the layout; a later one has its magic and its check at the same places. */
export const KEY_MAGIC = 0x314b7750;
const ANY_LAYOUT = 0xffffff;
export const KEY_WORD_ADDRESS = 1;
export const KEY_WORD_CHECK = 11;

/** Of CRC-32, least significant bit first. */
const POLYNOMIAL = 0xedb88320 | 0;

/**
 * Whether the first words of a page are whole, of whatever layout: a magic, and at `check` the CRC-32 of all words before it. What hangs
 * on them is never to be given up for, or mistaken because of, one rotten bit: it is found and put right, in RAM, as it tells its
 * place by what it does to the CRC.
 */
export function isSound(words: Uint32Array, magic: number, check: number, crc32: (bytes: Uint8Array) => number): boolean {
  const strange = (words[0] ^ magic) & ANY_LAYOUT;
  // More than one bit: a blank page, or none of ours.
  if ((strange & (strange - 1)) !== 0) return false;
  const wrong = crc32(new Uint8Array(words.buffer, 0, check * 4)) ^ words[check];
  let bit = check * 32;
  if ((wrong & (wrong - 1)) === 0) words[check] ^= wrong;
  else {
    // From the last bit to the first: each one before goes through one more step of the division.
    let effect = POLYNOMIAL;
    for (bit--; bit >= 0 && effect !== wrong; bit--) effect = (effect >>> 1) ^ (effect & 1 ? POLYNOMIAL : 0);
    if (bit >= 0) words[bit >> 5] ^= 1 << (bit & 31);
  }
  return bit >= 0 && ((words[0] ^ magic) & ANY_LAYOUT) === 0;
}
