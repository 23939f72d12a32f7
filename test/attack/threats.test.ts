// No threat may be lost: each has tests that bear its id in their titles, and at least one row in the table.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { THREATS } from "../support/threats.ts";

const ID = /\bT\d\d\b/g;
/** What `npm test` runs. */
const FOLDERS = ["attack", "scenario", "sim", "unit"].map((folder) => join("test", folder));

describe("The threat table", () => {
  const sources = FOLDERS.flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".test.ts")).map((file) => readFileSync(join(folder, file), "utf8")));
  const idsIn = (pattern: RegExp): string[] => [...new Set(sources.flatMap((text) => text.match(pattern) ?? []).flatMap((match) => match.match(ID) ?? []))].sort();

  it("has a test for each threat, named by its id", () => {
    assert.deepEqual(idsIn(/\b(?:it|describe)\(\s*(["'`]).*?\1,/g), Object.keys(THREATS));
  });

  it("has a row for each", () => {
    assert.deepEqual(idsIn(/\b(?:observed|assertNothing)\("T\d\d"/g), Object.keys(THREATS));
  });
});
