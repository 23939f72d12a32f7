// Stands in for Espruino's release file, which is not ours to keep here: bytes that follow from a seed, with the strings by which
// board and version are told, in the format that the board takes.

import { UF2Flags, encodeBlock, familyID } from "uf2";
import type { Board } from "../../boards/board.ts";
import { toHex, type Piece } from "../../tools/production/memory-image.ts";
import { random } from "./random.ts";

const BASE = 0x1000;
const BYTES = 8 * 1024;

export interface FakeOptions {
  readonly board?: string;
  readonly version?: string;
  readonly seed?: number;
}

export function fakeEspruino({ chip, id, espruino }: Board, { board = id, version = "2v29", seed = 1 }: FakeOptions = {}): Buffer {
  const next = random(seed);
  const bytes = Uint8Array.from({ length: BYTES }, () => next() * 256);
  bytes.set(Buffer.from(`\0${version}\0${board}\0`, "latin1"), 4096);
  const piece: Piece = { address: BASE, bytes };
  return espruino.binary.endsWith(".uf2") ? uf2(piece, `Nordic ${chip.name.toUpperCase()}`) : Buffer.from(toHex([piece]));
}

function uf2({ address, bytes }: Piece, family: string): Buffer {
  const totalBlocks = bytes.length / 256;
  return Buffer.concat(
    Array.from({ length: totalBlocks }, (_, blockNumber) => {
      const at = blockNumber * 256;
      return encodeBlock({ flags: UF2Flags.familyIDPresent, flashAddress: address + at, payload: bytes.subarray(at, at + 256), blockNumber, totalBlocks, boardFamily: familyID(family)! });
    }),
  );
}
