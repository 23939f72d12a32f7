// What an image puts on a board, as the USB loader takes it: read from the image's own bytes, never from this build.

import { slotRuns } from "../../boards/flash-map.ts";
import { PIECE_BYTES, PIECE_MAGIC_BYTES, TEXT_AT, WORD_PROMPTS_BYTES, WORD_PROMPTS_PAGE, WORD_TEXT_BYTES, WORD_VERSION } from "../../firmware/boot/manifest.ts";
import { walk } from "../../sim/storage-image.ts";
import type { Installation } from "../flash/install.ts";
import { LOG_FILE } from "../image/storage.ts";
import type { VerifiedImage } from "./image-verify.ts";
import { rangeOf } from "./memory-image.ts";

export function installationOf({ board, storage, chip }: VerifiedImage): Installation {
  const [slot] = slotRuns(board);
  const page = board.chip.pageBytes;
  const pieces = board.storage.kind === "external" ? [{ address: board.storage.base, bytes: storage }] : chip;
  const pages = rangeOf(pieces, slot!.base, slot!.pages * page);
  const words = new DataView(pages.buffer);
  const word = (index: number): number => words.getUint32(index * 4, true);
  const prompts = new Uint8Array(word(WORD_PROMPTS_BYTES));
  for (let at = 0, from = word(WORD_PROMPTS_PAGE) * page + PIECE_MAGIC_BYTES; at < prompts.length; at += PIECE_BYTES, from += page) {
    prompts.set(pages.subarray(from, from + Math.min(PIECE_BYTES, prompts.length - at)), at);
  }
  const bootFiles = Array.from(walk(storage), ({ name, data }) => ({ name, data })).filter(({ name }) => name !== LOG_FILE);
  return { board, application: { text: pages.slice(TEXT_AT, TEXT_AT + word(WORD_TEXT_BYTES)), prompts, version: word(WORD_VERSION) }, bootFiles };
}
