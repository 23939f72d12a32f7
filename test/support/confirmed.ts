// What a toy has confirmed, and what of it must be true of its store after every boot, whatever happened meanwhile. What was under
// way when the power failed may have happened or not, but nothing between.

import assert from "node:assert/strict";
import { OK } from "../../hal/contract.ts";
import { EVENT_DAMAGED } from "../../firmware/messages/journal.ts";
import { ORIGIN_OWN } from "../../firmware/messages/layout.ts";
import type { Store } from "../../firmware/messages/store.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../firmware/voice/abi.ts";

interface Known {
  readonly origin: number;
  readonly samples: number;
  /** Block i holds this + 3 i, in every byte. */
  readonly fill: number;
  isHeard: boolean;
  /** Being marked heard. */
  isHearing?: boolean;
}

export function blockOf(fill: number, index: number): Uint8Array {
  return new Uint8Array(BLOCK_BYTES).fill((fill + 3 * index) & 255);
}

export class Confirmed {
  /** By number. */
  readonly messages = new Map<number, Known>();
  /** Numbers that were used under the key that there is. */
  readonly used = new Set<number>();
  /** By kind. */
  readonly records = new Map<number, string>();
  /** Details of the security log rise: the first one that may be in it, and the newest that must. */
  firstNote = 1;
  newestNote = 0;
  // What is under way.
  writing: Known | undefined;
  deleting: number | undefined;
  putting: { readonly kind: number; readonly value: string } | undefined;
  isEvicting = false;
  /** The key that a reset destroys, as hexadecimal digits; before the first boot a blank page's. */
  keyToGo: string | undefined = "ff".repeat(32);

  copy(): Confirmed {
    return Object.assign(new Confirmed(), structuredClone({ ...this }));
  }

  /** Alike for what is alike. */
  get signature(): string {
    return JSON.stringify(this, (_, value: unknown) => (value instanceof Map || value instanceof Set ? [...(value as Iterable<unknown>)] : value));
  }

  /** The message in the making has been made, under this number. */
  learn(sequence: number): void {
    assert.ok(!this.used.has(sequence), `number ${sequence} was used before`);
    this.used.add(sequence);
    this.messages.set(sequence, this.writing!);
    this.writing = undefined;
  }

  /** Some messages may have gone to make room. */
  dropEvicted(store: Store): void {
    for (const [sequence, known] of this.messages) {
      if (store.messages.find(sequence)) continue;
      assert.ok(known.origin === ORIGIN_OWN || known.isHeard || known.isHearing, `message ${sequence} of the family was dropped unheard`);
      this.messages.delete(sequence);
    }
  }

  /** A reset is over; notes from this detail on come after it. */
  forgetAll(firstNote: number): void {
    this.messages.clear();
    this.used.clear();
    this.records.clear();
    this.firstNote = firstNote;
    this.newestNote = 0;
    this.writing = undefined;
    this.keyToGo = undefined;
  }

  /** After a boot. */
  check(store: Store): void {
    assert.equal(store.code, OK);
    if (this.deleting !== undefined && !store.messages.find(this.deleting)) this.messages.delete(this.deleting);
    this.deleting = undefined;
    if (this.isEvicting) this.dropEvicted(store);
    this.isEvicting = false;
    this.keyToGo = undefined;
    this.#checkMessages(store);
    this.#checkRecords(store);
    this.#checkJournal(store);
  }

  #checkMessages({ messages }: Store): void {
    const into = new Uint8Array(BLOCK_BYTES);
    for (let i = 0; i < messages.count(); i++) {
      const message = messages.at(i)!;
      if (!this.messages.has(message.sequence)) {
        assert.ok(this.writing, `message ${message.sequence} from nowhere`);
        this.learn(message.sequence);
      }
      const known = this.messages.get(message.sequence)!;
      assert.deepEqual([message.origin, message.samples], [known.origin, known.samples]);
      if (known.isHearing) known.isHeard = message.isHeard;
      delete known.isHearing;
      assert.equal(message.isHeard, known.isHeard, `message ${message.sequence}: heard`);
      for (let block = 0; block * BLOCK_SAMPLES < message.samples; block++) {
        assert.equal(messages.readBlock(message, block, into), OK, `message ${message.sequence}, block ${block}`);
        assert.equal(Buffer.compare(into, blockOf(known.fill, block)), 0, `message ${message.sequence}, block ${block} says something else`);
      }
    }
    assert.equal(messages.count(), this.messages.size, "a confirmed message is lost");
    this.writing = undefined;
  }

  #checkRecords({ records }: Store): void {
    for (const kind of new Set([...this.records.keys(), ...(this.putting ? [this.putting.kind] : [])])) {
      const value = records.get(kind)?.join();
      if (this.putting?.kind === kind && value === this.putting.value) this.records.set(kind, value);
      assert.equal(value, this.records.get(kind), `record ${kind}`);
    }
    this.putting = undefined;
  }

  #checkJournal({ journal }: Store): void {
    let number = 0;
    let detail = this.firstNote - 1;
    for (let i = 0; i < journal.count(); i++) {
      const entry = journal.at(i)!;
      if (entry.event === EVENT_DAMAGED) continue;
      assert.ok(entry.number > number, `entry ${i} of the security log: number ${entry.number} after ${number}`);
      number = entry.number;
      // Event 0 counts what was not written.
      if (entry.event === 0) continue;
      assert.ok(entry.event <= 5 && entry.detail > detail, `entry ${i} of the security log: ${entry.event}, ${entry.detail} after ${detail}`);
      detail = entry.detail;
    }
    assert.ok(detail >= this.newestNote, `the security log ends at ${detail}, it was at ${this.newestNote}`);
  }
}
