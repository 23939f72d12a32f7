#include "shared.h"

// The table is 16 * 1.1^(i - 8), cut to whole numbers, but at least i + 7 and at most 32767: as a loop it takes a third of its
// own bytes. In 1/65536; the tenth is summed up from shifts, and the beginning is such that all 89 are exact.
#define FIRST 489186

void make_steps(unsigned short *steps) {
  unsigned x = FIRST;
  for (unsigned least = 7; least < 7 + MAX_INDEX; least++) {
    unsigned step = x >> 16;
    *steps++ = step < least ? least : step;
    unsigned tenth = (x + (x >> 1)) >> 4;
    tenth += tenth >> 4;
    tenth += tenth >> 8;
    tenth += tenth >> 16;
    x += tenth;
  }
  *steps = 0x7fff;
}
