// What capture and render share: the IMA ADPCM step table (IMA "Recommended Practices", revision 3.00) and the half-band filter.
#ifndef SHARED_H
#define SHARED_H

#pragma GCC visibility push(hidden)

#define MAX_INDEX 88
// Room for the step table in words of state.
#define STEPS_WORDS 45
void make_steps(unsigned short *steps);

void half_band(int *state, int early, int late);
// Where its outputs are.
#define EARLY_OUT 2
#define LATE_OUT 5

#pragma GCC visibility pop

#endif
