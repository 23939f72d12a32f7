// The kernel's binary interface in C: the same names and values as firmware/voice/abi.ts (a test compares them), and
// where the functions keep their own words. No function here may touch memory but what it is handed.
#ifndef KERNEL_H
#define KERNEL_H

#define BLOCK_BYTES 1004
#define BLOCK_SAMPLES 2001

#define CAPTURE_STATE_WORDS 322
#define CAPTURE_MID 0
#define CAPTURE_SCALE 1
#define CAPTURE_DECIMATION 2
#define CAPTURE_SAMPLES 3
#define CAPTURE_OWN 4

#define RENDER_STATE_WORDS 76
#define RENDER_WORDS_PER_SAMPLE 0
#define RENDER_FULL 1
#define RENDER_VOLUME 2
#define RENDER_BLOCK 3
#define RENDER_SAMPLES 4
#define RENDER_POSITION 5
#define RENDER_TONE_STEP 6
#define RENDER_TONE_LEFT 7
#define RENDER_TONE_LEVEL 8
#define RENDER_OWN 9

int capture(int *state, const short *samples, int count, unsigned *blocks);
int flush(int *state, unsigned *blocks);
int render(int *state, unsigned short *words, int count);
unsigned crc32(const unsigned char *bytes, int length, unsigned crc);

#endif
