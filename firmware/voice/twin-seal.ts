// The cipher's twin: ChaCha20-Poly1305 (RFC 8439) as the kernel computes it. Also what the tools seal and open with.

// Numbers of 130 bits are six limbs, so that a double holds all products of a column.
const LIMBS = 6;
const LIMB = 1 << 22;
const TOP_LIMB = 1 << 20;
/** 2^132, which a product's upper limbs count, is so much modulo 2^130 - 5. */
const WRAP = 20;
const words = new Int32Array(16);
const start = new Int32Array(16);
const stream = new Uint8Array(words.buffer);

function quarter(a: number, b: number, c: number, d: number): void {
  let w = words[a];
  let x = words[b];
  let y = words[c];
  let z = words[d];
  w = (w + x) | 0;
  z ^= w;
  z = (z << 16) | (z >>> 16);
  y = (y + z) | 0;
  x ^= y;
  x = (x << 12) | (x >>> 20);
  w = (w + x) | 0;
  z ^= w;
  z = (z << 8) | (z >>> 24);
  y = (y + z) | 0;
  x ^= y;
  x = (x << 7) | (x >>> 25);
  words[a] = w;
  words[b] = x;
  words[c] = y;
  words[d] = z;
}

function makeStream(key: ArrayLike<number>, nonce: ArrayLike<number>, counter: number): void {
  start.set([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);
  for (let i = 0; i < 8; i++) start[4 + i] = key[i];
  start[12] = counter;
  for (let i = 0; i < 3; i++) start[13 + i] = nonce[i];
  words.set(start);
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 4; i++) quarter(i, 4 + i, 8 + i, 12 + i);
    for (let i = 0; i < 4; i++) quarter(i, 4 + ((i + 1) & 3), 8 + ((i + 2) & 3), 12 + ((i + 3) & 3));
  }
  for (let i = 0; i < 16; i++) words[i] += start[i];
}

/** Encrypts or decrypts in place. */
export function applyStream(key: ArrayLike<number>, nonce: ArrayLike<number>, data: Uint8Array): void {
  for (let at = 0; at < data.length; at++) {
    if ((at & 63) === 0) makeStream(key, nonce, 1 + (at >>> 6));
    data[at] ^= stream[at & 63];
  }
}

function limb(bytes: Uint8Array, i: number): number {
  const from = (22 * i) >> 3;
  return ((bytes[from] | (bytes[from + 1] << 8) | (bytes[from + 2] << 16) | (bytes[from + 3] << 24)) >>> ((22 * i) & 7)) & (LIMB - 1);
}

/** Poly1305 over any number of pieces, each padded to whole blocks with zeros. */
function poly1305(oneTime: Uint8Array, pieces: readonly Uint8Array[]): Uint8Array {
  const clamped = new Uint8Array(20);
  for (let i = 0; i < 16; i++) clamped[i] = oneTime[i] & ((i & 3) === 3 ? 15 : i > 0 && (i & 3) === 0 ? 252 : 255);
  // The limbs of r, and before them what they count for when a product wraps round.
  const r = new Float64Array(2 * LIMBS);
  for (let i = 0; i < LIMBS; i++) {
    r[LIMBS + i] = limb(clamped, i);
    r[i] = WRAP * r[LIMBS + i];
  }
  const h = new Float64Array(LIMBS);
  const product = new Float64Array(LIMBS);
  const block = new Uint8Array(20);
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += 16) {
      for (let i = 0; i < 16; i++) block[i] = at + i < piece.length ? piece[at + i] : 0;
      block[16] = 1;
      for (let i = 0; i < LIMBS; i++) h[i] += limb(block, i);
      let carry = 0;
      for (let i = 0; i < LIMBS; i++) {
        let sum = carry;
        for (let j = 0; j < LIMBS; j++) sum += h[j] * r[LIMBS + i - j];
        carry = Math.floor(sum / LIMB);
        product[i] = sum - carry * LIMB;
      }
      carry = WRAP * carry + product[0];
      product[1] += Math.floor(carry / LIMB);
      product[0] = carry % LIMB;
      h.set(product);
    }
  }
  return packed(reduced(h), oneTime);
}

/** The one of h, h - (2^130 - 5) that is below 2^130 - 5. */
function reduced(h: Float64Array): Float64Array {
  for (let pass = 0; pass < 2; pass++) {
    for (let i = 0; i < LIMBS - 1; i++) {
      h[i + 1] += Math.floor(h[i] / LIMB);
      h[i] %= LIMB;
    }
    h[0] += 5 * Math.floor(h[LIMBS - 1] / TOP_LIMB);
    h[LIMBS - 1] %= TOP_LIMB;
  }
  const less = new Float64Array(LIMBS);
  let carry = 5;
  for (let i = 0; i < LIMBS; i++) {
    const size = i < LIMBS - 1 ? LIMB : TOP_LIMB;
    carry += h[i];
    less[i] = carry % size;
    carry = Math.floor(carry / size);
  }
  return carry > 0 ? less : h;
}

/** Sixteen bytes of the sum with the second half of the one-time key. */
function packed(h: Float64Array, oneTime: Uint8Array): Uint8Array {
  const tag = new Uint8Array(16);
  let held = 0;
  let bits = 0;
  let next = 0;
  let sum = 0;
  for (let i = 0; i < 16; i++) {
    if (bits < 8) {
      held |= h[next++] << bits;
      bits += 22;
    }
    sum += (held & 255) + oneTime[16 + i];
    tag[i] = sum;
    sum >>= 8;
    held >>= 8;
    bits -= 8;
  }
  return tag;
}

/** The 16 bytes that authenticate associated data and ciphertext. */
export function tagOf(key: ArrayLike<number>, nonce: ArrayLike<number>, aad: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  makeStream(key, nonce, 0);
  const oneTime = stream.slice(0, 32);
  const lengths = new Uint8Array(new Uint32Array([aad.length, 0, ciphertext.length, 0]).buffer);
  return poly1305(oneTime, [aad, ciphertext, lengths]);
}
