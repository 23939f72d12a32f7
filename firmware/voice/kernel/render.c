// Render: IMA ADPCM blocks in, PWM duty words out. Decodes, applies the volume with a soft limit, interpolates, mixes the
// tone and shapes the rounding noise. Also the CRC-32, for want of a better place.
#include "kernel.h"
#include "shared.h"

#define DECODED (RENDER_OWN + 0)
#define PHASE (RENDER_OWN + 2)
#define TONE_PHASE (RENDER_OWN + 3)
#define LOST (RENDER_OWN + 4)
#define LOST_BEFORE (RENDER_OWN + 5)
#define WORDS (RENDER_OWN + 6)
#define FIRST (RENDER_OWN + 10)
#define SECOND (RENDER_OWN + 16)
#define STEPS (RENDER_OWN + 22)

_Static_assert(STEPS + STEPS_WORDS == RENDER_STATE_WORDS, "render's state is not what abi.ts says");

// Above this a sample is bent, not cut: quadratic up to full scale, reached at twice the room that is left.
#define KNEE 24575
#define BEND 16383

// decode.S: the block's next sample to DECODED, by the index in the word after it.
void decode(int *state);

static int soft_limit(int x) {
  int sign = x >> 31;
  int over = ((x ^ sign) - sign) - KNEE;
  if (over <= 0) return x;
  if (over > BEND) over = BEND;
  int bent = KNEE + over - ((over * over) >> 15);
  return (bent ^ sign) - sign;
}

// Two doublings, each by the half-band filter's branches in turn: 8 to 32 kHz.
static void interpolate(int *s, int x) {
  int *words = s + WORDS;
  half_band(s + FIRST, x, x);
  for (int out = EARLY_OUT; out <= LATE_OUT; out += LATE_OUT - EARLY_OUT) {
    half_band(s + SECOND, s[FIRST + out], s[FIRST + out]);
    *words++ = s[SECOND + EARLY_OUT];
    *words++ = s[SECOND + LATE_OUT];
  }
}

int render(int *s, unsigned short *words, int count) {
  int last_phase = s[RENDER_WORDS_PER_SAMPLE] - 1;
  int full = s[RENDER_FULL];
  int written = 0;
  if (s[STEPS] == 0) make_steps((unsigned short *)(s + STEPS));
  for (; written < count; written++) {
    int phase = s[PHASE];
    if (phase == 0) {
      if (s[RENDER_POSITION] >= s[RENDER_SAMPLES]) break;
      decode(s);
      s[WORDS] = soft_limit((s[DECODED] * s[RENDER_VOLUME]) >> 8);
      if (last_phase > 0) interpolate(s, s[WORDS]);
    }
    s[PHASE] = (phase + 1) & last_phase;
    int x = s[WORDS + phase];
    if (s[RENDER_TONE_LEFT] > 0) {
      s[RENDER_TONE_LEFT]--;
      x += s[RENDER_TONE_LEVEL] ^ (s[TONE_PHASE] >> 31);
      s[TONE_PHASE] += s[RENDER_TONE_STEP];
    }
    int wanted = (x + 32768) * full;
    // What rounding loses comes back twice into the next word and once, negative, into the one after.
    if (last_phase > 0) wanted += 2 * s[LOST] - s[LOST_BEFORE];
    s[LOST_BEFORE] = s[LOST];
    s[LOST] = (short)wanted;
    int word = (wanted + 32768) >> 16;
    if (word < 0) word = 0;
    if (word > full) word = full;
    words[written] = word;
  }
  return written;
}
