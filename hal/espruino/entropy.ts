// Entropy port: Espruino's hardware random numbers, and the chip's own roots.

import type { Entropy } from "../contract.ts";

/** FICR: encryption root and identity root, four words each. PS, FICR. */
const ROOTS = 0x10000080;

export const espruinoEntropy: Entropy = {
  word: function (): number {
    return E.hwRand() >>> 0;
  },
  root: function (index: number): number {
    return peek32(ROOTS + index * 4);
  },
};
