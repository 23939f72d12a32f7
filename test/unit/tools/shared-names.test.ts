// Which properties the build may shorten: none that the interpreter or the tools at the bench know.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "acorn";
import { full } from "acorn-walk";
import { boards } from "../../../boards/index.ts";
import { bundleFile } from "../../../tools/build/build.ts";
import { sharedNames } from "../../../tools/build/shared-names.ts";
import { selfTestProgram } from "../../../tools/flash/self-test.ts";

/** Properties that a script reads, writes or makes, and that are long enough to be shortened. */
function longProperties(source: string): Set<string> {
  const found = new Set<string>();
  full(parse(source, { ecmaVersion: 2020 }), (node) => {
    const { type, key, property, computed } = node as unknown as { type: string; key?: { name?: string; value?: unknown }; property?: { name: string }; computed?: boolean };
    const name = type === "Property" ? (key!.name ?? String(key!.value)) : type === "MemberExpression" && !computed ? property!.name : "";
    if (/^\w{5,}$/.test(name)) found.add(name);
  });
  return found;
}

/** Between the shim and the board; the firmware's means something else. */
const SHIMS_OWN = ["buffers"];

describe("shared property names", () => {
  const shared = new Set(sharedNames);
  // The Waveform ports are not in the bundle.
  const files = ["firmware", "hal/espruino"].flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)));
  const sources = files.filter((name) => name.endsWith(".ts") && !name.includes("waveform")).map((name) => readFileSync(name, "utf8"));
  const isFirmwares = (name: string): boolean => sources.some((source) => new RegExp(`\\.${name}\\b|\\b${name}\\??:`).test(source));

  for (const file of ["sim/shim.js", "sim/shim-radio.js"]) {
    it(`hold what the firmware says to Espruino or hears from it, as ${file} knows it`, () => {
      const known = [...longProperties(readFileSync(file, "utf8"))].filter((name) => !SHIMS_OWN.includes(name) && isFirmwares(name));
      assert.ok(known.length > 5, known.join());
      assert.deepEqual(known.filter((name) => !shared.has(name)), []);
    });
  }

  it("hold what the self-test asks the running firmware for", async () => {
    assert.deepEqual([...longProperties(await selfTestProgram())].filter((name) => !shared.has(name)), []);
  });

  for (const board of boards) {
    it(`are all long ones that the bundle for ${board.id} has`, () => {
      const long = [...longProperties(readFileSync(bundleFile(board), "latin1"))];
      assert.ok(long.length > 20);
      assert.deepEqual(long.filter((name) => !shared.has(name)), []);
    });
  }
});
