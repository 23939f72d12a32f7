// ChaCha20-Poly1305 (RFC 8439) for one piece of memory at a time, small first: products of 13-bit limbs, as the core multiplies
// 32 by 32 bits to 32. No branch and no address depends on a secret.
#include "kernel.h"

#define STREAM SEAL_OWN
#define LIMBS (STREAM + 16)
/** Five times the factor's limbs, then the limbs themselves: what wraps round 2^130 comes back so. */
#define FACTOR (LIMBS + 10)
#define LIMB_MASK 0x1fff

static inline unsigned rotated(unsigned x, int by) { return x << by | x >> (32 - by); }

static inline __attribute__((always_inline)) void quarter(unsigned *pa, unsigned *pb, unsigned *pc, unsigned *pd) {
  unsigned a = *pa, b = *pb, c = *pc, d = *pd;
  a += b, d = rotated(d ^ a, 16);
  c += d, b = rotated(b ^ c, 12);
  a += b, d = rotated(d ^ a, 8);
  c += d, b = rotated(b ^ c, 7);
  *pa = a, *pb = b, *pc = c, *pd = d;
}

/** One block of key stream: 16 words at STREAM. */
static void stream(unsigned *s, unsigned counter) {
  unsigned *x = s + STREAM;
  unsigned in[16];
  in[0] = 0x61707865;
  in[1] = 0x3320646e;
  in[2] = 0x79622d32;
  in[3] = 0x6b206574;
  for (int i = 0; i < 8; i++) in[4 + i] = s[SEAL_KEY + i];
  in[12] = counter;
  for (int i = 0; i < 3; i++) in[13 + i] = s[SEAL_NONCE + i];
  for (int i = 0; i < 16; i++) x[i] = in[i];
  for (int round = 0; round < 10; round++) {
    // Columns, then diagonals.
    for (unsigned *p = x; p < x + 4; p++) quarter(p, p + 4, p + 8, p + 12);
    quarter(x, x + 5, x + 10, x + 15);
    quarter(x + 1, x + 6, x + 11, x + 12);
    quarter(x + 2, x + 7, x + 8, x + 13);
    quarter(x + 3, x + 4, x + 9, x + 14);
  }
  for (int i = 0; i < 16; i++) x[i] += in[i];
}

/** Both may be the same. */
static void apply_stream(unsigned *s, const unsigned char *from, unsigned char *to, int length) {
  const unsigned char *x = (const unsigned char *)(s + STREAM);
  for (int at = 0; at < length; at++) {
    if ((at & 63) == 0) stream(s, 1 + ((unsigned)at >> 6));
    to[at] = from[at] ^ x[at & 63];
  }
}

/** Ten limbs of 17 bytes. */
static unsigned limb(const unsigned char *bytes, int i) {
  int bit = 13 * i;
  const unsigned char *from = bytes + (bit >> 3);
  return (unsigned)(from[0] | from[1] << 8 | from[2] << 16) >> (bit & 7) & LIMB_MASK;
}

/** Five products of limbs and factors, which fit 32 bits; ten do not. */
static inline __attribute__((always_inline)) unsigned products(unsigned sum, const unsigned *h, const unsigned *r) {
  sum += h[0] * r[0];
  sum += h[1] * r[-1];
  sum += h[2] * r[-2];
  sum += h[3] * r[-3];
  return sum + h[4] * r[-4];
}

/** One block of the authenticator; what it lacks of 16 bytes counts as zeros. */
static void absorb(unsigned *s, const unsigned char *bytes, int length) {
  unsigned *h = s + LIMBS;
  const unsigned *r = s + FACTOR + 10;
  unsigned char block[20];
  unsigned product[10];
  unsigned carry = 0;
  for (int i = 0; i < 20; i++) block[i] = i < length ? bytes[i] : 0;
  block[16] = 1;
  for (int i = 0; i < 10; i++) h[i] += limb(block, i);
  for (int i = 0; i < 10; i++) {
    unsigned low = products(carry, h, r + i);
    unsigned high = products(low & LIMB_MASK, h + 5, r + i - 5);
    carry = (low >> 13) + (high >> 13);
    product[i] = high & LIMB_MASK;
  }
  // 2^130 is 5.
  carry = 5 * carry + product[0];
  product[0] = carry & LIMB_MASK;
  product[1] += carry >> 13;
  for (int i = 0; i < 10; i++) h[i] = product[i];
}

static void absorb_all(unsigned *s, const unsigned char *bytes, int length) {
  for (int at = 0; at < length; at += 16) absorb(s, bytes + at, length - at < 16 ? length - at : 16);
}

/** The tag of associated data and ciphertext: 16 bytes at STREAM. */
void authenticate(unsigned *s, const unsigned char *data, int length) {
  unsigned *x = s + STREAM;
  unsigned *h = s + LIMBS;
  unsigned *r = s + FACTOR + 10;
  unsigned char *out = (unsigned char *)x;
  unsigned lengths[4];
  unsigned char factor[20];
  stream(s, 0);
  for (int i = 0; i < 20; i++) {
    unsigned char mask = (i & 3) == 3 ? 15 : i > 0 && (i & 3) == 0 ? 252 : 255;
    factor[i] = i < 16 ? out[i] & mask : 0;
  }
  for (int i = 0; i < 10; i++) {
    r[i] = limb(factor, i);
    r[i - 10] = 5 * r[i];
    h[i] = 0;
  }
  absorb_all(s, (const unsigned char *)s[SEAL_AAD], (int)s[SEAL_AAD_BYTES]);
  absorb_all(s, data, length);
  lengths[0] = s[SEAL_AAD_BYTES];
  lengths[2] = (unsigned)length;
  lengths[1] = lengths[3] = 0;
  absorb(s, (const unsigned char *)lengths, 16);
  // Twice, as the first carry out of the top may ripple; then h or h - (2^130 - 5), whichever is not negative.
  for (int pass = 0; pass < 2; pass++) {
    unsigned carry = 0;
    for (int i = 0; i < 10; i++) {
      carry += h[i];
      h[i] = carry & LIMB_MASK;
      carry >>= 13;
    }
    h[0] += 5 * carry;
  }
  unsigned carry = 5;
  for (int i = 0; i < 10; i++) {
    carry += h[i];
    r[i] = carry & LIMB_MASK;
    carry >>= 13;
  }
  unsigned mask = -carry;
  for (int i = 0; i < 10; i++) h[i] = (h[i] & ~mask) | (r[i] & mask);
  // Pack 13 bits to bytes, and add the second half of the one-time key.
  unsigned held = 0, sum = 0;
  int bits = 0, next = 0;
  for (int i = 0; i < 16; i++) {
    if (bits < 8) held |= h[next++] << bits, bits += 13;
    sum += (held & 255) + out[16 + i];
    out[i] = (unsigned char)sum;
    sum >>= 8;
    held >>= 8;
    bits -= 8;
  }
}

int seal(unsigned *s, unsigned char *data, int length) {
  apply_stream(s, (const unsigned char *)s[SEAL_TEXT], data, length);
  authenticate(s, data, length);
  const unsigned char *tag = (const unsigned char *)(s + STREAM);
  for (int i = 0; i < 16; i++) data[length + i] = tag[i];
  return 0;
}

int open(unsigned *s, const unsigned char *data, int length, int tag_bytes) {
  authenticate(s, data, length);
  const unsigned char *is = (const unsigned char *)(s + STREAM);
  const unsigned char *claimed = data + length;
  unsigned differs = 0;
  for (int i = 0; i < tag_bytes; i++) differs |= is[i] ^ claimed[i];
  if (differs) return 1;
  apply_stream(s, data, (unsigned char *)s[SEAL_TEXT], length);
  return 0;
}
