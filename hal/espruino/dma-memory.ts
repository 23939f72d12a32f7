// The flat memory that capture and playback share: two buffers from its start (words of 16 bit), then a tail that only the
// speaker uses. One side at a time: who has taken the buffers is told here, so that the two ports, which do not know each other,
// cannot let two DMA engines loose on one buffer.

import type { Board } from "../../boards/board.ts";
import { ERR_BUSY, ERR_MEMORY, ERR_RANGE, OK, type Code, type FlatBuffer, type NativeCode } from "../contract.ts";

/** Two words of a tone or of mid level. */
const TAIL_WORDS = 2;

export interface AudioMemory extends FlatBuffer {
  /** OK, or why DMA must not be pointed here. */
  readonly code: Code;
  /** Words of a buffer. */
  readonly words: number;
  /** Where the two buffers begin. */
  readonly buffers: readonly number[];
  /** All of it, in words: the buffers from 0 and from `words` on, two more from `tail` on. */
  readonly cells: Uint16Array;
  readonly tail: number;
  /** Takes the buffers: ERR_BUSY while the other side has them. */
  take(): Code;
  /** Whoever took them clears it when the hardware has let go. */
  isTaken: boolean;
}

export function createAudioMemory(board: Pick<Board, "audioBufferMs" | "speaker">, native: Pick<NativeCode, "allocate">): AudioMemory {
  // Playback has the higher rate.
  const words = (board.audioBufferMs * board.speaker.carrierHz) / 1000;
  const count = 2 * words + TAIL_WORDS;
  const flat = native.allocate(2 * count) || { bytes: new Uint8Array(0), address: 0 };
  const isFit = (flat.address & 3) === 0 && flat.bytes.length >= 2 * count;

  const self = {
    bytes: flat.bytes,
    address: flat.address,
    code: !flat.address ? ERR_MEMORY : isFit ? OK : ERR_RANGE,
    words: words,
    buffers: [flat.address, flat.address + 2 * words],
    cells: isFit ? new Uint16Array(flat.bytes.buffer, flat.bytes.byteOffset, count) : new Uint16Array(0),
    tail: 2 * words,
    isTaken: false,
    take: function (): Code {
      if (self.code !== OK) return self.code;
      if (self.isTaken) return ERR_BUSY;
      self.isTaken = true;
      return OK;
    },
  };
  return self;
}
