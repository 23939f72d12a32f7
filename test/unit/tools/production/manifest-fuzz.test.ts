// Hostile manifests and Storage images (S09): parsed soon into what they are, or refused by name. Seeded.

import assert from "node:assert/strict";
import fc from "fast-check";
import { buildStorage, walk } from "../../../../sim/storage-image.ts";
import { UserError } from "../../../../tools/errors.ts";
import { parseIdentity } from "../../../../tools/production/identity.ts";
import { manifestText, parseManifest, type Manifest } from "../../../../tools/production/manifest.ts";

const hash = "a".repeat(64);
const good: Manifest = {
  format: 1,
  kind: "production",
  board: "XIAOBLE",
  version: 1,
  firmware: "1.2.3",
  buildId: "0".repeat(16),
  commit: "b".repeat(40),
  key: null,
  espruino: { version: "2v29", sha256: hash, vouchedBy: "operator" },
  storage: { address: 0x60000000, bytes: 4096, sha256: hash },
  parts: [{ name: ".boot0", bytes: 1, sha256: hash }],
  files: [{ name: "a.bin", role: "storage", bytes: 1, sha256: hash }],
};

function check(text: string): "read" | "refused" {
  try {
    const manifest = parseManifest(Buffer.from(text));
    assert.equal(manifestText(manifest), text);
    for (const { name } of manifest.files) assert.ok(!/[\\/]|^\./.test(name));
    return "read";
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    assert.ok(error.what.length < 300 && !/[^\x20-\x7e]/.test(error.what), JSON.stringify(error.what));
    return "refused";
  }
}

describe("S09: given hostile data,", () => {
  it("the manifest's reader takes a good one and nothing else", () => {
    assert.equal(check(manifestText(good)), "read");
    assert.deepEqual(parseManifest(Buffer.from(manifestText(good))), good);
    fc.assert(fc.property(fc.json(), (text) => assert.equal(check(text), "refused")), { seed: 9, numRuns: 1000 });
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => assert.equal(check(text), "refused")), { seed: 9, numRuns: 1000 });
  });

  it("the manifest's reader survives every field with any value", () => {
    const outcomes = new Set<string>();
    const paths = Object.keys(good).flatMap((name) => [[name], ...(typeof good[name as keyof Manifest] === "object" ? ["version", "sha256", "bytes", "0", "name", "__proto__"].map((inner) => [name, inner]) : [])]);
    const values = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom("1.2.4", "MICROBIT2", 2, 0xffffffff, 2 ** 32, -1, 1.5, "../x", "a\u001b[2J", "x".repeat(1000), null));
    fc.assert(
      fc.property(fc.constantFrom(...paths), values, ([outer, inner], value) => {
        const copy = JSON.parse(JSON.stringify(good)) as Record<string, Record<string, unknown>>;
        if (inner !== undefined && copy[outer!] !== null) copy[outer!][inner] = value;
        else (copy as Record<string, unknown>)[outer!] = value;
        outcomes.add(check(`${JSON.stringify(copy, null, 2)}\n`));
      }),
      { seed: 9, numRuns: 3000 },
    );
    assert.deepEqual([...outcomes].sort(), ["read", "refused"]);
  });

  it("the reader of Storage images ends, with files that lie within the image", () => {
    const image = buildStorage([{ name: "a", data: new Uint8Array(10) }, { name: "b", data: new Uint8Array(33) }], 512);
    const lies = fc.constantFrom(0, 1, 3, 0xff, 0x200, 0xffffff, 0x7fffffff, 0xfffffffe, 0xffffffff);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(127), lies), { maxLength: 6 }), fc.nat(512), (changes, length) => {
        const bytes = Uint8Array.from(image);
        const words = new DataView(bytes.buffer);
        for (const [at, value] of changes) words.setUint32(at * 4, value, true);
        const cut = bytes.subarray(0, length);
        const files = [...walk(cut)];
        assert.ok(files.length <= length / 32);
        for (const { data } of files) assert.ok(data.byteOffset + data.length <= length);
      }),
      { seed: 9, numRuns: 3000 },
    );
  });

  it("the reader of records takes no more than it wrote", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => assert.equal(parseIdentity(bytes), undefined)), { seed: 9, numRuns: 1000 });
  });
});
