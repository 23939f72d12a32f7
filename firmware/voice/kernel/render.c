// Render: IMA ADPCM blocks in, PWM duty words out. Decodes, applies the volume with a soft limit, interpolates, mixes the
// tone and shapes the rounding noise. Also the CRC-32, for want of a better place.
#include "kernel.h"
#include "tables.h"

#define DECODED (RENDER_OWN + 0)
#define INDEX (RENDER_OWN + 1)
#define PHASE (RENDER_OWN + 2)
#define EARLY (RENDER_OWN + 3)
#define LATE (RENDER_OWN + 6)
#define WIDE_EARLY (RENDER_OWN + 9)
#define WIDE_LATE (RENDER_OWN + 11)
#define WORDS (RENDER_OWN + 13)
#define LOST (RENDER_OWN + 17)
#define LOST_BEFORE (RENDER_OWN + 18)
#define TONE_COUNT (RENDER_OWN + 19)
#define TONE_SIGN (RENDER_OWN + 20)

_Static_assert(TONE_SIGN < RENDER_STATE_WORDS, "render's state is too small");

// Second doubling, 16 to 32 kHz: pass band to 3600 Hz, stop band from 12400 Hz, 67 dB; coefficients in 1/8192.
#define WIDE_EARLY_COEFFICIENT 1071
#define WIDE_LATE_COEFFICIENT 4692

// Above this a sample is bent, not cut: quadratic up to full scale, reached at twice the room that is left.
#define KNEE 24575
#define BEND 16383

// Samples decoded at a time, on the stack.
#define BATCH 16

static int soft_limit(int x) {
  int sign = x >> 31;
  int over = ((x ^ sign) - sign) - KNEE;
  if (over <= 0) return x;
  if (over > BEND) over = BEND;
  int bent = KNEE + over - ((over * over) >> 15);
  return (bent ^ sign) - sign;
}

void decode_nibbles(int *state, short *samples, const unsigned char *block, unsigned numbers);

// Decodes the next `count` samples of the block.
static inline void decode(int *s, short *samples, int count) {
  const unsigned char *block = (const unsigned char *)s[RENDER_BLOCK];
  int position = s[RENDER_POSITION];
  s[RENDER_POSITION] = position + count;
  s[RENDER_LEFT] -= count;
  if (position == 0) {
    s[DECODED] = *samples++ = block[0] | block[1] << 8;
    s[INDEX] = block[2] > MAX_INDEX ? MAX_INDEX : block[2];
    position = 1;
    count--;
  }
  // Byte 4 holds the nibbles with the numbers 8 and 9, of the samples at 1 and 2.
  position += 7;
  if (count > 0) decode_nibbles(s + DECODED, samples, block, position | (position + count) << 16);
}

static int all_pass_one(int *s, int x, int coefficient) {
  int y = s[0] + ((coefficient * (x - s[1]) + 4096) >> 13);
  s[0] = x;
  s[1] = y;
  return y;
}

static void interpolate(int *s, int x) {
  int early = all_pass(s + EARLY, x, EARLY_FIRST, EARLY_SECOND);
  int late = all_pass(s + LATE, x, LATE_FIRST, LATE_SECOND);
  s[WORDS] = all_pass_one(s + WIDE_EARLY, early, WIDE_EARLY_COEFFICIENT);
  s[WORDS + 1] = all_pass_one(s + WIDE_LATE, early, WIDE_LATE_COEFFICIENT);
  s[WORDS + 2] = all_pass_one(s + WIDE_EARLY, late, WIDE_EARLY_COEFFICIENT);
  s[WORDS + 3] = all_pass_one(s + WIDE_LATE, late, WIDE_LATE_COEFFICIENT);
}

static inline int tone(int *s) {
  if (s[RENDER_TONE_LEFT] <= 0) return 0;
  s[RENDER_TONE_LEFT]--;
  if (--s[TONE_COUNT] < 0) {
    s[TONE_COUNT] = s[RENDER_TONE_HALF_PERIOD] - 1;
    s[TONE_SIGN] = ~s[TONE_SIGN];
  }
  return s[RENDER_TONE_LEVEL] ^ s[TONE_SIGN];
}

int render(int *s, unsigned short *words, int count) {
  int shaped = s[RENDER_WORDS_PER_SAMPLE] == 4;
  int full = s[RENDER_FULL];
  int lost = s[LOST];
  int lost_before = s[LOST_BEFORE];
  int phase = s[PHASE];
  int written = 0;
  short samples[BATCH];
  const short *sample = samples;
  const short *end = samples;
  for (; written < count; written++) {
    if (phase == 0) {
      if (sample == end) {
        // As many samples as the words that are left need, so that none waits decoded for the next call.
        int wanted = count - written;
        if (shaped) wanted = (wanted + 3) >> 2;
        if (wanted > BATCH) wanted = BATCH;
        if (wanted > s[RENDER_LEFT]) wanted = s[RENDER_LEFT];
        if (wanted <= 0) break;
        decode(s, samples, wanted);
        sample = samples;
        end = samples + wanted;
      }
      int x = soft_limit((*sample++ * s[RENDER_VOLUME]) >> 8);
      if (shaped) interpolate(s, x);
      else s[WORDS] = x;
    }
    int x = s[WORDS + phase] + tone(s);
    if (x != (short)x) x = 0x7fff ^ (x >> 31);
    int wanted = (x + 32768) * full;
    // What rounding loses comes back twice into the next word and once, negative, into the one after.
    if (shaped) {
      wanted += 2 * lost - lost_before;
      phase = (phase + 1) & 3;
    }
    int word = (wanted + 32768) >> 16;
    if (word < 0) word = 0;
    if (word > full) word = full;
    lost_before = lost;
    lost = wanted - (word << 16);
    if (lost > 65536) lost = 65536;
    if (lost < -65536) lost = -65536;
    words[written] = word;
  }
  s[PHASE] = phase;
  s[LOST] = lost;
  s[LOST_BEFORE] = lost_before;
  return written;
}

unsigned crc32(const unsigned char *bytes, int length, unsigned crc) {
  crc = ~crc;
  for (; length > 0; length--) {
    crc ^= *bytes++;
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (-(crc & 1) & 0xedb88320);
  }
  return ~crc;
}
