// Imports point down as design.md's table says; nothing that the air reaches reaches the microphone; one file mints.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { importFaults, type Sources } from "../../tools/bundle/imports.ts";

const root = new URL("../../", import.meta.url);

function projectSources(): Sources {
  const found: Record<string, string> = {};
  for (const folder of ["boards", "hal", "firmware", "sim", "tools", "companion"]) {
    let files: string[] = [];
    try {
      files = readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    for (const file of files) {
      if (file.endsWith(".ts") && !file.endsWith(".d.ts")) found[`${folder}/${file}`] = readFileSync(new URL(`${folder}/${file}`, root), "utf8");
    }
  }
  return found;
}

const rules = (sources: Sources): string[] => importFaults(sources).map(({ file, rule }) => `${rule} ${file}`);

/** Faulty projects: [what is wrong, sources, the faults]. */
const faulty: [string, Sources, string[]][] = [
  ["a board that imports the firmware", { "boards/a.ts": 'import { x } from "../firmware/x.ts";' }, ["folders boards/a.ts"]],
  ["firmware that imports the adapter", { "firmware/a.ts": 'import { x } from "../hal/espruino/x.ts";' }, ["folders firmware/a.ts"]],
  ["firmware that imports a package", { "firmware/a.ts": 'import fs from "node:fs";' }, ["folders firmware/a.ts"]],
  ["firmware that imports a board's data", { "firmware/a.ts": 'import { x } from "../boards/xiaoble.ts";' }, ["folders firmware/a.ts"]],
  ["the adapter that imports the firmware", { "hal/espruino/a.ts": 'import type { X } from "../../firmware/x.ts";' }, ["folders hal/espruino/a.ts"]],
  ["a simulator that knows the firmware", { "sim/a.ts": 'export * from "../firmware/voice/twin.ts";' }, ["folders sim/a.ts"]],
  ["a tool that knows the toy's inside", { "tools/a.ts": 'import { x } from "../firmware/toy.ts";' }, ["folders tools/a.ts"]],
  ["a tool that imports it when called", { "tools/a.ts": 'const x = () => import("../firmware/toy.ts");' }, ["folders tools/a.ts"]],
  ["firmware that names NRF", { "firmware/a.ts": "export const a = () => NRF.sleep();" }, ["espruino-globals firmware/a.ts"]],
  ["firmware that reads the wall clock", { "firmware/a.ts": "export const a = Date.now();" }, ["espruino-globals firmware/a.ts"]],
  ["firmware that arms a timer of its own", { "firmware/a.ts": "setTimeout(() => {}, 1);" }, ["espruino-globals firmware/a.ts"]],
  ["a second mint", { "firmware/a.ts": "const t = {} as unknown as PawToken;" }, ["mint firmware/a.ts"]],
  ["a mint in the adapter", { "hal/espruino/a.ts": "const t = <PawToken>(<unknown>{});" }, ["mint hal/espruino/a.ts"]],
  ["a link that takes the microphone", { "firmware/link/a.ts": 'import type { Microphone } from "../../hal/contract.ts";' }, ["air-to-microphone firmware/link/a.ts"]],
  ["a link that takes everything", { "firmware/link/a.ts": 'import * as hal from "../../hal/contract.ts";' }, ["air-to-microphone firmware/link/a.ts"]],
  [
    "a link that reaches the recorder by a detour",
    { "firmware/link/a.ts": 'import { x } from "../b.ts";', "firmware/b.ts": 'import { x } from "./voice/recorder.ts";' },
    ["air-to-microphone firmware/voice/recorder.ts"],
  ],
  [
    "a link that reaches a taker by a detour",
    { "firmware/link/a.ts": 'import { x } from "../b.ts";', "firmware/b.ts": 'import { type Hal as H } from "../hal/contract.ts";' },
    ["air-to-microphone firmware/b.ts"],
  ],
];

describe("imports", function () {
  this.timeout(20000);

  it("of the project are without fault", () => {
    assert.deepEqual(importFaults(projectSources()), []);
  });

  it("are looked at in every folder that exists", () => {
    const files = Object.keys(projectSources());
    for (const file of ["boards/xiaoble.ts", "hal/contract.ts", "firmware/paw/gesture.ts", "sim/clock.ts", "tools/errors.ts"]) assert.ok(files.includes(file), file);
  });

  for (const [wrong, sources, expected] of faulty) {
    it(`refuse ${wrong}`, () => {
      assert.deepEqual(rules(sources), expected);
    });
  }

  it("allow what lies next to each fault", () => {
    assert.deepEqual(
      rules({
        "boards/a.ts": 'import type { Board } from "./board.ts";',
        "firmware/main.ts": 'import { x } from "../hal/espruino/hal.ts"; import { board } from "pawlock:build";',
        "firmware/a.ts": 'import type { Board } from "../boards/board.ts"; export const E = 1, b = E; export const o = { setTimeout: 1 };',
        "firmware/paw/gesture.ts": "const t = {} as PawToken;",
        "firmware/link/a.ts": 'import type { Flash } from "../../hal/contract.ts"; import { x } from "../messages/log.ts";',
        "hal/espruino/a.ts": "NRF.sleep(); setTimeout(() => {}, 1);",
        "tools/a.ts": 'import fs from "node:fs"; import { x } from "../firmware/voice/twin.ts";',
      }),
      [],
    );
  });
});
