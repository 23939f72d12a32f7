// What lies in flash: who writes there, what moved records are worth, and what an owner leaves to the next one.

import assert from "node:assert/strict";
import { xiaoble } from "../../boards/xiaoble.ts";
import { bondPages, messageMemory } from "../../boards/flash-map.ts";
import { KEY_NAME, KEY_TIME, KEY_VOLUME } from "../../firmware/link/protocol.ts";
import { PAGES_PER_SHEET } from "../../firmware/messages/layout.ts";
import { PAGE_BYTES, type CutPlan, type FlashOperation } from "../../sim/flash.ts";
import { blockOffset } from "../../tools/image/blocks.ts";
import { logRegion, messagesIn } from "../../tools/image/messages.ts";
import { Phone } from "../../tools/sim/phone.ts";
import { observed } from "../support/attack-table.ts";
import { give, toneBlocks } from "../support/family.ts";
import { familyToy } from "../support/family-toy.ts";
import { openWindow, pair } from "../support/paired.ts";
import { playbacks, sounds } from "../support/speaker.ts";
import { Toy, assertPromisesKept, tone } from "../support/toy.ts";

const RESET_MS = 60_000;
const BLOCKS = toneBlocks(600, 8000);
const SHEET_BYTES = PAGES_PER_SHEET * PAGE_BYTES;

const reset = (toy: Toy): void => void toy.tap(6).wait(150).hold(10_500).wait(RESET_MS);

/** Taps and says what sounded: tones by name, and whether any voice did. */
function tapped(toy: Toy): { readonly tones: string[]; readonly hasVoice: boolean } {
  const fromMs = toy.nowMs;
  toy.tap().wait(3000);
  return { tones: sounds(toy, fromMs), hasVoice: playbacks(toy, fromMs).some(({ words }) => words.some((word) => word !== words[0])) };
}

describe("The flash", function () {
  this.timeout(300_000);
  afterEach(assertPromisesKept);

  it("T44 is written by a day of all that a toy does, power cuts too: nowhere that Storage has a header, a boot file or a seal", () => {
    const { toy, phone } = familyToy();
    const storage = toy.memories[0]!;
    const chain = (): string => Buffer.concat([storage.bytes.subarray(0, PAGE_BYTES), storage.bytes.subarray(xiaoble.flashMap.filePages * PAGE_BYTES)]).toString("hex");
    const before = chain();
    const operations: FlashOperation[] = [];
    const collect = (): void => toy.machines.forEach(({ flash }) => void operations.push(...flash.operations.splice(0)));
    const restart = (cut?: CutPlan): void => {
      collect();
      toy.powerOn(cut).wait(4000).hold(2000).wait(4000);
    };
    for (let hour = 0; hour < 24; hour++) {
      // Boots upon each other keep the radio asleep until somebody holds the toy.
      toy.tap().wait(5000);
      assert.equal(phone.open(), 0, `hour ${hour}`);
      phone.set(KEY_TIME, [hour, 1, 1, 1]);
      phone.set(KEY_VOLUME, [100 + hour, 0]);
      phone.set(KEY_NAME, [65 + hour]);
      phone.rename(0, [65 + hour]);
      const { value } = phone.send(BLOCKS, 8000);
      if (value !== undefined && hour % 3 === 0) phone.remove(value);
      phone.disconnect();
      toy.speak(tone(440, 2), 300).hold(2000).wait(1500);
      if (hour % 6 === 5) restart({ operation: hour, phase: "during" });
      if (hour % 3 === 2) restart();
      toy.wait(30_000);
    }
    openWindow(toy);
    assert.equal(new Phone(toy, { identity: "c0:22:22:22:22:22 random" }).pair(), 0);
    reset(toy);
    collect();
    assert.ok(operations.length > 500, String(operations.length));
    const log = messageMemory(xiaoble) as { base: number; pages: number };
    const isAllowed = ({ address, length }: FlashOperation): boolean => [log, { base: xiaoble.flashMap.keyPage!, pages: 1 }, bondPages(xiaoble)].some(({ base, pages }) => address >= base && address + length <= base + pages * PAGE_BYTES);
    assert.deepEqual(operations.filter((operation) => !isAllowed(operation)), []);
    assert.equal(chain(), before);
    observed("T44", `${operations.length} flash operations of a day, cuts and a reset among them`, "all in log, key page and, at the reset, bonds; what others wipe leaves a stock console: a limit");
  });

  it("T48 holds a message of another toy, put there by whoever had both chips: it is none", () => {
    const [other, toy] = [new Toy({ seed: 2 }), new Toy({ seed: 1 })];
    give(other, { sheet: 0, sequence: 1, seconds: 2, hz: 500 });
    other.powerOn().wait(5000);
    assert.ok(tapped(other).hasVoice, "it is whole");
    logRegion(toy.board, toy.memories)!.set(logRegion(other.board, other.memories)!);
    toy.powerOn().wait(5000);
    assert.deepEqual(tapped(toy), { tones: ["no"], hasVoice: false });
    assert.deepEqual(toy.lit("glow"), []);
    observed("T48", "a whole message of another toy in the flash", "no message: nothing glows, nothing is played");
  });

  for (const [what, splice] of [
    ["two messages' blocks swapped", (log: Uint8Array) => swap(log, blockOffset(2), SHEET_BYTES + blockOffset(2))],
    ["two blocks of one message swapped", (log: Uint8Array) => swap(log, blockOffset(2), blockOffset(3))],
  ] as const) {
    it(`T48 has ${what}: never played as if they were right`, () => {
      const toy = new Toy();
      const first = give(toy, { sheet: 0, sequence: 1, seconds: 1.5, hz: 500 });
      give(toy, { sheet: 1, sequence: 2, seconds: 1.5, hz: 700 });
      splice(logRegion(toy.board, toy.memories)!);
      assert.equal(toy.messages()[0]!.blocks, undefined, "the host sees it too");
      toy.powerOn().wait(5000);
      const fromMs = toy.nowMs;
      toy.tap().wait(3000);
      assert.deepEqual(sounds(toy, fromMs).at(-1), "error");
      const seconds = playbacks(toy, fromMs).reduce((sum, { words }) => sum + words.length, 0) / xiaoble.speaker.carrierHz;
      assert.ok(seconds < first.samples / 8000, `${seconds} s are played`);
      observed("T48", what, `refused with a tone at the block that is out of place, ${seconds.toFixed(2)} s after its beginning`);
    });
  }

  it("T51 is a second owner's: he hears nothing of the first, whose phones are strangers to him, and the other way round", () => {
    const { toy, phone: first } = familyToy();
    const firstKey = toy.key!;
    // The bonds have been cleared up into the page that Espruino's own erasure never comes to.
    for (let i = 0; toy.bonds.fds.erasures === 0; i++) toy.bonds.subscribe(0, new Map([[24, i & 1]]));
    toy.powerOn().wait(8000);
    reset(toy);
    const region = (): Uint8Array => logRegion(toy.board, toy.memories)!;
    assert.deepEqual([messagesIn(region(), firstKey), toy.messages()], [[], []]);
    assert.deepEqual(toy.bonds.all, []);
    const second = pair(toy, { identity: "c0:22:22:22:22:22 random" });
    assert.equal(second.open(), 0);
    assert.equal(second.list().value!.length, 0);
    assert.equal(second.phones().value!.length, 1);
    assert.deepEqual(second.get(KEY_NAME).value, new Uint8Array(0));
    assert.equal(second.send(BLOCKS, 8000).code, 0);
    second.disconnect();
    toy.speak(tone(440, 2), 300).hold(2000).wait(1500);
    assert.notEqual(first.open(10), 0, "by his bond");
    first.forget();
    assert.notEqual(first.pair(10), 0, "or anew");
    first.waitUntil(() => !first.central.isConnected, 10);
    assert.ok(messagesIn(region(), firstKey).every(({ blocks }) => !blocks), "his key opens nothing, if he kept a copy");
    // Given back: the same again.
    const secondKey = toy.key!;
    reset(toy);
    assert.deepEqual([messagesIn(region(), secondKey), toy.messages()], [[], []]);
    assert.notEqual(second.open(10), 0);
    assert.equal(pair(toy).open(), 0);
    observed("T51", "a toy sold, used, and bought back, reset each time", "no message, no bond, no phone of one owner is there for the other");
  });
});

function swap(bytes: Uint8Array, one: number, other: number): void {
  const length = blockOffset(1) - blockOffset(0);
  const kept = bytes.slice(one, one + length);
  bytes.copyWithin(one, other, other + length);
  bytes.set(kept, other);
}
