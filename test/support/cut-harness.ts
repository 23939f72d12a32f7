// The store on flash whose power may fail at any operation, and what must be true of it whatever happens. A story is a list of
// commands; after every boot all that the toy has confirmed is compared with all that it still has.

import assert from "node:assert/strict";
import { ERR_FULL, ERR_HARDWARE, OK, type Flash } from "../../hal/contract.ts";
import { BLOCKS_PER_SHEET, JOURNAL_PAGES, ORIGIN_FAMILY, ORIGIN_OWN, PAGES_PER_SHEET, RECORD_PAGES, SHEET_SAMPLES } from "../../firmware/messages/layout.ts";
import type { Store } from "../../firmware/messages/store.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../firmware/voice/abi.ts";
import { PowerCut } from "../../sim/engine.ts";
import { FlashMemory, FlashPort, PAGE_BYTES, type CutPlan, type FlashTiming } from "../../sim/flash.ts";
import { bootStore } from "./store.ts";

export type Command =
  | { readonly do: "record" | "receive"; readonly blocks: number }
  | { readonly do: "hear" | "delete"; readonly which: number }
  | { readonly do: "put"; readonly kind: number; readonly bytes: number }
  | { readonly do: "note"; readonly times: number }
  | { readonly do: "settle" | "reboot" | "reset" }
  /** That page takes no erase any more: half of it is done, and nobody is told. */
  | { readonly do: "wearOut"; readonly page: number }
  /** The power fails so many operations later. */
  | { readonly do: "cut"; readonly after: number; readonly phase: CutPlan["phase"] };

interface Known {
  readonly origin: number;
  readonly samples: number;
  readonly fill: number;
  isHeard: boolean;
  isHearing?: boolean;
}

const INSTANT: FlashTiming = { pageEraseUs: 0, programUsPerByte: 0, readUsPerByte: 0, stopsProcessor: false };
export const PHASES = ["before", "during", "after"] as const;
const KEY_BASE = 0x10000000;

export class CutRig {
  readonly log: FlashMemory;
  readonly key = new FlashMemory(KEY_BASE, 1, INSTANT);
  readonly sheets: number;
  /** Flash operations since the rig was made or restored. */
  operations = 0;
  cuts = 0;
  #worn = new Set<number>();
  #cutAt: { operation: number; phase: CutPlan["phase"] } | undefined;
  #messages = new Map<number, Known>();
  #used = new Set<number>();
  #records = new Map<number, string>();
  #writing: Known | undefined;
  #deleting: number | undefined;
  #putting: { kind: number; value: string } | undefined;
  #isEvicting = false;
  #isResetting = false;
  #oldKey = new Uint8Array(32);
  #seed = 0;
  #ms = 0;
  #value = 1;
  #store: Store | undefined;

  constructor(sheets = 8) {
    this.sheets = sheets;
    this.log = new FlashMemory(0, sheets * PAGES_PER_SHEET + RECORD_PAGES + JOURNAL_PAGES, INSTANT);
  }

  /** A rig in the same state, without a pending cut. */
  copy(): CutRig {
    const rig = new CutRig(this.sheets);
    rig.log.bytes.set(this.log.bytes);
    rig.key.bytes.set(this.key.bytes);
    rig.#worn = new Set(this.#worn);
    rig.#messages = new Map([...this.#messages].map(([sequence, known]) => [sequence, { ...known }]));
    rig.#used = new Set(this.#used);
    rig.#records = new Map(this.#records);
    rig.#seed = this.#seed;
    rig.#ms = this.#ms;
    rig.#value = this.#value;
    return rig;
  }

  /** Runs the commands; wherever the power fails, boots and goes on with the next one. Ends with a boot and a full check. */
  play(commands: readonly Command[]): this {
    for (const command of commands) {
      this.#guarded(() => {
        this.#store ??= this.#boot();
        this.#do(this.#store, command);
      });
    }
    // What may still be cut is the recovery itself.
    while (!this.#guarded(() => void (this.#store = this.#boot())));
    this.#cutAt = undefined;
    this.#livesOn();
    return this;
  }

  /** Whether nothing failed. */
  #guarded(run: () => void): boolean {
    try {
      run();
      return true;
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
      this.cuts++;
      this.#store = undefined;
      this.#cutAt = undefined;
      return false;
    }
  }

  #port(memory: FlashMemory, pages: number, mayWear: boolean): Flash {
    const port = new FlashPort([memory], () => 0, () => undefined, () => undefined);
    const operate = (work: () => void): void => {
      port.cut = this.#cutAt?.operation === this.operations ? { operation: port.operations.length, phase: this.#cutAt.phase } : undefined;
      this.operations++;
      work();
    };
    const read = (address: number, length: number): Uint8Array => new Uint8Array(port.peek(memory.base + address, length));
    return {
      pageBytes: PAGE_BYTES,
      pages,
      read,
      gather(into, bytes, stride, count) {
        for (let i = 0; i < count; i++) into.set(read(i * stride, bytes), i * bytes);
      },
      write(address, bytes) {
        operate(() => port.write(memory.base + address, bytes.slice()));
        return Buffer.compare(read(address, bytes.length), bytes) === 0 ? OK : ERR_HARDWARE;
      },
      erasePage: (page) => {
        const before = mayWear && this.#worn.has(page) ? memory.bytes.slice(page * PAGE_BYTES, (page + 1) * PAGE_BYTES) : undefined;
        operate(() => port.erasePage(memory.base + page * PAGE_BYTES));
        if (before) memory.bytes.set(before.subarray(PAGE_BYTES / 2), (page + 0.5) * PAGE_BYTES);
        return read(page * PAGE_BYTES, PAGE_BYTES).every((byte) => byte === 0xff) ? OK : ERR_HARDWARE;
      },
    };
  }

  #boot(): Store {
    const flash = this.#port(this.log, this.log.pages, true);
    const keyPage = this.#port(this.key, 1, false);
    const store = bootStore({ flash, keyPage }, { recordingSamples: 3 * SHEET_SAMPLES, seed: ++this.#seed, nowMs: () => (this.#ms += 120000) });
    if (store.isResetting()) {
      assert.ok(this.#isResetting, "a reset that nobody asked for");
      this.#finishReset(store);
      // Not begun, or over: the key tells.
    } else if (this.#isResetting && Buffer.compare(this.#oldKey, this.key.bytes.subarray(12, 44)) !== 0) this.#forgetAll();
    this.#check(store);
    return store;
  }

  #do(store: Store, command: Command): void {
    const log = store.messages;
    switch (command.do) {
      case "record":
        return this.#write(store, ORIGIN_OWN, command.blocks);
      case "receive":
        return this.#write(store, ORIGIN_FAMILY, command.blocks);
      case "hear": {
        const message = log.count() > 0 ? log.at(command.which % log.count())! : undefined;
        if (!message || message.origin !== ORIGIN_FAMILY) return;
        const known = this.#messages.get(message.sequence)!;
        known.isHearing = true;
        assert.equal(log.markHeard(message), OK);
        known.isHeard = true;
        return;
      }
      case "delete": {
        const message = log.count() > 0 ? log.at(command.which % log.count())! : undefined;
        if (!message) return;
        this.#deleting = message.sequence;
        assert.equal(log.remove(message), OK);
        this.#messages.delete(message.sequence);
        this.#deleting = undefined;
        return;
      }
      case "put": {
        const bytes = new Uint8Array(command.bytes).fill(this.#value++);
        this.#putting = { kind: command.kind, value: bytes.join() };
        assert.equal(store.records.put(command.kind, bytes), OK);
        this.#records.set(command.kind, bytes.join());
        this.#putting = undefined;
        return;
      }
      case "note":
        for (let i = 0; i < command.times; i++) store.journal.add(1 + (i % 5), this.#value++);
        return;
      case "settle":
        return this.#settle(store);
      case "reboot":
        this.#store = this.#boot();
        return;
      case "reset":
        this.#isResetting = true;
        this.#oldKey = this.key.bytes.slice(12, 44);
        return this.#finishReset(store);
      case "wearOut":
        this.#worn.add(command.page % this.log.pages);
        return;
      case "cut":
        this.#cutAt = { operation: this.operations + command.after, phase: command.phase };
    }
  }

  #write(store: Store, origin: number, blocks: number): void {
    const log = store.messages;
    const fill = this.#value++ & 255;
    const code = log.begin(origin);
    if (code !== OK) {
      assert.equal(code, ERR_FULL);
      return;
    }
    this.#writing = { origin, samples: blocks * BLOCK_SAMPLES, fill, isHeard: false };
    for (let i = 0; i < blocks; i++) {
      const appended = log.append(this.#block(fill, i));
      if (appended === OK) continue;
      assert.ok(appended === ERR_FULL || (appended === ERR_HARDWARE && this.#worn.size > 0), `append says ${appended}`);
      log.abandon();
      this.#writing = undefined;
      return;
    }
    assert.equal(log.commit(blocks * BLOCK_SAMPLES), OK);
    this.#learn(log.at(log.count() - 1)!.sequence);
  }

  /** The message in the making has been made, under this number. */
  #learn(sequence: number): void {
    assert.ok(!this.#used.has(sequence), `number ${sequence} was used before`);
    this.#used.add(sequence);
    this.#messages.set(sequence, this.#writing!);
    this.#writing = undefined;
  }

  #settle(store: Store): void {
    this.#isEvicting = true;
    for (let steps = 0; store.maintain(); steps++) assert.ok(steps < 500, "housekeeping never ends");
    this.#dropEvicted(store);
    this.#isEvicting = false;
  }

  #dropEvicted(store: Store): void {
    for (const [sequence, known] of this.#messages) {
      if (store.messages.find(sequence)) continue;
      assert.ok(known.origin === ORIGIN_OWN || known.isHeard || known.isHearing, `message ${sequence} of the family was dropped unheard`);
      this.#messages.delete(sequence);
    }
  }

  #finishReset(store: Store): void {
    for (let steps = 0; store.forget(); steps++) assert.ok(steps < 1000, "forgetting never ends");
    for (let page = 0; page < this.log.pages; page++) {
      const bytes = this.log.bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
      const gone = this.#worn.has(page) ? 0 : 0xff;
      assert.ok(bytes.every((byte) => byte === 0xff || byte === gone), `page ${page} still holds something`);
    }
    const alike = this.#oldKey.filter((byte, i) => this.key.bytes[12 + i] === byte).length;
    assert.ok(alike < this.#oldKey.length / 4, "the key is left");
    store.renew();
    assert.equal(store.code, OK);
    this.#forgetAll();
  }

  #forgetAll(): void {
    this.#messages.clear();
    this.#used.clear();
    this.#records.clear();
    this.#writing = undefined;
    this.#isResetting = false;
  }

  #block(fill: number, index: number): Uint8Array {
    return new Uint8Array(BLOCK_BYTES).fill((fill + 3 * index) & 255);
  }

  #check(store: Store): void {
    const log = store.messages;
    assert.equal(store.code, OK);
    if (this.#deleting !== undefined && !log.find(this.#deleting)) this.#messages.delete(this.#deleting);
    this.#deleting = undefined;
    if (this.#isEvicting) this.#dropEvicted(store);
    this.#isEvicting = false;
    this.#isResetting = false;
    const into = new Uint8Array(BLOCK_BYTES);
    for (let i = 0; i < log.count(); i++) {
      const message = log.at(i)!;
      if (!this.#messages.has(message.sequence)) {
        assert.ok(this.#writing, `message ${message.sequence} from nowhere`);
        this.#learn(message.sequence);
      }
      const known = this.#messages.get(message.sequence)!;
      assert.deepEqual([message.origin, message.samples], [known.origin, known.samples]);
      if (known.isHearing) known.isHeard = message.isHeard;
      delete known.isHearing;
      assert.equal(message.isHeard, known.isHeard, `message ${message.sequence}: heard`);
      for (let block = 0; block * BLOCK_SAMPLES < message.samples; block++) {
        assert.equal(log.readBlock(message, block, into), OK, `message ${message.sequence}, block ${block}`);
        assert.deepEqual(into, this.#block(known.fill, block));
      }
    }
    assert.equal(log.count(), this.#messages.size, "a confirmed message is lost");
    this.#writing = undefined;
    for (const kind of new Set([...this.#records.keys(), ...(this.#putting ? [this.#putting.kind] : [])])) {
      const value = store.records.get(kind)?.join();
      if (this.#putting?.kind === kind && value === this.#putting.value) this.#records.set(kind, value);
      assert.equal(value, this.#records.get(kind), `record ${kind}`);
    }
    this.#putting = undefined;
    let last = 0;
    for (let i = 0; i < store.journal.count(); i++) {
      const entry = store.journal.at(i);
      if (!entry) continue;
      assert.ok(entry.number > last && entry.event <= 5, `journal entry ${i}`);
      last = entry.number;
    }
  }

  /** After everything: it keeps house, records and remembers as before. */
  #livesOn(): void {
    const store = this.#store!;
    this.#settle(store);
    const isFull = [...this.#messages.values()].every(({ origin, isHeard }) => origin === ORIGIN_FAMILY && !isHeard) && store.messages.roomSamples() < SHEET_SAMPLES;
    const before = this.#messages.size;
    this.#write(store, ORIGIN_OWN, Math.min(2, BLOCKS_PER_SHEET));
    assert.ok(isFull || this.#worn.size > 0 || this.#messages.size === before + 1, "it records no more");
    this.#do(store, { do: "put", kind: 1, bytes: 3 });
    this.#store = this.#boot();
  }
}

/** Runs a story from new flash; a failure prints the call that repeats it. */
export function replay(commands: readonly Command[], sheets = 8): CutRig {
  try {
    return new CutRig(sheets).play(commands);
  } catch (error) {
    if (error instanceof Error) error.message += `\nto run it again: replay(${JSON.stringify(commands)}, ${sheets});`;
    throw error;
  }
}

/** Cuts of a recovery: how many operations into it, for the first cut of that number. */
export type Again = (cut: number) => readonly { readonly after: number; readonly phase: CutPlan["phase"] }[];

/** Cuts the power before, during and after every operation of `act`, after `prepare` has been played; then once more in each recovery. */
export function cutEverywhere(prepare: readonly Command[], act: readonly Command[], again: Again): number {
  const ready = new CutRig().play(prepare);
  const whole = ready.copy().play(act);
  let runs = 0;
  const run = (commands: readonly Command[]): void => {
    try {
      ready.copy().play(commands);
      runs++;
    } catch (error) {
      if (error instanceof Error) error.message += `\nto run it again: new CutRig().play(${JSON.stringify(prepare)}).copy().play(${JSON.stringify(commands)});`;
      throw error;
    }
  };
  for (let after = 0; after < whole.operations; after++) {
    for (const phase of PHASES) {
      const first: Command = { do: "cut", after, phase };
      run([first, ...act]);
      // Cut while act runs, then again in what boots and keeps house after it.
      for (const second of again(runs)) run([first, ...act, { do: "cut", ...second }, { do: "reboot" }, { do: "settle" }]);
    }
  }
  return runs;
}
