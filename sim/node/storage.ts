// Espruino's Storage over flash that may lose its power at any operation: a chain of files, each a 32-byte header and its data.
// Replacing is not atomic (the old file dies, then the header is written, then the data), and a broken chain is either wiped at boot
// or written into without a word. It behaves so on purpose. Facts: espruino-platform 6, espruino/Espruino src/jsflash.c;
// test/interpreter/storage.test.ts compares it with the real interpreter.
// Not modelled, and so refused: StorageFile (open), hash, writeJSON. Strings read from a file stay when it is erased.

import { HEADER_BYTES, KIND_STORAGE_FILE, NAME_AT, REAL_KINDS, aligned, headerBytes, isErased, nameBytes, nameText, parseHeader, type Header } from "./storage-format.ts";

export interface StorageFlash {
  readonly bytes: number;
  readonly pageBytes: number;
  read(offset: number, length: number): Uint8Array;
  write(offset: number, data: Uint8Array): void;
  /** `offset` is a page's first byte. */
  erasePage(offset: number): void;
  /** A line on the console. */
  print(text: string): void;
}

/** A place in the chain; `at` is undefined where the area ends. */
interface Place {
  readonly at: number | undefined;
  readonly header: Header;
}

export interface StorageStats {
  totalBytes: number;
  freeBytes: number;
  fileBytes: number;
  fileCount: number;
  trashBytes: number;
  trashCount: number;
}

export class Storage {
  constructor(private readonly flash: StorageFlash) {}

  /** The check at boot: a chain that does not end in blank flash is wiped, with everything that is in it. */
  checkAtBoot(): void {
    if (this.#isValid()) return;
    this.flash.print("Storage is corrupt.");
    this.flash.print("Erasing Storage Area...");
    this.eraseAll();
    this.flash.print("Erase complete.");
  }

  /** Where a file's data lies; undefined when there is no such file. */
  find(name: string): { readonly offset: number; readonly size: number } | undefined {
    const file = this.#find(nameBytes(name));
    return file && { offset: file.at + HEADER_BYTES, size: file.header.size };
  }

  read(name: string, offset = 0, length = 0): Uint8Array | undefined {
    const file = this.find(name);
    if (!file) return undefined;
    const from = Math.min(Math.max(0, offset), file.size);
    const wanted = length <= 0 ? file.size : length;
    return this.flash.read(file.offset + from, Math.min(wanted, file.size - from));
  }

  write(name: string, data: Uint8Array, offset = 0, wantedSize = 0): boolean {
    if (offset < 0 || wantedSize < 0) return false;
    const size = wantedSize || data.length;
    if (size === 0) throw new Error("Can't create zero length file");
    const wanted = nameBytes(name);
    let file = this.#find(wanted);
    if (offset === 0 && !(file && file.header.kind === 0 && file.header.size === size && isErased(this.#data(file, 0, size)))) {
      const isSame = file && file.header.kind === 0 && file.header.size === size && data.length === size && Buffer.compare(this.#data(file, 0, size), data) === 0;
      if (isSame) return true;
      if (file) this.#zap(file.at);
      file = this.#create(wanted, size);
    }
    if (!file) throw new Error("Unable to find or create file");
    if (offset + data.length > file.header.size) throw new Error("Too much data for file size");
    if (!isErased(this.#data(file, offset, data.length))) throw new Error("File already written with different data");
    if (data.length > 0) this.flash.write(file.at + HEADER_BYTES + offset, data);
    return true;
  }

  erase(name: string): void {
    const file = this.#find(nameBytes(name));
    if (file) this.#zap(file.at);
  }

  eraseAll(): void {
    for (let at = 0; at < this.flash.bytes; at += this.flash.pageBytes) this.flash.erasePage(at);
  }

  list(isListed: (name: string) => boolean = () => true, storageFiles?: boolean): string[] {
    const names: string[] = [];
    this.#walk(true, (_, { kind, name, isTrash }) => {
      if (isTrash || !REAL_KINDS.includes(kind)) return;
      const isStorageFile = (kind & KIND_STORAGE_FILE) !== 0;
      if (storageFiles !== undefined && storageFiles !== isStorageFile) return;
      let text = nameText(name);
      if (isStorageFile) {
        // Only the first chunk of a StorageFile stands for it.
        if (!text.endsWith("\x01")) return;
        if (storageFiles) text = text.slice(0, -1);
      }
      if (isListed(text)) names.push(text);
    });
    return names;
  }

  getStats(): StorageStats {
    return this.#survey().stats;
  }

  /** Free bytes after the last file. */
  getFree(): number {
    return this.#survey().stats.freeBytes;
  }

  /** Moves live files down. What is on its way is in RAM only. False when nothing was gained. */
  compact(): boolean {
    const { stats, firstDirtyPage } = this.#survey();
    if (stats.trashBytes === 0) return false;
    this.flash.print("Compacting... ");
    const capacity = Math.min(stats.fileBytes, this.flash.pageBytes + HEADER_BYTES);
    let swap: Uint8Array = new Uint8Array(0);
    let writeAt = firstDirtyPage;
    const flush = (readAt: number): void => {
      while (swap.length > 0) {
        const pageEnd = this.#pageAfter(writeAt) ?? this.flash.bytes;
        // Still reading from the page that would be erased.
        if (readAt < pageEnd) return;
        if (writeAt % this.flash.pageBytes === 0) this.flash.erasePage(writeAt);
        const piece = swap.subarray(0, Math.min(swap.length, pageEnd - writeAt));
        this.flash.write(writeAt, piece);
        writeAt += piece.length;
        swap = swap.slice(piece.length);
      }
    };
    let isStuck = false;
    const end = this.#walk(
      true,
      (at, header) => {
        if (isStuck || header.isTrash || !REAL_KINDS.includes(header.kind)) return;
        swap = Buffer.concat([swap, this.flash.read(at, HEADER_BYTES)]);
        let readAt = at + HEADER_BYTES;
        const dataEnd = readAt + aligned(header.size);
        flush(readAt);
        while (readAt < dataEnd && !isStuck) {
          const count = Math.min(capacity - swap.length, dataEnd - readAt);
          if (count <= 0) {
            isStuck = true;
            return;
          }
          swap = Buffer.concat([swap, this.flash.read(readAt, count)]);
          readAt += count;
          flush(readAt);
        }
      },
      firstDirtyPage,
    );
    if (isStuck) return false;
    flush(this.flash.bytes);
    const firstUnused = writeAt === firstDirtyPage ? writeAt : this.#pageAfter(writeAt - 1);
    if (firstUnused !== undefined) {
      for (let at = firstUnused; at < (end.at ?? this.flash.bytes); at += this.flash.pageBytes) this.flash.erasePage(at);
    }
    return true;
  }

  #header(at: number): Header {
    const isInside = at + HEADER_BYTES <= this.flash.bytes;
    return parseHeader(isInside ? this.flash.read(at, HEADER_BYTES) : new Uint8Array(HEADER_BYTES), this.flash.bytes - at);
  }

  #pageAfter(at: number): number | undefined {
    const next = (Math.floor(at / this.flash.pageBytes) + 1) * this.flash.pageBytes;
    return next < this.flash.bytes ? next : undefined;
  }

  /** The next link; with `acrossPages` a gap up to the next page is skipped. */
  #next(at: number, header: Header, acrossPages: boolean): Place {
    const next = at + HEADER_BYTES + aligned(header.size);
    if (next + HEADER_BYTES > this.flash.bytes) return { at: undefined, header };
    const found = this.#header(next);
    if (found.isValid || !acrossPages) return { at: next, header: found };
    const page = this.#pageAfter(next);
    return page === undefined ? { at: undefined, header: found } : { at: page, header: this.#header(page) };
  }

  /** Visits the files of the chain and returns the place at which it ends. */
  #walk(acrossPages: boolean, visit: (at: number, header: Header) => boolean | void, from = 0): Place {
    let place: Place = { at: from, header: this.#header(from) };
    while (place.at !== undefined && place.header.isValid) {
      if (visit(place.at, place.header) === true) break;
      place = this.#next(place.at, place.header, acrossPages);
    }
    return place;
  }

  #find(name: Uint8Array): { readonly at: number; readonly header: Header } | undefined {
    let found: { readonly at: number; readonly header: Header } | undefined;
    this.#walk(true, (at, header) => {
      if (Buffer.compare(header.name, name) !== 0) return false;
      found = { at, header };
      return true;
    });
    return found;
  }

  #data({ at }: { readonly at: number }, offset: number, length: number): Uint8Array {
    return this.flash.read(at + HEADER_BYTES + offset, length);
  }

  #zap(at: number): void {
    this.flash.write(at + NAME_AT, new Uint8Array(4));
  }

  /** Writes a header where there is room, after compaction if that helps; blankness is not checked. */
  #create(name: Uint8Array, size: number): { readonly at: number; readonly header: Header } | undefined {
    const needed = HEADER_BYTES + aligned(size);
    for (let isCompacted = false; ; isCompacted = true) {
      const { at, reclaimable } = this.#room(needed);
      if (at !== undefined) {
        this.flash.write(at, headerBytes(name, size));
        return { at, header: { isValid: true, isBlank: false, size, kind: 0, name, isTrash: false } };
      }
      if (isCompacted || needed >= reclaimable || !this.compact()) return undefined;
    }
  }

  #room(needed: number): { readonly at: number | undefined; readonly reclaimable: number } {
    let reclaimable = 0;
    for (let from: number | undefined = 0; from !== undefined; ) {
      const { at } = this.#walk(false, (_, header) => void (reclaimable += header.isTrash ? header.size : 0), from);
      if (at === undefined) break;
      const space = this.#space(at);
      reclaimable += space;
      if (space >= needed) return { at, reclaimable };
      from = this.#pageAfter(at);
    }
    return { at: undefined, reclaimable };
  }

  /** Up to the next page, or to the end when that page does not begin with a file. */
  #space(at: number): number {
    const page = this.#pageAfter(at);
    return (page !== undefined && this.#header(page).isValid ? page : this.flash.bytes) - at;
  }

  #survey(): { readonly stats: StorageStats; readonly firstDirtyPage: number } {
    const stats = { totalBytes: this.flash.bytes, freeBytes: 0, fileBytes: 0, fileCount: 0, trashBytes: 0, trashCount: 0 };
    let last = 0;
    /** The last page that no file reaches into from before. */
    let wholePage = 0;
    let firstDirtyPage: number | undefined;
    this.#walk(true, (at, { size, isTrash }) => {
      if (at % this.flash.pageBytes === 0) wholePage = at;
      const bytes = HEADER_BYTES + aligned(size);
      last = at + bytes;
      if (isTrash) {
        stats.trashBytes += bytes;
        stats.trashCount++;
        firstDirtyPage ??= wholePage;
      } else {
        stats.fileBytes += bytes;
        stats.fileCount++;
      }
    });
    stats.freeBytes = this.flash.bytes - last;
    return { stats, firstDirtyPage: firstDirtyPage ?? 0 };
  }

  #isValid(): boolean {
    let last: { readonly at: number; readonly header: Header } | undefined;
    const { at, header } = this.#walk(true, (file, found) => void (last = { at: file, header: found }));
    if (last && at === undefined) {
      // The chain may end because the area does.
      const next = last.at + HEADER_BYTES + aligned(last.header.size);
      if (next <= this.flash.bytes && next + HEADER_BYTES > this.flash.bytes) return true;
    }
    // An empty area must be blank to its end; behind a chain only the next header is looked at.
    if (header.isBlank && at === 0) return isErased(this.flash.read(0, this.flash.bytes));
    return header.isBlank;
  }
}
