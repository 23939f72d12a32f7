// A piece of voice as the link sends it, header and bytes: out of the ring of two blocks, and into it.

#include "kernel.h"

static unsigned place(unsigned offset)
{
    while (offset >= FRAME_RING_BYTES) offset -= FRAME_RING_BYTES;
    return offset;
}

int frame(unsigned char *out, const unsigned char *ring, int length, unsigned offset)
{
    unsigned at = place(offset);
    out[0] = FRAME_OPCODE;
    out[1] = (unsigned char)offset;
    out[2] = (unsigned char)(offset >> 8);
    out[3] = (unsigned char)(offset >> 16);
    for (int i = 0; i < length; i++) {
        out[FRAME_HEADER_BYTES + i] = ring[at];
        if (++at == FRAME_RING_BYTES) at = 0;
    }
    return FRAME_HEADER_BYTES + length;
}

unsigned take(const unsigned char *in, unsigned char *ring, int bytes, unsigned offset)
{
    unsigned at = place(offset);
    if (bytes < FRAME_HEADER_BYTES || in[0] != FRAME_OPCODE) return -1u;
    if ((in[1] | (unsigned)in[2] << 8 | (unsigned)in[3] << 16) != offset) return offset;
    for (int i = FRAME_HEADER_BYTES; i < bytes; i++) {
        ring[at] = in[i];
        if (++at == FRAME_RING_BYTES) at = 0;
        offset++;
    }
    return offset;
}
