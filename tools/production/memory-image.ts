// What a chip's memory will hold: pieces of bytes at addresses, from Intel HEX or UF2 and back. Files come from strangers: sizes
// are checked before memory is taken, addresses against the chip's, and no byte may be claimed twice.

import MemoryMap from "nrf-intel-hex";
import { UF2Flags, blockSize as UF2_BLOCK, decodeBlock, familyID } from "uf2";
import type { Chip } from "../../boards/nrf52.ts";
import { UserError } from "../errors.ts";

/** A piece of memory; pieces of an image are in order of address and neither touch nor overlap. */
export interface Piece {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** User configuration registers: one page that programmers write like flash. PS, UICR. */
const UICR = { base: 0x10001000, bytes: 0x1000 };
/** A chip of 1 MB is 2.8 MB of HEX with the shortest usual records, and 2 MB of UF2. */
export const MOST_IMAGE_BYTES = 8 * 1024 * 1024;
const UF2_PAYLOAD = 256;
/** A record has 255 bytes of data at most. */
const LONGEST_HEX_LINE = 1 + 2 * (5 + 255);
const HEX_RECORD_BYTES = 32;

const hex = (value: number): string => `0x${value.toString(16).padStart(8, "0")}`;

/** Reads what a .hex or .uf2 file holds for that chip; `what` names the file in errors. */
export function parseMemoryImage(file: Buffer, name: string, what: string, chip: Chip): readonly Piece[] {
  const format = name.toLowerCase().endsWith(".uf2") ? parseUf2 : name.toLowerCase().endsWith(".hex") ? parseHex : undefined;
  if (!format) throw new UserError(`${what} ${name} is neither .uf2 nor .hex`, "Name a file in one of these formats.");
  try {
    return joined(format(file, chip).map((piece) => onChip(piece, chip)));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UserError(`${what} ${name} is damaged or not for this chip: ${error.message}`, "Fetch the file again, and compare its checksum.");
  }
}

function parseHex(file: Buffer): Piece[] {
  const text = file.toString("latin1");
  if (new RegExp(`[^\\r\\n]{${LONGEST_HEX_LINE + 1}}`).test(text)) throw new RangeError("a line is longer than any record");
  try {
    return Array.from(MemoryMap.fromHex(text), ([address, bytes]) => ({ address, bytes }));
  } catch (error) {
    throw new RangeError((error as Error).message.slice(0, 200));
  }
}

function parseUf2(file: Buffer, { name }: Chip): Piece[] {
  if (file.length === 0 || file.length % UF2_BLOCK !== 0) throw new RangeError(`${file.length} bytes are no whole number of ${UF2_BLOCK}-byte blocks`);
  const count = file.length / UF2_BLOCK;
  const family = familyID(`Nordic ${name.toUpperCase()}`);
  return Array.from({ length: count }, (_, i) => {
    const at = `block ${i}`;
    let block;
    try {
      block = decodeBlock(file.subarray(i * UF2_BLOCK, (i + 1) * UF2_BLOCK));
    } catch (error) {
      throw new RangeError(`${at}: ${(error as Error).message}`);
    }
    if (block.flags !== UF2Flags.familyIDPresent) throw new RangeError(`${at} has flags ${hex(block.flags)}`);
    if (block.boardFamily !== family) throw new RangeError(`${at} is for family ${hex(block.boardFamily)}, not for the ${name}`);
    if (block.blockNumber !== i || block.totalBlocks !== count) throw new RangeError(`${at} says it is ${block.blockNumber} of ${block.totalBlocks}, the file has ${count}`);
    if (block.payload.length !== UF2_PAYLOAD || block.flashAddress % UF2_PAYLOAD !== 0) throw new RangeError(`${at} holds ${block.payload.length} bytes for ${hex(block.flashAddress)}`);
    return { address: block.flashAddress, bytes: block.payload };
  });
}

function onChip(piece: Piece, { name, flashBytes }: Chip): Piece {
  const end = piece.address + piece.bytes.length;
  const isFlash = end <= flashBytes;
  const isUicr = piece.address >= UICR.base && end <= UICR.base + UICR.bytes;
  if (!isFlash && !isUicr) throw new RangeError(`${piece.bytes.length} bytes at ${hex(piece.address)} lie outside the ${name}`);
  return piece;
}

/** Pieces in order of address, neighbours made one. Refuses bytes that are claimed twice. */
export function joined(pieces: readonly Piece[]): Piece[] {
  const sorted = pieces.filter(({ bytes }) => bytes.length > 0).sort((a, b) => a.address - b.address);
  const groups: Piece[][] = [];
  let end = -1;
  for (const piece of sorted) {
    if (piece.address < end) throw new RangeError(`the byte at ${hex(piece.address)} is claimed twice`);
    if (piece.address === end) groups.at(-1)!.push(piece);
    else groups.push([piece]);
    end = piece.address + piece.bytes.length;
  }
  return groups.map((group) => ({ address: group[0]!.address, bytes: Buffer.concat(group.map(({ bytes }) => bytes)) }));
}

/** The bytes of a range; erased flash where no piece says otherwise. */
export function rangeOf(pieces: readonly Piece[], address: number, length: number): Uint8Array {
  const range = new Uint8Array(length).fill(0xff);
  for (const piece of pieces) {
    const from = Math.max(address, piece.address);
    const to = Math.min(address + length, piece.address + piece.bytes.length);
    if (from < to) range.set(piece.bytes.subarray(from - piece.address, to - piece.address), from - address);
  }
  return range;
}

export function toHex(pieces: readonly Piece[]): string {
  return new MemoryMap(joined(pieces).map(({ address, bytes }): [number, Uint8Array] => [address, Uint8Array.from(bytes)])).asHexString(HEX_RECORD_BYTES) + "\n";
}
