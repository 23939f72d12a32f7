// A slot's pages as the tools lay them out: every part where the manifest says, and no page that Storage could take for a file.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { microbit2 } from "../../../boards/microbit2.ts";
import { xiaoble } from "../../../boards/xiaoble.ts";
import {
  PIECE_BYTES,
  PROMPT_MAGIC,
  TEXT_AT,
  WORD_CHECK,
  WORD_PROMPTS_BYTES,
  WORD_PROMPTS_CRC,
  WORD_PROMPTS_PAGE,
  WORD_SHA256,
  WORD_TEXT_BYTES,
  WORD_TEXT_CRC,
  WORD_VERSION,
  isCleared,
  storedPromptBytes,
} from "../../../firmware/boot/manifest.ts";
import { checkBundle } from "../../../tools/bundle/check.ts";
import { UserError } from "../../../tools/errors.ts";
import { boards } from "../../../boards/index.ts";
import { loaderText } from "../../../tools/image/loader.ts";
import { slotImage } from "../../../tools/image/slot.ts";
import { bootFiles } from "../../../tools/image/storage.ts";

const text = (bytes: number): Buffer => Buffer.from("print(1);".repeat(bytes).slice(0, bytes));
const word = (image: Uint8Array, index: number): number => new DataView(image.buffer).getUint32(index * 4, true);

describe("a slot's image", () => {
  const prompts = Uint8Array.from({ length: 2 * PIECE_BYTES + 5 }, (_, i) => i * 7);
  const bundle = text(9000);
  const image = slotImage(xiaoble, { text: bundle, prompts, version: 1002 });

  it("says what lies where", () => {
    assert.equal(word(image, WORD_VERSION), 1002);
    assert.deepEqual(Buffer.from(image.subarray(TEXT_AT, TEXT_AT + word(image, WORD_TEXT_BYTES))), bundle);
    assert.equal(word(image, WORD_TEXT_CRC), crc32(bundle));
    assert.deepEqual(Buffer.from(image.subarray(WORD_SHA256 * 4, WORD_SHA256 * 4 + 32)), createHash("sha256").update(bundle).digest());
    assert.equal(word(image, WORD_CHECK), crc32(image.subarray(0, WORD_CHECK * 4)));
    assert.equal(image.length, 6 * 4096);
  });

  it("keeps prompts in pages behind their magic", () => {
    const at = word(image, WORD_PROMPTS_PAGE) * 4096;
    assert.equal(at, 3 * 4096);
    const stored = image.subarray(at, at + storedPromptBytes(word(image, WORD_PROMPTS_BYTES)));
    assert.equal(crc32(stored), word(image, WORD_PROMPTS_CRC));
    const pieces = [0, 1, 2].map((page) => {
      assert.equal(word(image, (at + page * 4096) / 4), PROMPT_MAGIC);
      return image.subarray(at + page * 4096 + 4, Math.min(at + (page + 1) * 4096, at + stored.length));
    });
    assert.deepEqual(Buffer.concat(pieces), Buffer.from(prompts));
  });

  it("refuses what does not fit, to the byte", () => {
    const room = 8 * 4096 - TEXT_AT;
    assert.equal(slotImage(microbit2, { text: text(room), prompts: new Uint8Array(0), version: 1 }).length, 8 * 4096);
    assert.throws(() => slotImage(microbit2, { text: text(room + 1), prompts: new Uint8Array(0), version: 1 }), UserError);
    assert.throws(() => slotImage(microbit2, { text: text(room), prompts: new Uint8Array(1), version: 1 }), UserError);
  });

  it("refuses a page whose third byte is that of a possible Storage size", () => {
    for (const [byte, isRefused] of [
      [0x1f, true],
      [0x0a, true],
      [0x20, false],
    ] as const) {
      const bad = text(9000);
      bad[4096 + 2 - TEXT_AT] = byte;
      const make = (): unknown => slotImage(xiaoble, { text: bad, prompts: new Uint8Array(0), version: 1 });
      if (isRefused) assert.throws(make, UserError);
      else assert.doesNotThrow(make);
    }
  });
});

describe("a word that is only ever cleared", () => {
  it("says the same with any one bit wrong", () => {
    for (let bit = 0; bit < 32; bit++) {
      assert.equal(isCleared((1 << bit) >>> 0), true);
      assert.equal(isCleared((~(1 << bit)) >>> 0), false);
    }
    assert.deepEqual([isCleared(0), isCleared(0xffffffff)], [true, false]);
  });
});

describe("boot files", () => {
  for (const board of boards) {
    it(`of ${board.id} hold nothing that Espruino lacks and fit a page each`, () => {
      assert.deepEqual(checkBundle(loaderText(board), { permit: ["eval"] }), []);
      assert.ok(loaderText(board).length <= 4096 - 32, `${loaderText(board).length} bytes`);
    });
  }

  it("are written with the loader first and what closes the board last", () => {
    assert.deepEqual(
      bootFiles(xiaoble, { boot0: "a", boot1: "b" }).map(({ name }) => name),
      [".bootcde", ".boot1", ".boot0"],
    );
    assert.deepEqual(bootFiles(xiaoble, {}).map(({ name }) => name), [".bootcde"]);
  });
});
