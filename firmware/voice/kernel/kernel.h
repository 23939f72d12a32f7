// The kernel's binary interface in C: the same names and values as firmware/voice/abi.ts (a test compares them), and
// where the functions keep their own words. No function here may touch memory but what it is handed.
#ifndef KERNEL_H
#define KERNEL_H

#define BLOCK_BYTES 1004
#define BLOCK_SAMPLES 2001

#define FRAME_OPCODE 8
#define FRAME_HEADER_BYTES 4
#define FRAME_RING_BYTES 2008

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

#define SEAL_STATE_WORDS 60
#define SEAL_KEY 0
#define SEAL_NONCE 8
#define SEAL_AAD 11
#define SEAL_AAD_BYTES 12
#define SEAL_TEXT 13
#define SEAL_OWN 14

#define SCAN_STATE_WORDS 392
#define SCAN_READY 0
#define SCAN_DIRTY 1
#define SCAN_FOUND 2
#define SCAN_NEWEST 3
#define SCAN_HEAD 4
#define SCAN_NEWER 5
#define SCAN_ROWS 8
#define SCAN_STATES 264
#define ROW_WORDS 4
#define ROW_SEQUENCE 0
#define ROW_SAMPLES 1
#define ROW_SHEETS 2
#define ROW_KIND 3
#define KIND_OWN 1
#define KIND_UNHEARD 2
#define KIND_HEARD 3

#define PAGE_MAGIC 0x324c7750
#define HEADER_WORDS 7
#define WORD_MAGIC 0
#define WORD_SEQUENCE 1
#define WORD_PLACE 2
#define WORD_SAMPLES 3
#define WORD_COMMIT 4
#define WORD_FLAGS 6
#define CHECKED_BYTES 10
#define COMMITTED_BYTES 16
#define INDEX_MASK 1023
#define ORIGIN_SHIFT 10
#define ORIGIN_OWN 1
#define SPACE_COMMIT 2
#define SHEET_SAMPLES 16008
#define SHEET_UNVERIFIED 1
#define SHEET_DIRTY 2
#define SHEET_OWNER 4
#define MAX_MESSAGES 64

int capture(int *state, const short *samples, int count, unsigned *blocks);
int flush(int *state, unsigned *blocks);
int render(int *state, unsigned short *words, int count);
unsigned crc32(const unsigned char *bytes, int length, unsigned crc);
int seal(unsigned *state, unsigned char *data, int length);
int open(unsigned *state, const unsigned char *data, int length, int tag_bytes);
void authenticate(unsigned *state, const unsigned char *data, int length);
int frame(unsigned char *out, const unsigned char *ring, int length, unsigned offset);
unsigned take(const unsigned char *in, unsigned char *ring, int bytes, unsigned offset);
int scan(unsigned *seal_state, unsigned *state, const unsigned *headers, int sheets);

#endif
