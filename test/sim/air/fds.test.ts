// Where the radio stack keeps its bonds: words in flash as its sources write them, clearing up, and what a power cut leaves.

import assert from "node:assert/strict";
import { xiaoble } from "../../../boards/xiaoble.ts";
import { Bonds, type BondKeys } from "../../../sim/air/bonds.ts";
import { Fds } from "../../../sim/air/fds.ts";
import { FlashMemory, internalTiming } from "../../../sim/flash.ts";

const BASE = 0xf2000;
const FILE = 0xc000;
const KEY = 0xc008;
const PAGE_WORDS = 1024;
const TIMING = internalTiming(xiaoble.chip);

const blank = (): FlashMemory => new FlashMemory(BASE, 2, TIMING);
const wordsOf = ({ bytes }: FlashMemory): Uint32Array => new Uint32Array(bytes.buffer);
const bytes = (value: number, count = 8): Uint8Array => new Uint8Array(count).fill(value);
const contents = (fds: Fds): [number, number][] => fds.records().map(({ file, data }) => [file, data[0]!]);

const KEYS: BondKeys = { ltk: "00112233445566778899aabbccddeeff", level: 4, keyBytes: 16, isSc: true, identity: "c0:11:22:33:44:55 random", irk: bytes(7, 16) };

describe("FDS", () => {
  it("takes the upper of two blank pages for data, the lower one to clear up into", () => {
    const memory = blank();
    new Fds(memory);
    const words = wordsOf(memory);
    assert.deepEqual([words[0], words[1], words[PAGE_WORDS], words[PAGE_WORDS + 1]], [0xdeadc0de, 0xf11e01ff, 0xdeadc0de, 0xf11e01fe]);
  });

  it("writes key and length, number, data, then the file; an update makes the old one dirty and leaves its length", () => {
    const memory = blank();
    const fds = new Fds(memory);
    fds.write(FILE + 3, KEY, bytes(1));
    const words = wordsOf(memory).subarray(PAGE_WORDS + 2);
    assert.deepEqual([...words.subarray(0, 6)], [0x0002c008, 0xc003, 1, 0x01010101, 0x01010101, 0xffffffff]);
    fds.write(FILE + 3, KEY, bytes(2));
    assert.deepEqual([...words.subarray(0, 10)], [0x00020000, 0xc003, 1, 0x01010101, 0x01010101, 0x0002c008, 0xc003, 2, 0x02020202, 0x02020202]);
    assert.deepEqual(contents(fds), [[FILE + 3, 2]]);
  });

  it("clears up when its page is full: what is valid moves, the pages change parts, the old one is erased; the processor stands meanwhile", () => {
    const memory = blank();
    const fds = new Fds(memory);
    let longestUs = 0;
    fds.stall = (us) => (longestUs = Math.max(longestUs, us));
    fds.write(FILE + 1, KEY, bytes(77));
    for (let i = 0; fds.erasures === 0; i++) assert.ok(fds.write(FILE, KEY, bytes(i & 255)));
    assert.equal(longestUs, TIMING.pageEraseUs);
    assert.equal(wordsOf(memory)[1], 0xf11e01fe);
    assert.equal(wordsOf(memory)[PAGE_WORDS + 1], 0xf11e01ff);
    assert.deepEqual(contents(fds).map(([file]) => file), [FILE + 1, FILE]);
    const again = new Fds(memory);
    assert.deepEqual(contents(again), contents(fds));
    assert.ok(again.write(FILE, KEY, bytes(9)) && again.records().at(-1)!.id > 100, "numbers go on");
  });

  it("has no room when nothing is dirty, and says so", () => {
    const fds = new Fds(blank());
    let files = 0;
    while (fds.write(FILE + files, KEY, bytes(1, 80))) files++;
    assert.equal(files, Math.floor((PAGE_WORDS - 3) / 23));
    assert.equal(fds.records().length, files);
  });

  it("has the old record or the new one, and all others, after a cut at any of its writes, clearing up included", () => {
    const prepare = (): Fds => {
      const fds = new Fds(blank());
      fds.write(FILE + 1, KEY, bytes(77));
      while (fds.records().at(-1)!.id < 202) fds.write(FILE, KEY, bytes(fds.records().at(-1)!.id & 255));
      return fds;
    };
    let steps = 0;
    const whole = prepare();
    whole.stall = () => void steps++;
    whole.write(FILE, KEY, bytes(0xee));
    for (; whole.erasures === 0; ) whole.write(FILE, KEY, bytes(0xee));
    assert.ok(steps > 10);
    for (let cut = 1; cut <= steps; cut++) {
      const fds = prepare();
      let left = cut;
      fds.stall = () => {
        if (--left === 0) throw new Error("power cut");
      };
      assert.throws(() => {
        for (;;) fds.write(FILE, KEY, bytes(0xee));
      }, /power cut/);
      const after = new Fds(fds.memory);
      const found = contents(after);
      assert.ok(found.some(([file, value]) => file === FILE + 1 && value === 77), `cut ${cut}: the other record`);
      assert.ok(found.some(([file, value]) => file === FILE && (value === 0xee || value === 201)), `cut ${cut}`);
      assert.ok(after.write(FILE + 2, KEY, bytes(5)), `cut ${cut}: goes on`);
      assert.ok(contents(new Fds(fds.memory)).some(([file]) => file === FILE + 2));
    }
  });

  it("cannot be used when both pages hold something else", () => {
    const memory = blank();
    memory.bytes.fill(0x5a);
    const fds = new Fds(memory);
    assert.equal(fds.mount(), false);
    assert.equal(fds.write(FILE, KEY, bytes(1)), false);
  });
});

describe("Bonds in FDS", () => {
  it("lie as the peer manager lays them out, and are read from there", () => {
    const memory = blank();
    const { peer } = new Bonds(memory, true).store(KEYS);
    const record = memory.bytes.subarray((PAGE_WORDS + 2) * 4);
    assert.deepEqual([...record.subarray(0, 4)], [0x07, 0xc0, 20, 0]);
    const data = record.subarray(12, 92);
    assert.equal(data[0], 1, "peripheral");
    assert.deepEqual([...data.subarray(1, 17)], [...KEYS.irk!]);
    assert.deepEqual([...data.subarray(17, 24)], [2, 0x55, 0x44, 0x33, 0x22, 0x11, 0xc0]);
    assert.equal(Buffer.from(data.subarray(52, 68)).toString("hex"), KEYS.ltk);
    assert.equal(data[68], 0x43, "Secure Connections, authenticated, 16 bytes");
    assert.deepEqual(new Bonds(memory, true).all, [{ ...KEYS, peer, cccds: new Map() }]);
  });

  it("keep subscriptions and rank beside them, under the same peer", () => {
    const memory = blank();
    const bonds = new Bonds(memory, true);
    const { peer } = bonds.store(KEYS);
    bonds.store({ ...KEYS, identity: "c0:11:22:33:44:66 random", irk: undefined });
    bonds.subscribe(peer, new Map([[24, 1], [30, 2]]));
    const { writes } = bonds.fds;
    bonds.rankHighest(peer);
    bonds.rankHighest(peer);
    assert.equal(bonds.fds.writes, writes + 1, "the highest one needs no new rank");
    assert.deepEqual(new Bonds(memory, true).get(peer)!.cccds, new Map([[24, 1], [30, 2]]));
    assert.deepEqual(new Bonds(memory, true).all.map((bond) => bond.peer), [0, 1]);
  });

  it("of level 3 with a short key where the stack asks for 128 bits, of level 4 where it does not", () => {
    const memory = blank();
    new Bonds(memory, true).store({ ...KEYS, keyBytes: 7 });
    assert.deepEqual([true, false].map((checks) => new Bonds(memory, checks).all[0]!.level), [3, 4]);
  });

  it("are erased peer by peer, and by Espruino's hard erasure only while they lie in the upper page", () => {
    const bonds = new Bonds(blank(), true);
    bonds.store(KEYS);
    bonds.erase(false);
    assert.deepEqual(bonds.all, []);
    bonds.store(KEYS);
    bonds.erase(true);
    assert.deepEqual(bonds.all, []);
    bonds.boot(false);
    const { peer } = bonds.store(KEYS);
    for (let i = 0; bonds.fds.erasures === 2; i++) bonds.subscribe(peer, new Map([[24, i & 1]]));
    bonds.erase(true);
    bonds.boot(false);
    assert.equal(bonds.all.length, 1, "cleared up once, they lie in the lower page");
  });

  it("begin anew at boot when the pages hold something else", () => {
    const memory = blank();
    memory.bytes.fill(0x5a);
    const bonds = new Bonds(memory, true);
    bonds.boot(false);
    assert.deepEqual(bonds.all, []);
  });
});
