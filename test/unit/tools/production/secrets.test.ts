// S02: no key or token in the tree, in what the build makes, or in an image. The scan is shown to find what it looks for.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { xiaoble } from "../../../../boards/xiaoble.ts";
import { secretsIn } from "../../../../tools/production/secrets.ts";
import { createKey } from "../../../../tools/production/signing.ts";
import { ROOT } from "../../../../tools/production/source.ts";
import { closeWorkshop, imageIn, openWorkshop } from "../../../support/images.ts";
import { bundleOf } from "../../../support/toy.ts";

/** What git never sees and nobody hands on. */
const ELSEWHERE = ["node_modules", ".git", "coverage", "out"];

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ELSEWHERE.includes(entry.name) ? [] : filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}

describe("S02: the secret scan", function () {
  this.timeout(120000);

  it("finds each kind of secret, and says what, not which", () => {
    const folder = mkdtempSync(join(tmpdir(), "pawlock-secret-"));
    createKey(join(folder, "key"));
    const key = readFileSync(join(folder, "key"));
    const publicKey = readFileSync(join(folder, "key.pub"));
    rmSync(folder, { recursive: true });
    assert.deepEqual(secretsIn(key), ["a signing key of ours"]);
    assert.deepEqual(secretsIn(publicKey), []);
    // Put together here, so that the scan of this very file finds nothing.
    const planted = [`-----BEGIN EC ${"PRIVATE"} KEY-----\nMHcCAQEEIAbcdefghijk`, `AKIA${"Q".repeat(16)}`, `ghp_${"a".repeat(36)}`, `npm_${"b".repeat(36)}`, ["https://me:hunter2", "host/x"].join("@")];
    for (const text of planted) {
      const found = secretsIn(Buffer.from(`x = 1; ${text} y`));
      assert.equal(found.length, 1, text);
      assert.ok(!found[0]!.includes(text));
    }
  });

  it("finds nothing in the tree and in what the build made", () => {
    const files = filesBelow(ROOT);
    assert.ok(files.length > 200 && existsSync(join(ROOT, "build/firmware")));
    assert.ok(files.some((path) => relative(ROOT, path).startsWith(join("build", "firmware"))));
    for (const path of files) assert.deepEqual(secretsIn(readFileSync(path)), [], relative(ROOT, path));
  });

  it("keeps a secret that got into the bundle out of images", () => {
    const shop = openWorkshop();
    try {
      const key = readFileSync(join(shop.folder, "key"), "utf8");
      assert.throws(() => imageIn(shop, "leaky", xiaoble, { bundle: `${bundleOf(xiaoble)}\n'${key}'` }), /XIAOBLE-storage.bin would hold a signing key/);
      assert.ok(!existsSync(join(shop.folder, "leaky")));
    } finally {
      closeWorkshop(shop);
    }
  });
});
