// What an image says of its sources: version, commit, and what is not as committed.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, readSource, versionNumber } from "../../../../tools/production/source.ts";

describe("the sources of an image", () => {
  let folder: string;
  const git = (...args: string[]): string => execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], { cwd: folder, encoding: "utf8" });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pawlock-source-"));
    writeFileSync(join(folder, "package.json"), '{"version": "1.2.3"}');
    git("init", "-q");
    git("add", "-A");
    git("commit", "-q", "-m", "sources");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("are version and commit when nothing changed", () => {
    assert.deepEqual(readSource(folder), { firmware: "1.2.3", commit: git("rev-parse", "HEAD").trim(), changed: [] });
  });

  it("name what changed and what nobody has committed, whatever its name", () => {
    writeFileSync(join(folder, "package.json"), '{"version": "1.2.4"}');
    mkdirSync(join(folder, "tools"));
    writeFileSync(join(folder, "tools", "naïve\nname.ts"), "");
    git("add", "tools");
    writeFileSync(join(folder, "line.db"), "");
    assert.deepEqual([...readSource(folder).changed].sort(), ["line.db", "package.json", "tools/naïve\nname.ts"]);
  });

  it("have no version that does not count", () => {
    assert.equal(versionNumber("1.2.3"), 1002003);
    for (const version of ["1.2", "1.2.3.4", "1.2.1000", "1.2.x", "1.-2.3"]) assert.throws(() => versionNumber(version), /three numbers/, version);
  });

  it("are left as committed by npx, which makes the package's command executable", () => {
    const { bin } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { bin: { pawlock: string } };
    assert.match(execFileSync("git", ["ls-files", "--stage", bin.pawlock], { cwd: ROOT, encoding: "utf8" }), /^100755 /);
  });
});
