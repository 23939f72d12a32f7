// The interpreter's one queue of things that interrupts saw: 1,024 bytes for bytes of the console, the radio's events and watches
// alike (src/jsdevices.c jshPushEvent, jshPushIOCharEvents; scripts/build_platform_config.py bufferSizeIO). Full means lost.

const QUEUE_BYTES = 1024;
/** "Be sensible - leave a little spare" (jshGetIOCharEventsFree). */
const SPARE_BYTES = 4;
/** Length and kind in front of each entry. */
const HEADER_BYTES = 2;
/** IOEVENT_MAX_LEN */
const ENTRY_BYTES = 255;

interface Entry {
  bytes: number;
  readonly channel: string | undefined;
  data: number[];
  readonly handle: (data: Uint8Array) => void;
}

export class IoQueue {
  /** Entries that found no room since power-on: all that Espruino keeps of it is the flag FIFO_FULL. */
  lost = 0;
  #entries: Entry[] = [];
  #used = 0;

  get usedBytes(): number {
    return this.#used;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  get freeBytes(): number {
    return QUEUE_BYTES - this.#used - SPARE_BYTES;
  }

  /** An event of `length` bytes, handled in the idle loop. False when it is lost. */
  push(length: number, handle: () => void): boolean {
    return this.#add({ bytes: length, channel: undefined, data: [], handle });
  }

  /** Bytes of a serial channel: they join the last entry where it is of the same channel. */
  pushChars(channel: string, bytes: Uint8Array, handle: (data: Uint8Array) => void): void {
    const last = this.#entries.at(-1);
    if (last && this.#entries.length > 1 && last.channel === channel && last.bytes + bytes.length < ENTRY_BYTES && this.freeBytes > 0) {
      last.bytes += bytes.length;
      last.data.push(...bytes);
      this.#used += bytes.length;
      return;
    }
    for (let from = 0; from < bytes.length; from += ENTRY_BYTES) {
      const data = [...bytes.subarray(from, from + ENTRY_BYTES)];
      this.#add({ bytes: data.length, channel, data, handle });
    }
  }

  /** Handles what was there when the idle loop came by; what is added meanwhile waits for the next pass. */
  drain(): void {
    const entries = this.#entries;
    this.#entries = [];
    for (const { bytes, data, handle } of entries) {
      this.#used -= bytes + HEADER_BYTES;
      handle(Uint8Array.from(data));
    }
  }

  #add(entry: Entry): boolean {
    if (this.freeBytes < entry.bytes + HEADER_BYTES) {
      this.lost++;
      return false;
    }
    this.#entries.push(entry);
    this.#used += entry.bytes + HEADER_BYTES;
    return true;
  }
}
