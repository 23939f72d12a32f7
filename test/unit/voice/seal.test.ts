// The cipher: RFC 8439's vectors and Node's own implementation against the twin and against the Thumb bytes; and that the
// cycles which the simulator charges are not fewer than the bytes take.

import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { BLOCK_BYTES } from "../../../firmware/voice/abi.ts";
import { tagOf } from "../../../firmware/voice/twin-seal.ts";
import { kernelCalls, type Sealing } from "../../support/kernel-calls.ts";
import { random } from "../../support/random.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/\s/g, ""), "hex"));
const TAG_BYTES = 16;

// RFC 8439, 2.8.2.
const RFC = {
  key: hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"),
  nonce: hex("070000004041424344454647"),
  aad: hex("50515253c0c1c2c3c4c5c6c7"),
};
const SUNSCREEN = new TextEncoder().encode(
  "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
);
const SEALED = hex(`d31a8d34648e60db7b86afbc53ef7ec2 a4aded51296e08fea9e2b5a736ee62d6 3dbea45e8ca9671282fafb69da92728b
  1a71de0a9e060b2905d6a5b67ecd3b36 92ddbd7f2d778b8c9803aee328091b58 fab324e4fad675945585808b4831d7bc 3ff4def08e4b7a9de576d26586cec64b 6116`);
const TAG = hex("1ae10b594f09e26a7e902ecbd0600691");

function nodeSeals({ key, nonce, aad = new Uint8Array(0) }: Sealing, text: Uint8Array): { text: Uint8Array; tag: Uint8Array } {
  const cipher = createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(aad, { plaintextLength: text.length });
  return { text: new Uint8Array(Buffer.concat([cipher.update(text), cipher.final()])), tag: new Uint8Array(cipher.getAuthTag()) };
}

for (const isThumb of [false, true]) {
  describe(`the cipher's ${isThumb ? "Thumb bytes" : "twin"}`, () => {
    const kernel = kernelCalls(isThumb);
    const next = random(8439);
    const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => Math.floor(next() * 256));

    it("seals and opens the example of RFC 8439, 2.8.2", () => {
      assert.deepEqual(kernel.seal(RFC, SUNSCREEN), { text: SEALED, tag: TAG });
      assert.deepEqual(kernel.open(RFC, SEALED, TAG, TAG_BYTES), SUNSCREEN);
    });

    it("opens the example of RFC 8439, A.5", () => {
      const how = { key: hex("1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0"), nonce: hex("000000000102030405060708"), aad: hex("f33388860000000000004e91") };
      const text = new TextEncoder().encode(
        "Internet-Drafts are draft documents valid for a maximum of six months and may be updated, replaced, or obsoleted by other documents at any time. " +
          "It is inappropriate to use Internet-Drafts as reference material or to cite them other than as /\u201cwork in progress./\u201d",
      );
      const sealed = nodeSeals(how, text);
      assert.deepEqual(sealed.tag, hex("eead9d67890cbb22392336fea1851f38"));
      assert.deepEqual(kernel.open(how, sealed.text, sealed.tag, TAG_BYTES), text);
    });

    it("does what Node's own does, at every length around blocks and at hard values", () => {
      const lengths = isThumb ? [0, 1, 15, 16, 17, 63, 64, 65, BLOCK_BYTES] : Array.from({ length: 200 }, (_, i) => i).concat(BLOCK_BYTES);
      for (const length of lengths) {
        for (const fill of [undefined, 0, 255]) {
          const make = (count: number): Uint8Array => (fill === undefined ? bytes(count) : new Uint8Array(count).fill(fill));
          const how = { key: make(32), nonce: make(12), aad: make(length % 33) };
          const text = make(length);
          const sealed = kernel.seal(how, text);
          assert.deepEqual(sealed, nodeSeals(how, text), `${length} bytes of ${fill}`);
          assert.deepEqual(kernel.open(how, sealed.text, sealed.tag, 12), text);
          assert.deepEqual(kernel.seal(how, text, true), sealed);
          assert.deepEqual(kernel.open(how, sealed.text, sealed.tag, 12, true), text);
        }
      }
    });

    it("opens nothing of which any bit is another one, and leaves it as it was", () => {
      const how = { key: bytes(32), nonce: bytes(12), aad: bytes(5) };
      const { text, tag } = kernel.seal(how, bytes(40));
      const flipped = (of: Uint8Array, bit: number): Uint8Array => of.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      for (let bit = 0; bit < 40 * 8; bit += isThumb ? 7 : 1) assert.equal(kernel.open(how, flipped(text, bit), tag, 8), undefined);
      for (let bit = 0; bit < 8 * 8; bit++) assert.equal(kernel.open(how, text, flipped(tag, bit), 8), undefined);
      for (let bit = 0; bit < 12 * 8; bit++) assert.equal(kernel.open({ ...how, nonce: flipped(how.nonce, bit) }, text, tag, 8), undefined);
      assert.equal(kernel.open({ ...how, aad: bytes(5) }, text, tag, 8), undefined);
      assert.ok(kernel.open(how, text, tag, 8));
    });

    it("authenticates long runs of ones, whose sums carry furthest, as Node does", () => {
      for (let i = 0; i < 40; i++) {
        const how = { key: bytes(32), nonce: bytes(12), aad: new Uint8Array(0) };
        const sealed = nodeSeals(how, new Uint8Array(16 * i));
        // A text whose ciphertext is all ones.
        const text = sealed.text.map((byte) => byte ^ 255);
        assert.deepEqual(kernel.seal(how, text), nodeSeals(how, text));
      }
    });
  });
}

describe("the cipher's cycles", () => {
  it("that the simulator charges are what the Thumb bytes take, or up to a quarter more", () => {
    const how = { key: new Uint8Array(32).fill(7), nonce: new Uint8Array(12), aad: new Uint8Array(16) };
    for (const length of [0, 32, 256, BLOCK_BYTES]) {
      const [thumb, twin] = [kernelCalls(true), kernelCalls(false)];
      for (const kernel of [thumb, twin]) kernel.seal(how, new Uint8Array(length).fill(3));
      assert.ok(twin.spent.cycles >= thumb.spent.cycles && twin.spent.cycles < thumb.spent.cycles * 1.25, `${length} bytes: ${thumb.spent.cycles} cycles, charged ${twin.spent.cycles}`);
    }
  });

  it("gives the tag that the tools use, too", () => {
    const key = new Uint32Array(RFC.key.buffer.slice(0));
    const nonce = new Uint32Array(RFC.nonce.buffer.slice(0));
    assert.deepEqual(tagOf(key, nonce, RFC.aad, SEALED), TAG);
  });
});
