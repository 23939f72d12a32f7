// CRC-32 (IEEE 802.3), four bits at a time.
#include "kernel.h"

/** What each value of four bits that leave the CRC-32 changes in the rest of it. */
static const unsigned crc_changes[16] = {
  0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
  0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

unsigned crc32(const unsigned char *bytes, int length, unsigned crc) {
  crc = ~crc;
  while (--length >= 0) {
    crc ^= *bytes++;
    crc = crc >> 4 ^ crc_changes[crc & 15];
    crc = crc >> 4 ^ crc_changes[crc & 15];
  }
  return ~crc;
}
