// A message from the family, put into flash as the firmware's log would have written it: until there is a link, the only way
// for one to arrive.

import { SHEET_SAMPLES } from "../../firmware/messages/layout.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES, MESSAGE_RATE_HZ } from "../../firmware/voice/abi.ts";
import { encodeBlock } from "../../firmware/voice/adpcm.ts";
import { logRegion, messageSheets } from "../../tools/image/messages.ts";
import { writeMessage } from "../../tools/image/write-messages.ts";
import type { Toy } from "./toy.ts";

export interface Given {
  /** Sheet of the ring in which it begins. */
  readonly sheet: number;
  readonly sequence: number;
  readonly seconds: number;
  readonly hz: number;
  readonly isHeard?: boolean;
  readonly isOwn?: boolean;
}

/** The blocks of a tone. */
export function toneBlocks(hz: number, samples: number): Uint8Array {
  const blocks = new Uint8Array(Math.ceil(samples / BLOCK_SAMPLES) * BLOCK_BYTES);
  let index = 0;
  for (let at = 0, block = 0; at < samples; at += BLOCK_SAMPLES, block++) {
    const part = Array.from({ length: Math.min(BLOCK_SAMPLES, samples - at) }, (_, i) => Math.round(12000 * Math.sin((2 * Math.PI * hz * (at + i)) / MESSAGE_RATE_HZ)));
    index = encodeBlock(part, blocks.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES), index);
  }
  return blocks;
}

/** Fills the ring but for some sheets with messages of so many sheets each; returns the first sheet that is free. */
export function fill(toy: Toy, { sheetsEach, free = 0, isHeard = false }: { readonly sheetsEach: number; readonly free?: number; readonly isHeard?: boolean }): number {
  const end = messageSheets(toy.board) - free;
  let sheet = 0;
  for (let sequence = 1; sheet < end; sequence++) {
    const sheets = Math.min(sheetsEach, end - sheet);
    give(toy, { sheet, sequence, seconds: (sheets * SHEET_SAMPLES) / MESSAGE_RATE_HZ, hz: 500, isHeard });
    sheet += sheets;
  }
  return sheet;
}

/** Writes a message into the flash of a toy that is off, or that will be switched off and on; returns its blocks and samples. */
export function give(toy: Toy, { sheet, sequence, seconds, hz, isHeard = false, isOwn = false }: Given): { readonly blocks: Uint8Array; readonly samples: number } {
  const region = logRegion(toy.board, toy.memories);
  if (!region || !toy.key) throw new Error(`${toy.board.id} keeps no messages in flash, or has no key yet`);
  const samples = Math.round(seconds * MESSAGE_RATE_HZ);
  const blocks = toneBlocks(hz, samples);
  writeMessage(region, messageSheets(toy.board), sheet, { sequence, isOwn, isHeard, samples, blocks }, toy.key);
  return { blocks, samples };
}
