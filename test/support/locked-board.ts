// The product board as it is sold: sealed, with the lock-down text in its boot files and a key page; the application here does no
// more than the test needs, so that what is seen is the stack's and the boot files' doing.

import { crc32 } from "node:zlib";
import type { Board } from "../../boards/board.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import { linkSecurity } from "../../firmware/link/protocol.ts";
import { buildLockdown } from "../../tools/build/lockdown.ts";
import { provisionedFlash } from "../../tools/image/storage.ts";
import { RadioBoard } from "./radio-bench.ts";

const KEY_MAGIC = 0x314b7750;
/** First word, address in two words, key in eight, check. */
const KEY_WORDS = 11;
/** Last two bytes 00:00: the name is the same on every toy. */
export const OWN_ADDRESS = "d2:5a:41:c7:00:00 random";

/** What every application must do: a connection made before JavaScript silences the radio that it wakes (ble-recipes B4). */
const CHECK = "setInterval(function(){var s=NRF.getSecurityStatus();if(!s.connected&&!s.advertising)NRF.wake()},1000);";

export const CLOSED = `NRF.wake();${CHECK}`;
const heard = (names: string): string => `"${names}".split(" ").forEach(function(n){NRF.on(n,function(a){print(n+" "+JSON.stringify(a))})});`;
/** Pairing is open, as in the window, and what the stack says is printed. */
export const OPEN_WINDOW = `${heard("connect disconnect bond security passkey")}NRF.wake();NRF.setSecurity(${JSON.stringify({ ...linkSecurity(true, true), pair: true })});${CHECK}`;
/** The door is shut, and what the stack says is printed. */
export const WATCHED = `${heard("connect disconnect bond security passkey")}${CLOSED}`;

function keyPage(): Uint8Array {
  const words = new DataView(new ArrayBuffer(4 * (KEY_WORDS + 1)));
  words.setUint32(0, KEY_MAGIC, true);
  [0x00, 0x00, 0xc7, 0x41, 0x5a, 0xd2].forEach((byte, i) => words.setUint8(4 + i, byte));
  for (let i = 3; i < KEY_WORDS; i++) words.setUint32(4 * i, Math.imul(i, 0x9e3779b1) >>> 0, true);
  words.setUint32(4 * KEY_WORDS, crc32(new Uint8Array(words.buffer, 0, 4 * KEY_WORDS)), true);
  return new Uint8Array(words.buffer);
}

const lockdowns = new Map<string, Promise<string>>();

/** The text of the boot files, built once. */
function lockdownOf(board: Board): Promise<string> {
  const made = lockdowns.get(board.id) ?? buildLockdown(board, board.flashMap.keyPage!);
  lockdowns.set(board.id, made);
  return made;
}

/** Flash of a sealed board that runs this text, for `Stage`. */
export async function sealedFlash(application: string, board: Board = xiaoble): Promise<ReturnType<typeof provisionedFlash>> {
  const lockdown = await lockdownOf(board);
  const text = Buffer.from(application, "latin1");
  const made = provisionedFlash(board, { application: { text, prompts: new Uint8Array(0), version: 1 }, boot0: lockdown, boot1: lockdown, isSealed: true });
  return { ...made, flash: [...made.flash, { address: board.flashMap.keyPage!, bytes: keyPage() }] };
}

/** Such a board, off. */
export async function lockedBoard(application: string, seed = 1): Promise<RadioBoard> {
  return RadioBoard.of({ board: xiaoble, ...(await sealedFlash(application)), seed });
}
