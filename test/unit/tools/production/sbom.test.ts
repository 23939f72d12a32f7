// S07: the bill of materials is what is installed, everything in the lock file has its checksum, and nothing runs when it is installed.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockedPackages, sbomText, strayPackages } from "../../../../tools/production/sbom.ts";
import { ROOT } from "../../../../tools/production/source.ts";

interface Component {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly scope: string;
  readonly purl?: string;
  readonly hashes: readonly { readonly alg: string; readonly content: string }[];
}

/** The only packages with an install script: both bring ready-made parts and work without. */
const WITH_SCRIPT = ["@serialport/bindings-cpp", "esbuild"];

/** name@version of every package below a node_modules folder; links lead into this repository. */
function installed(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory() || entry.name.startsWith(".")) return [];
    if (entry.name.startsWith("@")) return installed(path);
    const { name, version } = JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as { name: string; version: string };
    return [`${name}@${version}`, ...installed(join(path, "node_modules"))];
  });
}

describe("S07: the bill of materials", function () {
  this.timeout(120000);
  const packages = lockedPackages(ROOT);
  const subject = { board: "XIAOBLE", firmware: "1.2.3", buildId: "0".repeat(16), commit: "0".repeat(40), espruino: { version: "2v29", sha256: "a".repeat(64) }, parts: [{ name: "bundle", bytes: 1, sha256: "b".repeat(64) }] };
  const components = (JSON.parse(sbomText(subject, packages)) as { components: Component[] }).components;

  it("names what is inside and, as excluded, every package that it was built with, with checksums", () => {
    assert.deepEqual(components.filter(({ scope }) => scope === "required").map(({ name, hashes }) => [name, hashes[0]!.content[0]]), [["espruino", "a"], ["bundle", "b"]]);
    const libraries = components.filter(({ type }) => type === "library");
    assert.equal(libraries.length, packages.length);
    for (const { name, hashes } of libraries) assert.match(hashes[0]!.content, hashes[0]!.alg === "SHA-512" ? /^[0-9a-f]{128}$/ : /^[0-9a-f]{40,96}$/, name);
  });

  it("equals what is installed, found without the lock file", () => {
    const theirs = new Set(installed(join(ROOT, "node_modules")));
    const ours = new Map(packages.map(({ name, version, isOptional }) => [`${name}@${version}`, isOptional]));
    assert.deepEqual([...theirs].filter((one) => !ours.has(one)), []);
    assert.deepEqual([...ours].filter(([one, isOptional]) => !isOptional && !theirs.has(one)), []);
    assert.deepEqual(strayPackages(ROOT), []);
  });

  it("notices an installed package that is not the locked one, or missing", () => {
    const root = mkdtempSync(join(tmpdir(), "pawlock-sbom-"));
    try {
      const entry = { version: "1.0.0", integrity: "sha512-AAAA" };
      writeFileSync(join(root, "package-lock.json"), JSON.stringify({ packages: { "": {}, "node_modules/a": entry, "node_modules/b": entry, "node_modules/c": { ...entry, optional: true } } }));
      mkdirSync(join(root, "node_modules/a"), { recursive: true });
      writeFileSync(join(root, "node_modules/a/package.json"), '{"version":"1.0.1"}');
      assert.deepEqual(strayPackages(root), ["a 1.0.1, locked 1.0.0", "b missing, locked 1.0.0"]);
      writeFileSync(join(root, "package-lock.json"), JSON.stringify({ packages: { "node_modules/a": { version: "1.0.0" } } }));
      assert.throws(() => lockedPackages(root), /no version or checksum of a/);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it("rests on a lock file with checksums throughout and on installation without scripts", () => {
    assert.match(readFileSync(join(ROOT, ".npmrc"), "utf8"), /^ignore-scripts=true$/m);
    assert.deepEqual(packages.filter(({ hasInstallScript, isOptional }) => hasInstallScript && !isOptional).map(({ name }) => name), WITH_SCRIPT);
    for (const { name, integrity } of packages) assert.match(integrity, /^sha(512|384|256)-[A-Za-z0-9+/]+=*$/, name);
  });
});
