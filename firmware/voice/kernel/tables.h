// The IMA ADPCM tables (IMA "Recommended Practices", revision 3.00) and the all-pass sections that both directions share.
#ifndef TABLES_H
#define TABLES_H

#pragma GCC visibility push(hidden)

extern const unsigned short STEPS[89];
#define MAX_INDEX 88

// Half-band filter as two branches of all-pass sections (Valenzuela and Constantinides 1983), coefficients in 1/8192:
// pass band to 3600 Hz, stop band from 4400 Hz at 16 kHz, 53 dB.
#define EARLY_FIRST 989
#define EARLY_SECOND 5433
#define LATE_FIRST 3198
#define LATE_SECOND 7297

int all_pass(int *s, int x, int first, int second);

#pragma GCC visibility pop

#endif
