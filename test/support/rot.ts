// Single bits that rot, in a store that holds some of everything.

import assert from "node:assert/strict";
import { OK } from "../../hal/contract.ts";
import { EVENT_DAMAGED } from "../../firmware/messages/journal.ts";
import { JOURNAL_PAGES, ORIGIN_FAMILY, ORIGIN_OWN, PAGES_PER_SHEET, RECORD_PAGES } from "../../firmware/messages/layout.ts";
import { RECORD_PHONES } from "../../firmware/messages/records.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../firmware/voice/abi.ts";
import { bootStore } from "../../tools/sim/bare-store.ts";
import { block, mockStoreFlash, write } from "./store.ts";

const MESSAGES = [
  { blocks: 3, fill: 10, origin: ORIGIN_FAMILY },
  { blocks: 9, fill: 60, origin: ORIGIN_OWN },
  { blocks: 1, fill: 120, origin: ORIGIN_FAMILY },
];
const PHONES = Uint8Array.from({ length: 60 }, (_, i) => 255 - i);

export class RottingStore {
  readonly #flash = mockStoreFlash(6 * PAGES_PER_SHEET + RECORD_PAGES + JOURNAL_PAGES);
  readonly #known = new Map<number, { readonly blocks: number; readonly fill: number; readonly origin: number }>();

  constructor() {
    const store = bootStore(this.#flash);
    for (const message of MESSAGES) {
      write(store.messages, message.blocks, message.fill, message.origin);
      this.#known.set(store.messages.at(store.messages.count() - 1)!.sequence, message);
    }
    // An older accept list lies on the page before.
    for (let i = 0; i < 20; i++) store.records.put(RECORD_PHONES, new Uint8Array(PHONES.length).fill(i));
    store.records.put(RECORD_PHONES, PHONES);
    store.maintain();
    for (let i = 0; i < 4; i++) store.journal.add(i, i);
  }

  get bits(): number {
    return this.#flash.flash.memory.length * 8;
  }

  /** The same with a bit of the key page's words: nothing is forgotten. */
  flipKey(bit: number): void {
    const { memory } = this.#flash.keyPage;
    memory[bit >> 3]! ^= 1 << (bit & 7);
    const store = bootStore(this.#flash);
    assert.equal(store.isResetting(), false, `bit ${bit} of the key page`);
    assert.equal(store.messages.count(), this.#known.size, `bit ${bit} of the key page`);
    assert.equal(store.messages.readBlock(store.messages.at(0)!, 0, block(0)), OK);
    memory[bit >> 3]! ^= 1 << (bit & 7);
  }

  /** Flips one bit, boots, and sees that what is said is either right or refused; then the bit is as before. */
  flip(bit: number): void {
    const { memory } = this.#flash.flash;
    const image = memory.slice();
    memory[bit >> 3]! ^= 1 << (bit & 7);
    const store = bootStore(this.#flash);
    const where = `bit ${bit}: byte ${(bit >> 3) % 4096} of page ${bit >> 15}`;
    assert.equal(store.code, OK, where);
    const into = block(0);
    let lost = this.#known.size;
    let damaged = 0;
    for (let i = 0; i < store.messages.count(); i++) {
      const message = store.messages.at(i)!;
      const known = this.#known.get(message.sequence);
      assert.ok(known, `${where}: a message from nowhere`);
      assert.deepEqual([message.samples, message.origin, message.isHeard], [known.blocks * BLOCK_SAMPLES, known.origin, false], where);
      lost--;
      for (let at = 0; at < known.blocks; at++) {
        if (store.messages.readBlock(message, at, into) !== OK) damaged++;
        else assert.deepEqual(into, new Uint8Array(BLOCK_BYTES).fill(known.fill + at), `${where}: a wrong sound`);
      }
    }
    assert.ok(lost <= 1 && (lost === 0 || damaged === 0), `${where}: ${lost} messages lost, ${damaged} blocks damaged`);
    const phones = store.records.get(RECORD_PHONES);
    if (phones) assert.deepEqual(phones, PHONES, `${where}: another accept list`);
    for (let i = 0; i < store.journal.count(); i++) {
      const entry = store.journal.at(i)!;
      if (entry.event !== EVENT_DAMAGED) assert.equal(entry.event, entry.detail, `${where}: another journal`);
    }
    memory.set(image);
  }
}
