// The product board as it is sold: sealed, with the lock-down text in its boot files and a key page; the application here does no
// more than the test needs, so that what is seen is the stack's and the boot files' doing.

import type { Board } from "../../boards/board.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import { linkSecurity } from "../../firmware/link/protocol.ts";
import { keyPage, ownAddress } from "../../tools/image/keys.ts";
import { lockedBoot, provisionedFlash } from "../../tools/image/storage.ts";
import { RadioBoard } from "./radio-bench.ts";
import { lockdownOf } from "./toy.ts";

/** Key and address of every such board. */
const KEY_PAGE = keyPage(1);
export const OWN_ADDRESS = ownAddress(KEY_PAGE);

/** What every application must do: a connection made before JavaScript silences the radio that it wakes (ble-recipes B4). */
const CHECK = "setInterval(function(){var s=NRF.getSecurityStatus();if(!s.connected&&!s.advertising)NRF.wake()},1000);";

export const CLOSED = `NRF.wake();${CHECK}`;
const heard = (names: string): string => `"${names}".split(" ").forEach(function(n){NRF.on(n,function(a){print(n+" "+JSON.stringify(a))})});`;
/** Pairing is open, as in the window, and what the stack says is printed. */
export const OPEN_WINDOW = `${heard("connect disconnect bond security passkey")}NRF.wake();NRF.setSecurity(${JSON.stringify({ ...linkSecurity(true, true), pair: true })});${CHECK}`;
/** The door is shut, and what the stack says is printed. */
export const WATCHED = `${heard("connect disconnect bond security passkey")}${CLOSED}`;

/** Flash of a sealed board that runs this text, for `Stage`. */
export function sealedFlash(application: string, board: Board = xiaoble): ReturnType<typeof provisionedFlash> {
  const text = Buffer.from(application, "latin1");
  const made = provisionedFlash(board, { application: { text, prompts: new Uint8Array(0), version: 1 }, ...lockedBoot(lockdownOf(board)), isSealed: true });
  return { ...made, flash: [...made.flash, { address: board.flashMap.keyPage!, bytes: KEY_PAGE }] };
}

/** Such a board, off. */
export function lockedBoard(application: string, seed = 1): RadioBoard {
  return RadioBoard.of({ board: xiaoble, ...sealedFlash(application), seed });
}
