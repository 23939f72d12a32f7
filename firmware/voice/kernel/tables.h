// The IMA ADPCM tables (IMA "Recommended Practices", revision 3.00) and the all-pass sections that both directions share.
#ifndef TABLES_H
#define TABLES_H

#pragma GCC visibility push(hidden)

extern const unsigned short STEPS[89];
#define MAX_INDEX 88

void half_band(int *state, int early, int late);
// Where its outputs are.
#define EARLY_OUT 2
#define LATE_OUT 5

#pragma GCC visibility pop

#endif
