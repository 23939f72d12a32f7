// The flat memory that capture and playback share: two buffers from its start (words of 16 bit), then a tail that only the
// speaker and the lease use. One side at a time: a lease in the memory itself tells whose the buffers are, so that the two
// ports, which do not know each other, cannot let two DMA engines loose on one buffer.

import type { Board } from "../../boards/board.ts";
import { ERR_BUSY, ERR_MEMORY, ERR_RANGE, OK, type Code, type FlatBuffer } from "../contract.ts";

/** Two words of a tone or of mid level, then the lease. */
const TAIL_BYTES = 8;
const LEASE = 4;

function buffersBytes(board: Pick<Board, "audioBufferMs" | "speaker">): number {
  // Playback has the higher rate.
  return (2 * 2 * board.audioBufferMs * board.speaker.carrierHz) / 1000;
}

/** What to allocate at boot. */
export function audioMemoryBytes(board: Pick<Board, "audioBufferMs" | "speaker">): number {
  return buffersBytes(board) + TAIL_BYTES;
}

export interface AudioMemory {
  /** Byte offset of the two words outside the buffers. */
  readonly tail: number;
  /** OK, or why DMA must not be pointed here. */
  check(): Code;
  /** Takes the buffers: ERR_BUSY while the other side has them. */
  take(): Code;
  release(): void;
}

export function createAudioMemory(board: Pick<Board, "audioBufferMs" | "speaker">, memory: FlatBuffer): AudioMemory {
  const tail = buffersBytes(board);

  function check(): Code {
    if (!memory.address) return ERR_MEMORY;
    if ((memory.address & 3) !== 0 || memory.bytes.length < tail + TAIL_BYTES) return ERR_RANGE;
    return OK;
  }

  return {
    tail: tail,
    check: check,
    take: function (): Code {
      const code = check();
      if (code !== OK) return code;
      if (memory.bytes[tail + LEASE] !== 0) return ERR_BUSY;
      memory.bytes[tail + LEASE] = 1;
      return OK;
    },
    release: function (): void {
      memory.bytes[tail + LEASE] = 0;
    },
  };
}
