// The real interpreter answers as the rows say that the simulator's context is tested by. Needs ESPRUINO=path of a Linux build.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ABSENT, ALIKE, PATCHED, PRESENT, TEXT_OF } from "../support/espruino-rows.ts";
import { interpreterPath } from "../support/interpreter.ts";

const rows: (readonly [expression: string, answer: string])[] = [
  ...ABSENT.map((name) => [`typeof ${name}`, "undefined"] as const),
  ...PRESENT.map((name) => [`typeof ${name}`, "function"] as const),
  ...PATCHED,
  ...ALIKE,
];

describe("Espruino itself", function () {
  this.timeout(60000);
  const answers: (string | undefined)[] = [];

  before(() => {
    const interpreter = interpreterPath();
    const folder = mkdtempSync(join(tmpdir(), "context-"));
    const ask = ([expression]: readonly [string, string], i: number): string =>
      `try{print(">>${i} "+JSON.stringify(textOf(eval(${JSON.stringify(expression)}))))}catch(e){print(">>${i} "+JSON.stringify("!"+e))}`;
    writeFileSync(join(folder, "rows.js"), `${TEXT_OF}\n${rows.map(ask).join("\n")}\n`);
    const { stdout } = spawnSync(interpreter, ["rows.js"], { cwd: folder, encoding: "latin1", input: "", timeout: 30000 });
    rmSync(folder, { recursive: true });
    for (const [, i, answer] of stdout.matchAll(/>>(\d+) (.*?)\r?$/gm)) answers[Number(i)] = JSON.parse(answer!) as string;
  });

  rows.forEach(([expression, answer], i) => it(`answers ${answer} to ${expression}`, () => assert.equal(answers[i], answer)));
});
