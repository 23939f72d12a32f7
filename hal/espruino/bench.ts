// What the tools at the bench find on the console: the ports and the toy, for hello and self-test. A sealed board, which has no
// console either, offers nothing. It opens no way to the microphone: that takes a paw token, and only a held paw makes one.

import type { Hal, PawToken } from "../contract.ts";

/** The seal is the first word of the file `log`. Anything but an erased word means sealed. */
const UNSEALED = "\xff\xff\xff\xff";

export interface Bench {
  hello(): { readonly board: string; readonly state: number };
  readonly hal: Hal;
  readonly toy: { readonly audioCode: number; lendHold(to: (token: PawToken) => void): void };
}

export function offerBench(bench: Bench): void {
  if (require("Storage").read("log", 0, 4) === UNSEALED) global.pawlock = bench;
}
