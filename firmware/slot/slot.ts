// The slot that this very application runs from: it tells the loader that it works, and reads what lies behind its text.

import { OK, type Clock, type Flash } from "../../hal/contract.ts";
import {
  MANIFEST_WORDS,
  PIECE_BYTES,
  PIECE_MAGIC_BYTES,
  WORD_CONFIRMED,
  WORD_PROMPTS_BYTES,
  WORD_PROMPTS_PAGE,
  WORD_SHA256,
  WORD_TRIAL,
  WORD_VERSION,
  isCleared,
} from "../boot/manifest.ts";

/** An application that has worked for so long works. */
const CONFIRM_MS = 10000;

export interface Slot {
  /** An application on trial confirms itself once `isWell` says yes; it is asked now and then. Once, at boot. */
  confirmWhen(isWell: () => boolean): void;
  /** Version and SHA-256 of this application: nine words. */
  readonly build: Uint32Array;
  /** Bytes of the prompts; 0 where there are none. */
  promptBytes(): number;
  /** Copies prompt bytes from `offset` on; false when there are not that many. */
  readPrompts(offset: number, into: Uint8Array): boolean;
}

export function createSlot(flash: Flash, clock: Clock): Slot {
  const words = new Uint32Array(flash.read(0, MANIFEST_WORDS * 4).buffer);
  const promptsPage = words[WORD_PROMPTS_PAGE];
  const bytes = words[WORD_PROMPTS_BYTES];

  function confirmWhen(isWell: () => boolean): void {
    function confirm(): void {
      if (isWell() && flash.write(WORD_CONFIRMED * 4, new Uint8Array(4)) === OK) return;
      clock.after(CONFIRM_MS, confirm);
    }
    if (isCleared(words[WORD_TRIAL]) && !isCleared(words[WORD_CONFIRMED])) clock.after(CONFIRM_MS, confirm);
  }

  const build = new Uint32Array(9);
  build[0] = words[WORD_VERSION];
  for (let i = 0; i < 8; i++) build[i + 1] = words[WORD_SHA256 + i];

  return {
    confirmWhen: confirmWhen,
    build: build,
    promptBytes: function () {
      return bytes;
    },
    readPrompts: function (offset, into) {
      if (offset < 0 || offset + into.length > bytes) return false;
      for (let done = 0; done < into.length;) {
        const at = offset + done;
        const within = at % PIECE_BYTES;
        const count = Math.min(into.length - done, PIECE_BYTES - within);
        const page = promptsPage + Math.floor(at / PIECE_BYTES);
        into.set(flash.read(page * flash.pageBytes + PIECE_MAGIC_BYTES + within, count), done);
        done += count;
      }
      return true;
    },
  };
}
