// Bytes of a file's header in Espruino's Storage: a size word with the kind on top, and 28 bytes of name. Source:
// espruino/Espruino src/jsflash.h.

export const HEADER_BYTES = 32;
const NAME_BYTES = 28;
export const NAME_AT = 4;
const UNSET = 0xffffffff;
export const KIND_STORAGE_FILE = 64;
/** Kinds that are listed and survive compaction: normal, StorageFile, compressed. */
export const REAL_KINDS = [0, KIND_STORAGE_FILE, 128];

export interface Header {
  readonly isValid: boolean;
  readonly isBlank: boolean;
  readonly size: number;
  readonly kind: number;
  readonly name: Uint8Array;
  /** The first four bytes of the name are zero: erased or replaced. */
  readonly isTrash: boolean;
}

export const aligned = (size: number): number => (size + 3) & ~3;
export const isErased = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0xff);

/** 28 bytes; "x:" in front is a drive and is lost, what is too long as well. */
export function nameBytes(name: string): Uint8Array {
  const whole = Buffer.alloc(NAME_BYTES);
  whole.write(name.slice(0, NAME_BYTES), "latin1");
  return name[1] === ":" ? Buffer.concat([whole.subarray(2), Buffer.alloc(2)]) : whole;
}

export function nameText(name: Uint8Array): string {
  const end = name.indexOf(0);
  return Buffer.from(name.subarray(0, end < 0 ? NAME_BYTES : end)).toString("latin1");
}

/** `left` is the room from the header's first byte to the end of the area. */
export function parseHeader(bytes: Uint8Array, left: number): Header {
  const word = (bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16) | (bytes[3]! << 24)) >>> 0;
  const size = word & 0xffffff;
  const name = bytes.subarray(NAME_AT);
  return {
    isValid: word !== UNSET && word !== 0 && HEADER_BYTES + size <= left,
    isBlank: isErased(bytes),
    size,
    kind: word >>> 24,
    name,
    isTrash: name[0] === 0 && name[1] === 0 && name[2] === 0 && name[3] === 0,
  };
}

/** A normal file's. */
export function headerBytes(name: Uint8Array, size: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  new DataView(bytes.buffer).setUint32(0, size, true);
  bytes.set(name, NAME_AT);
  return bytes;
}
