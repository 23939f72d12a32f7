// Capture: converter samples in, IMA ADPCM blocks out. Shapes (scale, low-pass and decimate, DC block), then searches.
//
// The search keeps up to four ways to encode the last samples, one per step index modulo 4, so that they differ in what
// matters later. A way's cost is the square of its error seen through weigh(), which forgives what lies outside 100-3600 Hz.
// Words of eight nibbles are settled two words behind the newest sample: the best way decides, those that differ die.
// So the result does not depend on how the samples were cut into calls.
#include "kernel.h"
#include "tables.h"

#define SCALE (CAPTURE_OWN + 0)
#define DC (CAPTURE_OWN + 1)
#define HALF (CAPTURE_OWN + 2)
#define WAITING (CAPTURE_OWN + 3)
#define EARLY (CAPTURE_OWN + 4)
#define LATE (CAPTURE_OWN + 7)
#define BLOCKS (CAPTURE_OWN + 10)
#define POSITION (CAPTURE_OWN + 11)
#define SETTLED (CAPTURE_OWN + 12)
#define LEAST (CAPTURE_OWN + 13)
#define BEST (CAPTURE_OWN + 14)
#define TARGETS (CAPTURE_OWN + 15)
#define PATH (CAPTURE_OWN + 19)
#define WAYS (CAPTURE_OWN + 20)

// The corner of the DC block: rate / (2 pi 2^shift) = 20 Hz at 8 kHz.
#define DC_SHIFT 6

// Error filter in 1/16 after the leading 1: near the linear prediction of a spectrum that is 10 dB lower in 100-3600 Hz,
// with whole numbers that are cheap to multiply by. Their sizes add up to less than 16, so errors fed back cannot grow.
static inline int weigh(const int *x) { return 3 * (x[0] - x[3]) - 5 * x[1] + x[2]; }
#define WEIGHT_SHIFT 4

#define SLOTS 4
#define PATHS 3
#define BLOCK_WORDS (BLOCK_BYTES / 4)
#define DEAD 0xffffffffu
// A way is followed while it costs no more than the best one and its step squared, shifted by this.
#define PRUNE_SHIFT 3
// Keeps every cost below DEAD: 63000 squared and the largest step squared, pruned.
#define LARGEST_DISTANCE 63000

typedef struct Way {
  unsigned cost;
  int index;
  int decoded[4]; // newest first
  unsigned path[PATHS];
  // Until inherit: where the way comes from and by which nibble.
  const struct Way *parent;
  int nibble;
  int unused[5];
} Way;

_Static_assert(sizeof(Way) == 64, "the slot of an index is found by a shift");
_Static_assert(SLOTS * sizeof(Way) == 256, "a generation is found by a shift");
_Static_assert((WAYS + 2 * SLOTS * 16) == CAPTURE_STATE_WORDS, "capture's state is not what abi.ts says");

typedef struct {
  int word[3];
} Three;

// The ways before and after a sample lie in two places by turns.
static inline Way *generation(int *s, unsigned number) { return (Way *)((char *)(s + WAYS) + (number << 31 >> 23)); }

static inline unsigned *block_of(int *s, unsigned *blocks) { return blocks + (s[BLOCKS] & 1 ? BLOCK_WORDS : 0); }

// Offers a way its slot: `moved` is how far the nibble moves the decoder.
static inline void offer(const Way *way, Way *next, unsigned cost, int distance, int moved, int index, int nibble) {
  unsigned error = distance - moved;
  Way *slot = (Way *)((char *)next + ((unsigned)index << 30 >> 24));
  cost += error * error;
  if (cost >= slot->cost) return;
  slot->cost = cost;
  slot->index = index;
  slot->decoded[0] = moved;
  slot->parent = way;
  slot->nibble = nibble;
}

// Offers the nibbles that come near the target: of those that lower the index only the nearest, for they differ in nothing
// else; of those that raise it the neighbours too.
static inline void expand(const Way *way, Way *next, unsigned cost, int distance, int step) {
  int sign = distance < 0 ? 8 : 0;
  if (distance < 0) distance = -distance;
  int half = step >> 1;
  int quarter = step >> 2;
  int index = way->index;
  // Magnitudes up to 3 lower the index by 1; 4 to 7 raise it by 2, 4, 6, 8.
  int lower = index > 0 ? index - 1 : 0;
  int magnitude = 0;
  int last = 4;
  if (distance < step) {
    int moved = step >> 3;
    int rest = distance;
    if (rest >= half) {
      rest -= half;
      moved += half;
      magnitude = 2;
    }
    if (rest >= quarter) {
      moved += quarter;
      magnitude++;
    }
    offer(way, next, cost, distance, moved, lower, magnitude | sign);
    if (magnitude < 3) return;
    magnitude = 4;
  } else {
    if (distance > LARGEST_DISTANCE) distance = LARGEST_DISTANCE;
    int rest = distance - step;
    magnitude = 4;
    if (rest >= half) {
      rest -= half;
      magnitude = 6;
    }
    if (rest >= quarter) magnitude++;
    last = magnitude < 7 ? magnitude + 1 : magnitude;
    magnitude--;
  }
  for (; magnitude <= last; magnitude++) {
    int moved = step >> 3;
    if (magnitude & 4) moved += step;
    if (magnitude & 2) moved += half;
    if (magnitude & 1) moved += quarter;
    int changed = lower;
    if (magnitude > 3) {
      changed = index + 2 * magnitude - 6;
      if (changed > MAX_INDEX) changed = MAX_INDEX;
    }
    offer(way, next, cost, distance, moved, changed, magnitude | sign);
  }
}

// Fills in what offer left open in the ways that won a slot, and finds the best one.
static inline void inherit(int *s, Way *next) {
  unsigned least = DEAD;
  int path = s[PATH];
  for (Way *way = next; way < next + SLOTS; way++) {
    if (way->cost == DEAD) continue;
    if (way->cost < least) {
      least = way->cost;
      s[BEST] = (char *)way - (char *)next;
    }
    const Way *parent = way->parent;
    unsigned nibble = (unsigned)way->nibble << 28;
    int decoded = parent->decoded[0];
    decoded = (int)nibble < 0 ? decoded - way->decoded[0] : decoded + way->decoded[0];
    if (decoded != (short)decoded) decoded = 0x7fff ^ (decoded >> 31);
    way->decoded[0] = decoded;
    *(Three *)(way->decoded + 1) = *(const Three *)parent->decoded;
    *(Three *)way->path = *(const Three *)parent->path;
    way->path[path] = way->path[path] >> 4 | nibble;
  }
  s[LEAST] = least;
}

static inline Way *best(int *s, Way *ways) { return (Way *)((char *)ways + s[BEST]); }

// A word of nibbles is full. The best way decides the oldest open word, which lies where the next will be written; ways
// that differ there die, for the block can hold one only.
static void settle(int *s, Way *ways, unsigned *block) {
  int oldest = s[PATH] == PATHS - 1 ? 0 : s[PATH] + 1;
  s[PATH] = oldest;
  if (s[POSITION] < 8 * PATHS) return;
  unsigned path = best(s, ways)->path[oldest];
  block[1 + s[SETTLED]++] = path;
  for (int i = 0; i < SLOTS; i++) {
    if (ways[i].path[oldest] != path) ways[i].cost = DEAD;
  }
}

// Writes all nibbles that are still open by the best way: full words, then what there is of one. Says how many words.
static int settle_all(int *s, Way *ways, unsigned *block) {
  const Way *way = best(s, ways);
  int nibbles = s[POSITION] - 1;
  int word = s[SETTLED];
  int path = s[PATH] - ((nibbles >> 3) - word);
  for (; word * 8 < nibbles; word++, path++) {
    int missing = (word + 1) * 8 - nibbles;
    unsigned open = way->path[path < 0 ? path + PATHS : path];
    block[1 + word] = missing > 0 ? open >> (4 * missing) : open;
  }
  return word;
}

// The header gives the sample itself and the best way's index: one way is left.
static void begin_block(int *s, Way *ways, Way *next, int sample, unsigned *block) {
  for (int i = 0; i < SLOTS; i++) ways[i].cost = next[i].cost = DEAD;
  const Way *from = best(s, ways);
  Way *to = best(s, next);
  to->cost = 0;
  to->index = from->index;
  to->decoded[0] = sample;
  *(Three *)(to->decoded + 1) = *(const Three *)from->decoded;
  block[0] = (sample & 0xffff) | from->index << 16;
  s[LEAST] = 0;
  s[SETTLED] = 0;
  s[PATH] = 0;
}

static inline void encode(int *s, int sample, unsigned *blocks) {
  Way *ways = generation(s, s[CAPTURE_SAMPLES]);
  Way *next = generation(s, s[CAPTURE_SAMPLES] + 1);
  s[CAPTURE_SAMPLES]++;
  int position = s[POSITION]++;
  if (position == 0) {
    begin_block(s, ways, next, sample, block_of(s, blocks));
  } else {
    int aim = (sample << WEIGHT_SHIFT) + weigh(s + TARGETS) + (1 << (WEIGHT_SHIFT - 1));
    for (Way *way = ways; way < ways + SLOTS; way++) {
      unsigned cost = way->cost - s[LEAST];
      int step = STEPS[way->index];
      // The generation is left empty for the sample after this one.
      way->cost = DEAD;
      if (cost > (unsigned)(step * step) >> PRUNE_SHIFT) continue;
      expand(way, next, cost, ((aim - weigh(way->decoded)) >> WEIGHT_SHIFT) - way->decoded[0], step);
    }
    inherit(s, next);
    if ((position & 7) == 0) settle(s, next, block_of(s, blocks));
  }
  s[TARGETS + 3] = s[TARGETS + 2];
  s[TARGETS + 2] = s[TARGETS + 1];
  s[TARGETS + 1] = s[TARGETS];
  s[TARGETS] = sample;
  if (position == BLOCK_SAMPLES - 1) {
    settle_all(s, next, block_of(s, blocks));
    s[POSITION] = 0;
    s[BLOCKS]++;
  }
}

static int scale_for(int full) {
  // 32767 * 32768 / full by long division: no divider on this core, no library here.
  unsigned rest = 0, quotient = 0;
  for (int bit = 29; bit >= 0; bit--) {
    rest = rest << 1 | ((32767u * 32768u) >> bit & 1);
    quotient <<= 1;
    if (rest >= (unsigned)full) {
      rest -= full;
      quotient |= 1;
    }
  }
  return quotient;
}

int capture(int *s, const short *samples, int count, unsigned *blocks) {
  int full = s[CAPTURE_FULL];
  if (full <= 0) return s[BLOCKS];
  if (s[SCALE] == 0) s[SCALE] = scale_for(full);
  for (; count > 0; count--) {
    int x = *samples++ - s[CAPTURE_MID];
    if (x > full) x = full;
    if (x < -full) x = -full;
    x = (x * s[SCALE] + 16384) >> 15;
    if (s[CAPTURE_DECIMATION] == 2) {
      s[HALF] ^= 1;
      if (s[HALF]) {
        s[WAITING] = x;
        continue;
      }
      int late = all_pass(s + LATE, s[WAITING], LATE_FIRST, LATE_SECOND);
      x = (all_pass(s + EARLY, x, EARLY_FIRST, EARLY_SECOND) + late + 1) >> 1;
    }
    x -= s[DC] >> DC_SHIFT;
    s[DC] += x;
    if (x != (short)x) x = 0x7fff ^ (x >> 31);
    encode(s, x, blocks);
  }
  return s[BLOCKS];
}

int flush(int *s, unsigned *blocks) {
  if (s[POSITION] > 0) {
    unsigned *block = block_of(s, blocks);
    int word = settle_all(s, generation(s, s[CAPTURE_SAMPLES]), block);
    for (; word < BLOCK_WORDS - 1; word++) block[1 + word] = 0;
  }
  return s[CAPTURE_SAMPLES];
}
