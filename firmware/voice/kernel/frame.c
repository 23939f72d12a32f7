// A piece of voice as the link sends it: header and bytes, out of the ring of two blocks.

#include "kernel.h"

int frame(unsigned char *out, const unsigned char *ring, int length, unsigned offset)
{
    unsigned at = offset;
    out[0] = FRAME_OPCODE;
    out[1] = (unsigned char)offset;
    out[2] = (unsigned char)(offset >> 8);
    out[3] = (unsigned char)(offset >> 16);
    while (at >= FRAME_RING_BYTES) at -= FRAME_RING_BYTES;
    for (int i = 0; i < length; i++) {
        out[FRAME_HEADER_BYTES + i] = ring[at];
        if (++at == FRAME_RING_BYTES) at = 0;
    }
    return FRAME_HEADER_BYTES + length;
}
