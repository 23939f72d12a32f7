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

static int soft_limit(int x) {
  int sign = x >> 31;
  int over = ((x ^ sign) - sign) - KNEE;
  if (over <= 0) return x;
  if (over > BEND) over = BEND;
  int bent = KNEE + over - ((over * over) >> 15);
  return (bent ^ sign) - sign;
}

static inline int next_sample(int *s) {
  const unsigned char *block = (const unsigned char *)s[RENDER_BLOCK];
  int position = s[RENDER_POSITION]++;
  int decoded;
  int index;
  s[RENDER_LEFT]--;
  if (position == 0) {
    decoded = (short)(block[0] | block[1] << 8);
    index = block[2];
  } else {
    int nibble = block[4 + ((position - 1) >> 1)];
    nibble = position & 1 ? nibble : nibble >> 4;
    index = s[INDEX];
    int step = STEPS[index];
    int moved = step >> 3;
    if (nibble & 4) moved += step;
    if (nibble & 2) moved += step >> 1;
    if (nibble & 1) moved += step >> 2;
    decoded = nibble & 8 ? s[DECODED] - moved : s[DECODED] + moved;
    if (decoded != (short)decoded) decoded = 0x7fff ^ (decoded >> 31);
    index += INDEX_CHANGE[nibble & 7];
    if (index < 0) index = 0;
  }
  if (index > MAX_INDEX) index = MAX_INDEX;
  s[INDEX] = index;
  s[DECODED] = decoded;
  return soft_limit((decoded * s[RENDER_VOLUME]) >> 8);
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

// What rounding loses comes back twice into the next word and once, negative, into the one after.
static inline int duty(int *s, int x, int shaped) {
  int full = s[RENDER_FULL];
  if (x != (short)x) x = 0x7fff ^ (x >> 31);
  int wanted = x * full + (full << 15);
  if (shaped) wanted += 2 * s[LOST] - s[LOST_BEFORE];
  int word = (wanted + 32768) >> 16;
  if (word < 0) word = 0;
  if (word > full) word = full;
  int lost = wanted - (word << 16);
  if (lost > 65536) lost = 65536;
  if (lost < -65536) lost = -65536;
  s[LOST_BEFORE] = s[LOST];
  s[LOST] = lost;
  return word;
}

int render(int *s, unsigned short *words, int count) {
  int shaped = s[RENDER_WORDS_PER_SAMPLE] == 4;
  int written = 0;
  for (; written < count; written++) {
    int phase = s[PHASE];
    if (phase == 0) {
      if (s[RENDER_LEFT] <= 0) break;
      int x = next_sample(s);
      if (shaped) interpolate(s, x);
      else s[WORDS] = x;
    }
    if (shaped) s[PHASE] = (phase + 1) & 3;
    words[written] = duty(s, s[WORDS + phase] + tone(s), shaped);
  }
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
