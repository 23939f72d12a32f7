// The check of the finished bundle: every rule fires on its smallest example and keeps quiet on the nearest one.

import assert from "node:assert/strict";
import { checkBundle, countBundle } from "../../../tools/bundle/check.ts";
import { allowedGlobals, constructs, refusedGlobals } from "../../../tools/bundle/platform.js";
import { examples } from "./bundle-examples.ts";

const rulesOf = (source: string): string[] => checkBundle(source).map(({ rule }) => rule);

/** Rules that are not rows of the table of constructs. */
const others =
  "syntax octal code-point-escape use-before-declaration arrow-arguments loop-capture outer-names implicit-global global eval member guarded-object module " +
  "storage-writer method array-holes prototype-read instanceof-error clear-all native-signature";

describe("bundle check", () => {
  for (const { rule, bad, good } of examples) {
    const short = bad.length > 90 ? `${bad.slice(0, 87)}...` : bad;
    it(`${rule} refuses ${short}`, () => {
      assert.ok(rulesOf(bad).includes(rule), `found only: ${rulesOf(bad).join(", ") || "nothing"}`);
      assert.deepEqual(checkBundle(good), []);
    });
  }

  it("has an example for every rule", () => {
    const covered = new Set(examples.map(({ rule }) => rule));
    const all = [...constructs.map(([rule]) => rule), ...others.split(" ")];
    assert.deepEqual(all.filter((rule) => !covered.has(rule)), []);
    assert.deepEqual([...covered].filter((rule) => !all.includes(rule)), []);
  });

  it("says where and what to do", () => {
    assert.deepEqual(checkBundle("var a = 1;\n  a.sort();"), [
      { rule: "method", line: 2, column: 2, message: ".sort: unstable even for four elements: insert in order" },
    ]);
  });

  it("permits single rules to a file that may break them", () => {
    assert.deepEqual(checkBundle("require('Storage').write('a', 'b');", { permit: ["storage-writer"] }), []);
    assert.deepEqual(checkBundle("eval('1'); save();", { permit: ["eval"] }).map(({ rule }) => rule), ["storage-writer"]);
  });

  it("lists no global both as allowed and as refused", () => {
    assert.deepEqual(allowedGlobals.filter((name) => name in refusedGlobals && Object.hasOwn(refusedGlobals, name)), []);
  });

  it("takes what TypeScript makes of an enum, a for-of and a captured variable", () => {
    const source = `(function () {
      var State;
      (function (State) { State[State.idle = 0] = 0; })(State || (State = {}));
      var list = [1, 2], callbacks = [];
      for (var _i = 0, list_1 = list; _i < list_1.length; _i++) { var item = list_1[_i]; callbacks.push(item); }
      var _loop_1 = function (i) { callbacks.push(function () { return i; }); };
      for (var i = 0; i < 3; i++) { _loop_1(i); }
      function late() { return later; }
      var later = 4;
      late();
    })();`;
    assert.deepEqual(checkBundle(source), []);
  });

  it("counts functions and outermost names", () => {
    assert.deepEqual(countBundle("var toy = (function () { var a; function b() {} return function () {}; })();"), { outerNames: 2, functions: 3 });
  });
});
