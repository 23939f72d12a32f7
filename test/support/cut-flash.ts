// The flash of a store whose power may fail at any operation, and whose pages may wear out. The physics are the simulator's.

import { createHash } from "node:crypto";
import { ERR_HARDWARE, OK, type Flash } from "../../hal/contract.ts";
import { PowerCut } from "../../sim/engine.ts";
import { FlashMemory, FlashPort, PAGE_BYTES, type CutPlan, type FlashTiming } from "../../sim/flash.ts";

export type Phase = CutPlan["phase"];
export const PHASES: readonly Phase[] = ["before", "during", "faint", "after"];

const INSTANT: FlashTiming = { pageEraseUs: 0, programUsPerByte: 0, readUsPerByte: 0, stopsProcessor: false };
const KEY_BASE = 0x10000000;

/** One program or erase of a page. */
interface Operation {
  readonly of: "log" | "key";
  readonly page: number;
  readonly run: (port: FlashPort) => void;
  readonly isErase: boolean;
}

export class CutFlash {
  readonly log: FlashMemory;
  readonly key = new FlashMemory(KEY_BASE, 1, INSTANT);
  /** Pages of the log that take no erase any more. */
  readonly worn: Set<number>;
  /** Operations since this was made or copied. */
  operations = 0;
  /** Where the power fails. */
  cut: CutPlan | undefined;
  /** Told of each operation before it is done; `fail` gives what would be left, had the power failed there. */
  onOperation: ((fail: (phase: Phase) => CutFlash) => void) | undefined;
  /** Of the log's pages; undefined after a change. */
  #digests: (string | undefined)[];

  constructor(pages: number, worn: Iterable<number> = []) {
    this.log = new FlashMemory(0, pages, INSTANT);
    this.worn = new Set(worn);
    this.#digests = new Array<undefined>(pages).fill(undefined);
  }

  copy(): CutFlash {
    const copy = new CutFlash(this.log.pages, this.worn);
    copy.log.bytes.set(this.log.bytes);
    copy.key.bytes.set(this.key.bytes);
    copy.#digests = this.#digest().slice();
    return copy;
  }

  /** Alike for flash whose bytes and worn pages are alike. */
  get signature(): string {
    return [...this.#digest(), digestOf(this.key.bytes), ...this.worn].join();
  }

  #digest(): (string | undefined)[] {
    for (let page = 0; page < this.log.pages; page++) this.#digests[page] ??= digestOf(this.log.bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES));
    return this.#digests;
  }

  /** The store's port to the log or to the key page. */
  port(of: "log" | "key"): Flash {
    const { base, pages, bytes: all } = this[of];
    const read = (address: number, length: number): Uint8Array => all.slice(address, address + length);
    const holds = (address: number, data: Uint8Array): number => (Buffer.compare(all.subarray(address, address + data.length), data) === 0 ? OK : ERR_HARDWARE);
    return {
      pageBytes: PAGE_BYTES,
      pages,
      read,
      gather(into, bytes, stride, count) {
        for (let i = 0; i < count; i++) into.set(read(i * stride, bytes), i * bytes);
      },
      write: (address, bytes) => {
        const data = bytes.slice();
        this.#operate({ of, page: Math.floor(address / PAGE_BYTES), isErase: false, run: (port) => port.write(base + address, data) });
        return holds(address, data);
      },
      erasePage: (page) => {
        this.#operate({ of, page, isErase: true, run: (port) => port.erasePage(base + page * PAGE_BYTES) });
        return holds(page * PAGE_BYTES, ERASED);
      },
    };
  }

  #operate(operation: Operation): void {
    this.onOperation?.((phase) => {
      const copy = this.copy();
      try {
        copy.#apply(operation, phase);
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error;
      }
      return copy;
    });
    const phase = this.cut?.operation === this.operations ? this.cut.phase : undefined;
    this.operations++;
    this.#apply(operation, phase);
  }

  #apply({ of, page, isErase, run }: Operation, phase: Phase | undefined): void {
    const port = new FlashPort([this[of]], () => 0, () => undefined, () => undefined);
    port.cut = phase && { operation: 0, phase };
    if (of === "key") return run(port);
    this.#digests[page] = undefined;
    // Of a worn page the erase does its first half, or nothing where the page's number is odd; and nobody is told.
    const keptFrom = page * PAGE_BYTES + (page % 2 === 0 ? PAGE_BYTES / 2 : 0);
    const kept = isErase && this.worn.has(page) ? this.log.bytes.slice(keptFrom, (page + 1) * PAGE_BYTES) : undefined;
    try {
      run(port);
    } finally {
      if (kept) this.log.bytes.set(kept, keptFrom);
    }
  }
}

const ERASED = new Uint8Array(PAGE_BYTES).fill(0xff);

function digestOf(bytes: Uint8Array): string {
  return createHash("sha1").update(bytes).digest("base64");
}
