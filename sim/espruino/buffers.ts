// The interpreter's flat buffers as this process sees them. While the interpreter waits for us its memory stands still: what is
// read is fetched once and kept, what is written is kept and sent before the interpreter goes on.

/** How bytes get to and from the interpreter. */
export interface BufferLink {
  fetch(buffer: number, offset: number, length: number): Uint8Array;
  store(buffer: number, offset: number, bytes: Uint8Array): void;
}

interface Copy {
  readonly bytes: Uint8Array;
  /** What the interpreter has, where known. */
  readonly theirs: Uint8Array;
  /** Which blocks are known. */
  readonly known: Uint8Array;
  isUsed: boolean;
}

const BLOCK_BYTES = 512;
/** Changes closer than this are sent as one. */
const GAP_BYTES = 64;

export class Buffers {
  readonly #copies: (Copy | undefined)[] = [];

  constructor(private readonly link: BufferLink) {}

  place(buffer: number, length: number): void {
    this.#copies[buffer] ??= {
      bytes: new Uint8Array(length),
      theirs: new Uint8Array(length),
      known: new Uint8Array(Math.ceil(length / BLOCK_BYTES)),
      isUsed: false,
    };
  }

  forget(from: number): void {
    this.#copies.splice(from, this.#copies.length);
  }

  /** The bytes as they are now; writing into them writes the buffer, until the interpreter goes on. */
  view(buffer: number, offset: number, length: number): Uint8Array {
    const copy = this.#copies[buffer]!;
    copy.isUsed = true;
    const last = Math.ceil((offset + length) / BLOCK_BYTES);
    for (let block = Math.floor(offset / BLOCK_BYTES); block < last; block++) {
      if (copy.known[block]) continue;
      let end = block + 1;
      while (end < last && !copy.known[end]) end++;
      this.#fetch(buffer, copy, block, end);
      block = end - 1;
    }
    return copy.bytes.subarray(offset, offset + length);
  }

  /** Sends what has changed and forgets the rest: the interpreter is about to go on. */
  flush(): void {
    this.#copies.forEach((copy, buffer) => {
      if (!copy?.isUsed) return;
      for (const [from, to] of changes(copy)) this.link.store(buffer, from, copy.bytes.subarray(from, to));
      copy.known.fill(0);
      copy.isUsed = false;
    });
  }

  /** The interpreter is gone: what is known stays, the rest is as it was last seen. */
  freeze(): void {
    for (const copy of this.#copies) copy?.known.fill(1);
  }

  #fetch(buffer: number, copy: Copy, block: number, end: number): void {
    const from = block * BLOCK_BYTES;
    const data = this.link.fetch(buffer, from, Math.min(end * BLOCK_BYTES, copy.bytes.length) - from);
    copy.bytes.set(data, from);
    copy.theirs.set(data, from);
    copy.known.fill(1, block, end);
  }
}

/** Ranges of known bytes that differ. */
function* changes({ bytes, theirs, known }: Copy): Generator<[number, number]> {
  let from = -1;
  let to = -1;
  for (let block = 0; block < known.length; block++) {
    if (!known[block]) continue;
    const end = Math.min((block + 1) * BLOCK_BYTES, bytes.length);
    for (let i = block * BLOCK_BYTES; i < end; i++) {
      if (bytes[i] === theirs[i]) continue;
      if (from >= 0 && i - to > GAP_BYTES) {
        yield [from, to];
        from = -1;
      }
      if (from < 0) from = i;
      to = i + 1;
    }
  }
  if (from >= 0) yield [from, to];
}
