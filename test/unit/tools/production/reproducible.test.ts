// S08: the same commit makes the same image, byte for byte, wherever, whenever and for whomever it is built.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { xiaoble } from "../../../../boards/xiaoble.ts";
import { buildLockdown } from "../../../../tools/build/lockdown.ts";
import { sha256 } from "../../../../tools/production/files.ts";
import { ROOT, readSource } from "../../../../tools/production/source.ts";
import { closeWorkshop, imageIn, interpreterFor, openWorkshop, type Workshop } from "../../../support/images.ts";

const NOT_COPIED = ["node_modules", ".git", "build", "out", "coverage", "test"];

/** A clone of the sources as they are, in a repository of its own whose one commit is always the same. */
function clone(folder: string): string {
  mkdirSync(folder, { recursive: true });
  cpSync(ROOT, folder, { recursive: true, filter: (path) => !NOT_COPIED.includes(relative(ROOT, path)) });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "junction");
  const env = { ...process.env, GIT_AUTHOR_DATE: "2020-01-01T00:00:00Z", GIT_COMMITTER_DATE: "2020-01-01T00:00:00Z", GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
  const git = (...args: string[]): void => void execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], { cwd: folder, env, stdio: "ignore" });
  git("init", "-q");
  git("add", "-A", ".");
  git("commit", "-q", "-m", "sources");
  return folder;
}

function build(folder: string, espruino: string, out: string, env: NodeJS.ProcessEnv): Promise<void> {
  const args = ["--import", "tsx", "tools/main.ts", "pawlock", "image", "--dev", "--board", "XIAOBLE", "--espruino", espruino, "--espruino-sha256", sha256(readFileSync(espruino)), "--out", out];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (data: Buffer) => (said += data.toString()));
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(said))));
  });
}

describe("S08: two builds of one commit", function () {
  this.timeout(120000);
  let shop: Workshop;
  before(() => void (shop = openWorkshop()));
  after(() => closeWorkshop(shop));

  it("in two folders, time zones and languages are the same image, byte for byte", async () => {
    const copy = clone(join(shop.folder, "a much longer path", "to it"));
    const interpreter = interpreterFor(shop, xiaoble);
    const espruino = join(shop.folder, xiaoble.espruino.binary.replace("%v", interpreter.version));
    await build(copy, espruino, join(shop.folder, "there"), { TZ: "Asia/Tokyo", LANG: "tr_TR.UTF-8", SOURCE_DATE_EPOCH: "1" });
    // Here the bundle is the one that `npm run build` has made.
    imageIn(shop, "here", xiaoble, { lockdown: await buildLockdown(xiaoble, xiaoble.flashMap.keyPage!), interpreter, source: readSource(copy) });
    const [here, there] = ["here", "there"].map((name) => readdirSync(join(shop.folder, name)).sort().map((file) => [file, sha256(readFileSync(join(shop.folder, name, file)))]));
    assert.equal(here!.length, 4);
    assert.deepEqual(there, here);
  });
});
