// Bluetooth device addresses as Espruino writes them: "aa:bb:cc:dd:ee:ff random" (libs/bluetooth/bluetooth_utils.c bleAddrToStr,
// bleVarToAddr). Private resolvable ones as the Core Specification makes them (Vol 3 Part H 2.2.2, Vol 6 Part B 1.3.2.2).

import { createCipheriv } from "node:crypto";

export type AddressKind = "public" | "random" | "private-resolvable" | "private-nonresolvable";

/** The text of an address: six bytes, most significant first, and its kind. */
export type Address = string;

const TEXT_LENGTH = 17;

export function kindOf(address: Address): AddressKind {
  return (address.slice(TEXT_LENGTH + 1) || "public") as AddressKind;
}

export function bytesOf(address: Address): Uint8Array {
  return Uint8Array.from(address.slice(0, TEXT_LENGTH).split(":"), (byte) => parseInt(byte, 16));
}

export function addressOf(bytes: Uint8Array, kind: AddressKind): Address {
  return `${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":")} ${kind}`;
}

/** What bleVarToAddr makes of a text; undefined where it refuses it. */
export function parseAddress(text: unknown): Address | undefined {
  if (typeof text !== "string") return undefined;
  for (let i = 2; i < TEXT_LENGTH; i += 3) if (text[i] !== ":") return undefined;
  const kind = text.length === TEXT_LENGTH ? "public" : text.slice(TEXT_LENGTH + 1);
  if (!["public", "random", "private-resolvable", "private-nonresolvable"].includes(kind)) return undefined;
  return addressOf(bytesOf(text), kind as AddressKind);
}

/** The two upper bits of a static random address are ones: the stack refuses others. */
export function isValidIdentity(address: Address): boolean {
  return kindOf(address) === "public" || (kindOf(address) === "random" && bytesOf(address)[0]! >= 0xc0);
}

/** e(IRK, padding || r), of which the last 24 bits count. */
function hash(irk: Uint8Array, random: Uint8Array): Uint8Array {
  const block = new Uint8Array(16);
  block.set(random, 13);
  const cipher = createCipheriv("aes-128-ecb", irk, null);
  return cipher.update(block).subarray(13);
}

export function privateAddress(irk: Uint8Array, random24: number): Address {
  const random = Uint8Array.of(((random24 >>> 16) & 0x3f) | 0x40, random24 >>> 8, random24);
  return addressOf(Uint8Array.of(...random, ...hash(irk, random)), "private-resolvable");
}

export function resolves(address: Address, irk: Uint8Array): boolean {
  if (kindOf(address) !== "private-resolvable") return false;
  const bytes = bytesOf(address);
  return Buffer.compare(hash(irk, bytes.subarray(0, 3)), bytes.subarray(3)) === 0;
}
