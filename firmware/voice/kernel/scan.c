// Rebuilds the message index from the first words of all pages (firmware/messages/layout.ts).
#include "kernel.h"

static int is_sound(const unsigned *w) {
  return (w[WORD_MAGIC] & 0xffffff) == (PAGE_MAGIC & 0xffffff) && (crc32((const unsigned char *)w, CHECKED_BYTES, 0) & 0xffff) == w[WORD_PLACE] >> 16;
}

static unsigned index_of(const unsigned *w) { return w[WORD_PLACE] & INDEX_MASK; }

/** More than one bit: a single one may have rotted. */
static unsigned is_cleared(unsigned half) {
  half = ~half & 0xffff;
  return half & (half - 1);
}

static int is_committed(unsigned *s, const unsigned *w) {
  s[SEAL_NONCE] = w[WORD_SEQUENCE];
  s[SEAL_NONCE + 1] = 0;
  s[SEAL_NONCE + 2] = SPACE_COMMIT;
  s[SEAL_AAD] = (unsigned)w;
  s[SEAL_AAD_BYTES] = COMMITTED_BYTES;
  authenticate(s, (const unsigned char *)w, 0);
  return s[SEAL_OWN] == w[WORD_COMMIT] && s[SEAL_OWN + 1] == w[WORD_COMMIT + 1];
}

/** A copied page is no second message. */
static int is_listed(const unsigned *rows, int count, unsigned sequence) {
  for (int i = 0; i < count; i++) {
    if (rows[ROW_WORDS * i + ROW_SEQUENCE] == sequence) return 1;
  }
  return 0;
}

int scan(unsigned *s, unsigned *t, const unsigned *headers, int pages) {
  unsigned *rows = t + SCAN_ROWS;
  unsigned char *states = (unsigned char *)(t + SCAN_STATES);
  int count = 0;
  for (int i = 0; i < SCAN_ROWS; i++) t[i] = 0;
  for (int page = 0; page < pages; page++) {
    const unsigned *w = headers + page * HEADER_WORDS;
    unsigned erased = 0xffffffff;
    for (int i = 0; i < HEADER_WORDS; i++) erased &= w[i];
    states[page] = PAGE_UNVERIFIED;
    t[SCAN_READY]++;
    if (erased == 0xffffffff) continue;
    states[page] = PAGE_DIRTY;
    t[SCAN_READY]--;
    t[SCAN_DIRTY]++;
    if (!is_sound(w)) continue;
    if (w[WORD_MAGIC] != PAGE_MAGIC) {
      if (w[WORD_MAGIC] > PAGE_MAGIC) t[SCAN_NEWER]++;
      continue;
    }
    if (!t[SCAN_FOUND]++ || (int)(w[WORD_SEQUENCE] - t[SCAN_NEWEST]) >= 0) {
      t[SCAN_NEWEST] = w[WORD_SEQUENCE];
      t[SCAN_HEAD] = (unsigned)page;
    }
    if (index_of(w) != 0 || is_cleared(w[WORD_FLAGS] >> 16) || w[WORD_SAMPLES] == 0xffffffff || count == MAX_MESSAGES) continue;
    if (is_listed(rows, count, w[WORD_SEQUENCE]) || !is_committed(s, w)) continue;
    unsigned *row = rows + ROW_WORDS * count++;
    // Oldest first; numbers wrap.
    for (; row > rows && (int)(row[ROW_SEQUENCE - ROW_WORDS] - w[WORD_SEQUENCE]) > 0; row -= ROW_WORDS) {
      for (int i = 0; i < ROW_WORDS; i++) row[i] = row[i - ROW_WORDS];
    }
    unsigned needed = 0;
    for (unsigned samples = 0; samples < w[WORD_SAMPLES] && needed < (unsigned)pages; samples += PAGE_SAMPLES) needed++;
    unsigned origin = w[WORD_PLACE] >> ORIGIN_SHIFT & 3;
    row[ROW_SEQUENCE] = w[WORD_SEQUENCE];
    row[ROW_SAMPLES] = w[WORD_SAMPLES];
    row[ROW_PAGES] = (unsigned)page | needed << 16;
    row[ROW_KIND] = (origin == ORIGIN_OWN ? KIND_OWN : is_cleared(w[WORD_FLAGS] & 0xffff) ? KIND_HEARD : KIND_UNHEARD) | (unsigned)(PAGE_OWNER + count - 1) << 8;
  }
  for (unsigned *row = rows; row < rows + ROW_WORDS * count; row += ROW_WORDS) {
    int page = row[ROW_PAGES] & 0xffff;
    unsigned found = 0, needed = row[ROW_PAGES] >> 16;
    for (int step = 0; step < pages && found < needed; step++) {
      const unsigned *w = headers + page * HEADER_WORDS;
      if (states[page] == PAGE_DIRTY && is_sound(w) && w[WORD_MAGIC] == PAGE_MAGIC && w[WORD_SEQUENCE] == row[ROW_SEQUENCE] && index_of(w) == found) {
        states[page] = (unsigned char)(row[ROW_KIND] >> 8);
        t[SCAN_DIRTY]--;
        found++;
      }
      page = page + 1 == pages ? 0 : page + 1;
    }
  }
  return count;
}
