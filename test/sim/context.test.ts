// The context in which Node's engine runs firmware: what Espruino lacks is not there, and what differs behaves as Espruino's does.

import assert from "node:assert/strict";
import vm from "node:vm";
import { strip } from "../../sim/node/context.ts";
import { ABSENT, ALIKE, PATCHED, PRESENT, TEXT_OF } from "../support/espruino-rows.ts";

describe("the context of Node's engine", () => {
  const context = vm.createContext({});
  strip(context);
  vm.runInContext(TEXT_OF, context);
  const run = (source: string): unknown => vm.runInContext(source, context);

  for (const name of ABSENT) it(`has no ${name}`, () => assert.equal(run(`typeof ${name}`), "undefined"));
  for (const name of PRESENT) it(`has ${name}`, () => assert.equal(run(`typeof ${name}`), "function"));
  for (const [expression, answer] of [...PATCHED, ...ALIKE]) it(`answers ${answer} to ${expression}`, () => assert.equal(run(`textOf(${expression})`), answer));

  it("sorts whatever the number of elements", () => {
    for (const count of [0, 1, 2, 9, 10, 11, 12, 100, 1000]) {
      const sorted = run(`(function () { var a = [], x = 1; for (var i = 0; i < ${count}; i++) { x = (x * 75 + 74) % 65537; a.push(x % 50); }
        return a.sort(function (p, q) { return p - q; }).every(function (v, i) { return i === 0 || a[i - 1] <= v; }) && a.length; })()`);
      assert.equal(sorted, count);
    }
  });
});
