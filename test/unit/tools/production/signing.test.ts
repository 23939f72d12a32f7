// Release keys: S02 by construction, and signatures that hold for one key, one message and one purpose.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { slh_dsa_sha2_128s } from "@noble/post-quantum/slh-dsa.js";
import sinon from "sinon";
import { UserError } from "../../../../tools/errors.ts";
import { keys } from "../../../../tools/production/keys-command.ts";
import { SIGNATURE_BYTES, createKey, isSignedBy, raiseMinimum, readPublicKey, readSigningKey } from "../../../../tools/production/signing.ts";

describe("release keys", function () {
  this.timeout(120000);
  let folder: string;
  let secret: string;
  const message = Buffer.from("what was built");
  let signature: Uint8Array;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "pawlock-keys-"));
    secret = join(folder, "release");
    createKey(secret);
    signature = readSigningKey(secret).sign(message);
  });
  after(() => rmSync(folder, { recursive: true }));

  const refused = (run: () => unknown, what: RegExp): void =>
    assert.throws(run, (error) => error instanceof UserError && what.test(error.what));

  it("S01: sign what their public half accepts, and nothing else", () => {
    const key = readPublicKey(`${secret}.pub`);
    assert.equal(signature.length, SIGNATURE_BYTES);
    assert.ok(isSignedBy(key, message, signature));
    assert.ok(!isSignedBy(key, Buffer.from("what was not built"), signature));
    assert.ok(!isSignedBy(key, message, signature.subarray(1)));
    const altered = Uint8Array.from(signature);
    altered[4000]! ^= 1;
    assert.ok(!isSignedBy(key, message, altered));
    assert.ok(!isSignedBy({ ...key, bytes: altered.subarray(0, 32) }, message, signature));
  });

  it("S01: sign manifests only: the signature is none of the same bytes for another purpose", () => {
    const { bytes } = readPublicKey(`${secret}.pub`);
    assert.ok(!slh_dsa_sha2_128s.verify(signature, message, bytes));
    assert.ok(!slh_dsa_sha2_128s.verify(signature, message, bytes, { context: Buffer.from("pawlock manifest 2") }));
    assert.ok(slh_dsa_sha2_128s.verify(signature, message, bytes, { context: Buffer.from("pawlock manifest 1") }));
  });

  it("S02: are read by their owner only", function () {
    if (process.platform === "win32") return this.skip();
    assert.equal(statSync(secret).mode & 0o777, 0o600);
    chmodSync(secret, 0o640);
    refused(() => readSigningKey(secret), /others may read/);
    chmodSync(secret, 0o600);
  });

  it("S02: are neither written into a git work tree, at any depth, nor read from one", () => {
    const deep = join(folder, "tree", "a", "b");
    mkdirSync(deep, { recursive: true });
    mkdirSync(join(folder, "tree", ".git"));
    refused(() => createKey(join(deep, "key")), /git work tree/);
    assert.ok(!existsSync(join(deep, "key")));
    writeFileSync(join(deep, "key"), readFileSync(secret), { mode: 0o600 });
    refused(() => readSigningKey(join(deep, "key")), /git work tree/);
    refused(() => createKey("no-such-key"), /git work tree/);
  });

  it("S02: are never replaced, and half a pair does not stay", () => {
    refused(() => createKey(secret), /exists already/);
    const half = join(folder, "half");
    writeFileSync(`${half}.pub`, "mine");
    refused(() => createKey(half), /exists already/);
    assert.ok(!existsSync(half));
    assert.equal(readFileSync(`${half}.pub`, "utf8"), "mine");
  });

  it("S02: are told of as not written, and are not there, when the disk takes no more", () => {
    const full = join(folder, "full");
    const program = 'trap "" XFSZ; ulimit -f 0; exec "$@"';
    // Coverage would want to write, too.
    const env = { ...process.env, NODE_V8_COVERAGE: "" };
    const { stderr, status } = spawnSync("sh", ["-c", program, "sh", process.execPath, "--import", "tsx", "tools/main.ts", "pawlock", "keys", "new", full], { encoding: "utf8", env });
    assert.equal(stderr, `pawlock: ${full} cannot be written (EFBIG)\n  Free some room, or name a file elsewhere.\n`);
    assert.equal(status, 1);
    assert.deepEqual([full, `${full}.pub`].filter((file) => existsSync(file)), []);
  });

  it("S02: leave no trace of the secret in output, errors or the public file", async () => {
    const { secretKey } = JSON.parse(readFileSync(secret, "utf8")) as { secretKey: string };
    const broken = join(folder, "broken");
    writeFileSync(broken, readFileSync(secret, "utf8").replace('"id":"', '"id":"00'), { mode: 0o600 });
    const said: string[] = [];
    const log = sinon.stub(console, "log").callsFake((line: string) => void said.push(line));
    try {
      await keys(["show", `${secret}.pub`, "--json"]);
      await keys(["raise", `${secret}.pub`, "--minimum-version", "0"]);
      for (const args of [["show", secret], ["new", secret], ["raise", secret, "--minimum-version", "1"], ["lend", secret]]) {
        await keys(args).then(() => assert.fail("accepted"), (error: Error) => said.push(String(error.stack)));
      }
    } finally {
      log.restore();
    }
    assert.equal(said.length, 6);
    try {
      readSigningKey(broken);
      assert.fail("a damaged key was read");
    } catch (error) {
      said.push(String((error as Error).stack));
    }
    said.push(readFileSync(`${secret}.pub`, "utf8"));
    for (let i = 0; i + 12 <= secretKey.length - 44; i += 4) assert.ok(!said.join("\n").includes(secretKey.slice(i, i + 12)));
  });

  it("refuse files that are none, and say which", () => {
    const file = join(folder, "junk");
    for (const text of ["", "{}", "null", "[1]", '{"scheme":"RSA"}', readFileSync(`${secret}.pub`, "utf8").replace(/"publicKey": "..../, '"publicKey": "')]) {
      writeFileSync(file, text);
      refused(() => readPublicKey(file), /junk/);
    }
    writeFileSync(file, "x".repeat(5000));
    refused(() => readPublicKey(file), /5000 bytes/);
    refused(() => readPublicKey(join(folder, "none")), /ENOENT/);
    refused(() => readPublicKey(folder), /not a file/);
  });

  it("S01: raise the oldest version that is accepted, never lower it", () => {
    const file = join(folder, "raised.pub");
    writeFileSync(file, readFileSync(`${secret}.pub`));
    writeFileSync(file, raiseMinimum(file, 7));
    assert.equal(readPublicKey(file).minimumVersion, 7);
    refused(() => raiseMinimum(file, 6), /below 7 already/);
  });
});
