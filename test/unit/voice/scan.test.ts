// The boot's scan: Thumb bytes and twin see the same in real headers, torn ones, rotten ones and noise.

import assert from "node:assert/strict";
import {
  COMMITTED_BYTES,
  ERASED_WORD,
  HEADER_WORDS,
  KIND_HEARD,
  KIND_OWN,
  KIND_UNHEARD,
  ORIGIN_FAMILY,
  ORIGIN_OWN,
  ORIGIN_SHIFT,
  PAGE_MAGIC,
  SHEET_SAMPLES,
  SPACE_COMMIT,
} from "../../../firmware/messages/layout.ts";
import { ROW_KIND, ROW_SAMPLES, ROW_SEQUENCE, ROW_WORDS, SCAN_HEAD, SCAN_NEWER, SCAN_NEWEST, SCAN_ROWS } from "../../../firmware/voice/abi.ts";
import { tagOf } from "../../../firmware/voice/twin-seal.ts";
import { crc32 } from "../../../tools/kernel/harness.ts";
import { kernelCalls } from "../../support/kernel-calls.ts";
import { random } from "../../support/random.ts";

const key = Uint8Array.from({ length: 32 }, (_, i) => i * 7);
const keyWords = new Uint32Array(key.buffer.slice(0));

interface Sheet {
  readonly sequence: number;
  readonly index: number;
  readonly origin: number;
  readonly samples?: number;
  readonly flags?: number;
  readonly magic?: number;
}

function header({ sequence, index, origin, samples, flags = ERASED_WORD, magic = PAGE_MAGIC }: Sheet): Uint32Array {
  const words = new Uint32Array(HEADER_WORDS).fill(ERASED_WORD);
  const bytes = new Uint8Array(words.buffer);
  words[0] = magic;
  words[1] = sequence;
  words[2] = index | (origin << ORIGIN_SHIFT);
  words[2] = words[2]! | ((crc32(bytes.subarray(0, 10)) & 0xffff) << 16);
  words[6] = flags;
  if (samples === undefined) return words;
  words[3] = samples;
  bytes.set(tagOf(keyWords, [sequence, 0, SPACE_COMMIT], bytes.subarray(0, COMMITTED_BYTES), new Uint8Array(0)).subarray(0, 8), 16);
  return words;
}

function joined(sheets: readonly (Uint32Array | undefined)[]): Uint32Array {
  const all = new Uint32Array(sheets.length * HEADER_WORDS).fill(ERASED_WORD);
  sheets.forEach((sheet, i) => sheet && all.set(sheet, i * HEADER_WORDS));
  return all;
}

function both(headers: Uint32Array, isReal = true): Uint32Array {
  const [thumb, twin] = [kernelCalls(true), kernelCalls(false)];
  const sheets = headers.length / HEADER_WORDS;
  const seen = twin.scan(key, headers, sheets);
  assert.deepEqual(thumb.scan(key, headers, sheets), seen);
  // What chance makes of numbers is walked through in vain, which no flash of ours asks for.
  if (isReal) assert.ok(twin.spent.cycles >= thumb.spent.cycles, `${thumb.spent.cycles} cycles, charged ${twin.spent.cycles}`);
  return seen;
}

const row = (seen: Uint32Array, i: number): Uint32Array => seen.subarray(1 + SCAN_ROWS + i * ROW_WORDS, 1 + SCAN_ROWS + (i + 1) * ROW_WORDS);

const whole = [
  header({ sequence: 9, index: 0, origin: ORIGIN_FAMILY, samples: SHEET_SAMPLES + 1 }),
  undefined,
  header({ sequence: 9, index: 1, origin: ORIGIN_FAMILY }),
  header({ sequence: 7, index: 0, origin: ORIGIN_OWN, samples: 5000 }),
  header({ sequence: 8, index: 0, origin: ORIGIN_FAMILY, samples: 5000, flags: 0xffff0000 }),
  header({ sequence: 6, index: 0, origin: ORIGIN_FAMILY, samples: 5000, flags: 0 }),
  header({ sequence: 10, index: 0, origin: ORIGIN_OWN }),
];

describe("the kernel's scan", () => {
  it("lists what is committed and not deleted, oldest first, across the wrap of numbers", () => {
    const seen = both(joined(whole));
    assert.equal(seen[0], 3);
    assert.deepEqual([0, 1, 2].map((i) => [row(seen, i)[ROW_SEQUENCE], row(seen, i)[ROW_SAMPLES], row(seen, i)[ROW_KIND]! & 255]), [
      [7, 5000, KIND_OWN],
      [8, 5000, KIND_HEARD],
      [9, SHEET_SAMPLES + 1, KIND_UNHEARD],
    ]);
    assert.deepEqual([seen[1 + SCAN_NEWEST], seen[1 + SCAN_HEAD]], [10, 6]);
    const wrapped = both(joined([header({ sequence: 1, index: 0, origin: 1, samples: 9 }), header({ sequence: 0xfffffffe, index: 0, origin: 1, samples: 9 })]));
    assert.deepEqual([row(wrapped, 0)[ROW_SEQUENCE], row(wrapped, 1)[ROW_SEQUENCE]], [0xfffffffe, 1]);
  });

  it("never lists anything else for any single rotten bit, and loses at most the message that it is in", () => {
    const headers = joined(whole);
    const told = new Map([0, 1, 2].map((i) => [row(both(headers), i)[ROW_SEQUENCE], [...row(both(headers), i).subarray(0, 2), row(both(headers), i)[ROW_KIND]! & 255].join()]));
    const twin = kernelCalls(false);
    for (let bit = 0; bit < headers.length * 32; bit++) {
      const rotten = headers.slice();
      rotten[bit >> 5] = rotten[bit >> 5]! ^ (1 << (bit & 31));
      const seen = twin.scan(key, rotten, whole.length);
      assert.ok(seen[0]! >= 2 && seen[0]! <= 4, `bit ${bit}`);
      assert.equal(seen[1 + SCAN_NEWER], 0, `bit ${bit}`);
      for (let i = 0; i < seen[0]!; i++) {
        const [sequence, samples] = row(seen, i);
        assert.equal(told.get(sequence!), [sequence, samples, row(seen, i)[ROW_KIND]! & 255].join(), `bit ${bit}`);
      }
    }
  });

  it("counts a newer layout, and takes a copied sheet for no second message", () => {
    const seen = both(joined([whole[3]!, whole[3]!, header({ sequence: 3, index: 0, origin: 1, magic: PAGE_MAGIC + 0x01000000 })]));
    assert.equal(seen[0], 1);
    assert.equal(seen[1 + SCAN_NEWER], 1);
  });

  it("sees the same in noise, in torn headers and in more messages than there may be", () => {
    const next = random(12);
    for (let round = 0; round < 12; round++) {
      const sheets = Array.from({ length: 90 }, (_, i) => {
        const sheet = header({ sequence: i >> 1, index: next() < 0.7 ? 0 : 1, origin: 1 + Math.floor(next() * 3), ...(next() < 0.8 ? { samples: Math.floor(next() * 400000) } : {}) });
        const cut = Math.floor(next() * 12);
        return next() < 0.2 ? undefined : sheet.map((word, at) => (at < cut ? word : round < 6 ? Math.floor(next() * 2 ** 32) : ERASED_WORD));
      });
      both(joined(sheets), false);
    }
    const many = both(joined(Array.from({ length: 80 }, (_, i) => header({ sequence: 80 - i, index: 0, origin: 1, samples: 100 }))));
    assert.equal(many[0], 64);
  });
});
