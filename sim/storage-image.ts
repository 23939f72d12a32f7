// Espruino's Storage format: a chain of files, each a 32-byte header (size, name) and data padded to four bytes.
// Source: espruino/Espruino src/jsflash.h. Reading is what the interpreter does; building is what a production image is.

const HEADER_BYTES = 32;
const NAME_BYTES = 28;

const aligned = (size: number): number => (size + 3) & ~3;

export interface StorageFile {
  readonly name: string;
  readonly data: Uint8Array;
  /** Reserved size when it is larger than the data; the rest stays erased. */
  readonly size?: number;
}

/** Lays files out one behind the other. Throws when they do not fit. */
export function buildStorage(files: readonly StorageFile[], bytes: number): Uint8Array {
  const image = new Uint8Array(bytes).fill(0xff);
  const view = new DataView(image.buffer);
  let at = 0;
  for (const { name, data, size = data.length } of files) {
    if (name.length > NAME_BYTES) throw new RangeError(`Storage name too long: ${name}`);
    if (at + HEADER_BYTES + size > bytes) throw new RangeError(`Storage is full: ${name} needs ${size} bytes, ${bytes - at - HEADER_BYTES} are left`);
    view.setUint32(at, size, true);
    image.fill(0, at + 4, at + HEADER_BYTES);
    image.set(Buffer.from(name, "latin1"), at + 4);
    image.set(data, at + HEADER_BYTES);
    at += HEADER_BYTES + aligned(size);
  }
  return image;
}

/** Walks the chain in `bytes` as they are now. */
export function findFile(bytes: Uint8Array, name: string): Uint8Array | undefined {
  for (const file of walk(bytes)) if (file.name === name) return file.data;
  return undefined;
}

export function* walk(bytes: Uint8Array): Generator<StorageFile> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length) {
    const size = view.getUint32(at, true);
    if (size === 0xffffffff) return;
    const length = size & 0xffffff;
    const nameBytes = bytes.subarray(at + 4, at + HEADER_BYTES);
    const end = nameBytes.indexOf(0);
    const name = Buffer.from(nameBytes.subarray(0, end < 0 ? NAME_BYTES : end)).toString("latin1");
    if (name !== "" && at + HEADER_BYTES + length <= bytes.length) yield { name, data: bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length) };
    at += HEADER_BYTES + aligned(length);
  }
}
