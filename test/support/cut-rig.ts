// A store on flash whose power may fail at any operation, driven by commands. After every boot all that it has confirmed is compared
// with all that it still has.

import assert from "node:assert/strict";
import { ERR_FULL, ERR_HARDWARE, OK } from "../../hal/contract.ts";
import { JOURNAL_PAGES, ORIGIN_FAMILY, ORIGIN_OWN, PAGES_PER_SHEET, RECORD_PAGES, SHEET_SAMPLES } from "../../firmware/messages/layout.ts";
import { KEY_WORD_CHECK } from "../../firmware/boot/key-words.ts";
import { KEY_WORD_KEY } from "../../firmware/messages/key-page.ts";
import type { Store } from "../../firmware/messages/store.ts";
import { BLOCK_SAMPLES } from "../../firmware/voice/abi.ts";
import { PowerCut } from "../../sim/engine.ts";
import { PAGE_BYTES } from "../../sim/flash.ts";
import { Confirmed, blockOf } from "./confirmed.ts";
import { CutFlash, PHASES, type Phase } from "./cut-flash.ts";
import { bootStore } from "../../tools/sim/bare-store.ts";

export type Command =
  | { readonly do: "record" | "receive"; readonly blocks: number }
  | { readonly do: "hear" | "delete"; readonly which: number }
  | { readonly do: "put"; readonly kind: number; readonly bytes: number }
  | { readonly do: "note"; readonly times: number }
  | { readonly do: "settle" | "reboot" | "reset" }
  /** That page takes no erase any more, and nobody is told. */
  | { readonly do: "wearOut"; readonly page: number }
  /** The power fails so many operations later. */
  | { readonly do: "cut"; readonly after: number; readonly phase: Phase };

/** A place where the power fails: within which command, how many operations after the first one's beginning, and how. */
export interface Place {
  readonly command: number;
  readonly after: number;
  readonly phase: Phase;
}

/** A full recording. */
const RECORDING_SHEETS = 3;

export class CutRig {
  /** How often the power failed. */
  cuts = 0;
  #flash: CutFlash;
  #confirmed = new Confirmed();
  #store: Store | undefined;
  #boots = 0;
  #ms = 0;
  #value = 1;

  constructor(readonly sheets = 8) {
    this.#flash = new CutFlash(sheets * PAGES_PER_SHEET + RECORD_PAGES + JOURNAL_PAGES);
  }

  /** A rig without power, in the same state. */
  copy(flash = this.#flash.copy()): CutRig {
    const rig = new CutRig(this.sheets);
    rig.#flash = flash;
    rig.#confirmed = this.#confirmed.copy();
    rig.#boots = this.#boots;
    rig.#ms = this.#ms;
    rig.#value = this.#value;
    return rig;
  }

  /** Alike for rigs whose flash and confirmations are alike. */
  get signature(): string {
    return this.#flash.signature + this.#confirmed.signature;
  }

  /** Runs the commands; wherever the power fails, boots and goes on with the next one. */
  run(commands: readonly Command[]): this {
    for (const command of commands) {
      this.#guarded(() => {
        if (command.do === "cut") this.#flash.cut = { operation: this.#flash.operations + command.after, phase: command.phase };
        else if (command.do === "wearOut") this.#flash.worn.add(command.page % this.#flash.log.pages);
        else if (command.do === "reboot") this.#store = this.#boot();
        else this.#do((this.#store ??= this.#boot()), command);
      });
    }
    return this;
  }

  /** The same, and tells of what would be left had the power failed at any operation. */
  explore(commands: readonly Command[], onFailed: (rig: CutRig, place: Place) => void): void {
    const flash = this.#flash;
    for (const [command, act] of commands.entries()) {
      flash.onOperation = (fail) => {
        for (const phase of PHASES) onFailed(this.copy(fail(phase)), { command, after: flash.operations, phase });
      };
      this.run([act]);
    }
    flash.onOperation = undefined;
  }

  /** Ends with a boot, which may be cut itself, a full check, and a day like any other. */
  end(): this {
    while (!this.#guarded(() => void (this.#store = this.#boot())));
    this.#flash.cut = undefined;
    const store = this.#store!;
    this.#settle(store);
    const before = this.#confirmed.messages.size;
    const mustRecord = this.#leastRoom(store) > 0;
    this.#write(store, ORIGIN_OWN, 2);
    assert.ok(!mustRecord || this.#confirmed.messages.size === before + 1, "it records no more");
    this.#do(store, { do: "put", kind: 1, bytes: 3 });
    this.#store = this.#boot();
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
      this.#flash.cut = undefined;
      return false;
    }
  }

  get #key(): string {
    return Buffer.from(this.#flash.key.bytes.subarray(KEY_WORD_KEY * 4, KEY_WORD_CHECK * 4)).toString("hex");
  }

  #boot(): Store {
    const ports = { flash: this.#flash.port("log"), keyPage: this.#flash.port("key") };
    const store = bootStore(ports, { recordingSamples: RECORDING_SHEETS * SHEET_SAMPLES, seed: ++this.#boots, nowMs: () => (this.#ms += 120000) });
    const { keyToGo } = this.#confirmed;
    if (store.isResetting()) {
      assert.ok(keyToGo !== undefined, "a reset that nobody asked for");
      this.#finishReset(store);
    }
    // Not begun, or over: the key tells.
    else if (keyToGo !== undefined && keyToGo !== this.#key) this.#confirmed.forgetAll(this.#value);
    this.#confirmed.check(store);
    return store;
  }

  #do(store: Store, command: Command): void {
    const log = store.messages;
    const confirmed = this.#confirmed;
    switch (command.do) {
      case "record":
        return this.#write(store, ORIGIN_OWN, command.blocks);
      case "receive":
        return this.#write(store, ORIGIN_FAMILY, command.blocks);
      case "hear": {
        const message = log.at(command.which % Math.max(1, log.count()));
        if (!message || message.origin !== ORIGIN_FAMILY) return;
        const known = confirmed.messages.get(message.sequence)!;
        known.isHearing = true;
        assert.equal(log.markHeard(message), OK);
        known.isHeard = true;
        return;
      }
      case "delete": {
        const message = log.at(command.which % Math.max(1, log.count()));
        if (!message) return;
        confirmed.deleting = message.sequence;
        assert.equal(log.remove(message), OK);
        confirmed.messages.delete(message.sequence);
        confirmed.deleting = undefined;
        return;
      }
      case "put": {
        const bytes = new Uint8Array(command.bytes).fill(this.#value++);
        confirmed.putting = { kind: command.kind, value: bytes.join() };
        if (this.#took(store.records.put(command.kind, bytes))) confirmed.records.set(command.kind, bytes.join());
        confirmed.putting = undefined;
        return;
      }
      case "note":
        return this.#note(store, command.times);
      case "settle":
        return this.#settle(store);
      case "reset":
        confirmed.keyToGo = this.#key;
        return this.#finishReset(store);
    }
  }

  /** Of three pages of records one may be worn out; beyond that nothing new is taken, and what there is stays. */
  #took(code: number): boolean {
    const first = this.sheets * PAGES_PER_SHEET;
    const worn = [...this.#flash.worn].filter((page) => page >= first && page < first + RECORD_PAGES).length;
    assert.ok(code === OK || (code === ERR_HARDWARE && worn > 1), `a record was not taken: ${code}`);
    return code === OK;
  }

  #note({ journal }: Store, times: number): void {
    for (let i = 0; i < times; i++) {
      const detail = this.#value++;
      journal.add(1 + (i % 5), detail);
      if (journal.at(journal.count() - 1)?.detail === detail) this.#confirmed.newestNote = detail;
    }
  }

  #write(store: Store, origin: number, blocks: number): void {
    const log = store.messages;
    const fill = this.#value++ & 255;
    const code = log.begin(origin);
    if (code === ERR_FULL || !this.#took(code)) return;
    this.#confirmed.writing = { origin, samples: blocks * BLOCK_SAMPLES, fill, isHeard: false };
    for (let i = 0; i < blocks; i++) {
      const appended = log.append(blockOf(fill, i));
      if (appended === OK) continue;
      assert.equal(appended, ERR_FULL);
      log.abandon();
      this.#confirmed.writing = undefined;
      return;
    }
    assert.equal(log.commit(blocks * BLOCK_SAMPLES), OK);
    this.#confirmed.learn(log.at(log.count() - 1)!.sequence);
  }

  #settle(store: Store): void {
    this.#confirmed.isEvicting = true;
    for (let steps = 0; store.maintain(); steps++) assert.ok(steps < 500, "housekeeping never ends");
    this.#confirmed.dropEvicted(store);
    this.#confirmed.isEvicting = false;
    const room = store.messages.roomSamples() / SHEET_SAMPLES;
    assert.ok(room >= this.#leastRoom(store), `${room} sheets are ready`);
  }

  /** Sheets that must be ready after housekeeping: a full recording, where unheard messages and worn pages leave so many. */
  #leastRoom({ messages }: Store): number {
    const worn = new Set([...this.#flash.worn].map((page) => Math.floor(page / PAGES_PER_SHEET)).filter((sheet) => sheet < this.sheets)).size;
    let kept = messages.lastOwn()?.sheets ?? 0;
    for (let i = 0; i < messages.count(); i++) {
      const { origin, isHeard, sheets } = messages.at(i)!;
      if (origin === ORIGIN_FAMILY && !isHeard) kept += sheets;
    }
    return Math.min(RECORDING_SHEETS, this.sheets >> 1, this.sheets - worn - kept);
  }

  #finishReset(store: Store): void {
    const { log, worn } = this.#flash;
    for (let steps = 0; store.forget(); steps++) assert.ok(steps < 1000, "forgetting never ends");
    for (let page = 0; page < log.pages; page++) {
      const gone = worn.has(page) ? 0 : 0xff;
      const isGone = log.bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES).every((byte) => byte === 0xff || byte === gone);
      assert.ok(isGone, `page ${page} still holds something`);
    }
    const [old, left] = [this.#confirmed.keyToGo!, this.#key].map((key) => Buffer.from(key, "hex"));
    const isBlank = old!.every((byte) => byte === 0xff);
    assert.ok(isBlank || old!.filter((byte, i) => left![i] === byte).length < old!.length / 4, "the key is left");
    store.renew();
    assert.equal(store.code, OK);
    this.#confirmed.forgetAll(this.#value);
  }
}
