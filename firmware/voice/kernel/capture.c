// Capture: converter samples in, IMA ADPCM blocks out. Shapes (scale, low-pass and decimate, DC block), then searches.
//
// The search keeps up to eight ways to encode the last samples, one per step index modulo 8, so that they differ in what
// matters later. A way's cost is the square of its error seen through a filter that forgives what lies outside 100-3600 Hz:
// 1 + (4 z^-1 - 4 z^-2 + 3 z^-3 - 3 z^-4) / 16, near the linear prediction of a spectrum that is 10 dB lower in the band, by
// whole numbers that are cheap to multiply by. Their sizes add up to less than 16, so errors fed back cannot grow.
// Words of eight nibbles are settled four words behind the newest sample: the best way decides, those that differ die.
// So the result does not depend on how the samples were cut into calls.
#include "kernel.h"
#include "shared.h"

#define DC (CAPTURE_OWN + 0)
#define HALF_BAND (CAPTURE_OWN + 1)
#define BLOCK_AT (CAPTURE_OWN + 7)
#define BLOCKS (CAPTURE_OWN + 8)
#define SEARCH (CAPTURE_OWN + 9)

// The corner of the DC block: rate / (2 pi 2^shift) = 20 Hz at 8 kHz.
#define DC_SHIFT 6

#define SLOTS 8
#define PATHS 4
#define BLOCK_WORDS (BLOCK_BYTES / 4)
#define DEAD 0xffffffffu

// A way to encode the samples so far, the newest by `nibble`. search.S has the offsets, here and in Search.
typedef struct Way {
  unsigned cost;
  int moved; // by how much the nibble moves the decoder, without its sign
  int index; // twice the step index
  unsigned nibble;
  struct Way *parent;
  // Up to the sample before: the last nibbles, newest word first, and samples as decoded, oldest first. Made by search when
  // it follows the way.
  unsigned path[PATHS];
  int decoded[4];
  int unused[3];
} Way;

typedef struct {
  int targets[4]; // the last samples, newest first
  Way *best;
  Way *ways;
  Way *before;
  int position; // of the next sample in its block
  Way all[2 * SLOTS];
  unsigned short steps[2 * STEPS_WORDS];
} Search;

_Static_assert(sizeof(Way) == 64, "the slot of an index is found by a shift");
_Static_assert(SEARCH + sizeof(Search) / 4 == CAPTURE_STATE_WORDS, "capture's state is not what abi.ts says");

Way *search(Search *search, int sample);

// BLOCK_AT is the block in the making: its place in the ring, in bytes.
static inline unsigned *block_of(int *s, unsigned *blocks) { return (unsigned *)((char *)blocks + s[BLOCK_AT]); }

// One way is left, and costs nothing.
static __attribute__((noinline)) void leave_one(Way *ways, Way *one) {
  for (Way *way = ways; way < ways + SLOTS; way++) way->cost = DEAD;
  one->cost = 0;
}

// The last nibbles move up by a word.
static __attribute__((noinline)) void open_word(Way *way) {
  way->path[3] = way->path[2];
  way->path[2] = way->path[1];
  way->path[1] = way->path[0];
}

// A word of nibbles is full in the ways before. The best way decides the oldest open one; ways that differ there die, for
// the block can hold one only.
static void settle(Search *search, int word, unsigned *block) {
  if (word >= 0) {
    unsigned path = search->best->parent->path[PATHS - 1];
    block[1 + word] = path;
    for (Way *way = search->ways; way < search->ways + SLOTS; way++) {
      if (way->cost != DEAD && way->parent->path[PATHS - 1] != path) way->cost = DEAD;
    }
  }
  for (Way *way = search->before; way < search->before + SLOTS; way++) open_word(way);
}

// Completes the block by the best way, whose nibble is the last, and with zeros.
static void finish(int *s, unsigned *block) {
  Search *search = (Search *)(s + SEARCH);
  Way *way = search->best->parent;
  int nibbles = search->position - 1;
  way->path[0] = (way->path[0] >> 4 | search->best->nibble << 28) >> (4 * (-nibbles & 7));
  for (int word = ((nibbles - 1) >> 3) - (PATHS - 1); word < BLOCK_WORDS - 1; word++) {
    if (word >= 0) block[1 + word] = way->path[PATHS - 1];
    open_word(way);
    way->path[0] = 0;
  }
  leave_one(search->ways, search->best);
  search->position = 0;
  s[BLOCKS]++;
  s[BLOCK_AT] = BLOCK_BYTES - s[BLOCK_AT];
}

static void encode(int *s, int sample, unsigned *block) {
  Search *state = (Search *)(s + SEARCH);
  if (s[CAPTURE_SAMPLES]++ == 0) {
    make_steps(state->steps);
    Way *first = state->all;
    state->best = state->ways = first->parent = first;
    state->before = first + SLOTS;
    leave_one(first, first);
  }
  Way *best = search(state, sample);
  int position = state->position++;
  if (position == 0) {
    // The header gives the sample itself and the index.
    const Way *from = best->parent;
    leave_one(state->ways, best);
    best->index = from->index;
    best->nibble = 0;
    best->moved = sample - from->decoded[3];
    block[0] = (sample & 0xffff) | from->index << 15;
  } else if ((position & 7) == 1) {
    settle(state, (position >> 3) - PATHS, block);
  }
  if (position == BLOCK_SAMPLES - 1) finish(s, block);
}

int capture(int *s, const short *samples, int count, unsigned *blocks) {
  int mid = s[CAPTURE_MID];
  int scale = s[CAPTURE_SCALE];
  int decimation = s[CAPTURE_DECIMATION];
  for (; count >= decimation; count -= decimation) {
    int x = ((*samples++ - mid) * scale) >> 15;
    if (decimation == 2) {
      half_band(s + HALF_BAND, ((*samples++ - mid) * scale) >> 15, x);
      x = (s[HALF_BAND + EARLY_OUT] + s[HALF_BAND + LATE_OUT]) >> 1;
    }
    x -= s[DC] >> DC_SHIFT;
    s[DC] += x;
    if (x != (short)x) x = 0x7fff ^ (x >> 31);
    encode(s, x, block_of(s, blocks));
  }
  return s[BLOCKS];
}

int flush(int *s, unsigned *blocks) {
  if (((Search *)(s + SEARCH))->position > 0) finish(s, block_of(s, blocks));
  return s[CAPTURE_SAMPLES];
}
