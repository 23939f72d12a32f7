// The instrumented program must be the program: same bytes once stripped, same results, and the cost of what ran. No
// interpreter here; tools/cost/measure.ts compares the figures with one.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createContext, runInContext } from "node:vm";
import { boundaryTurns, TURN_US } from "../../sim/cost/boundary.ts";
import { instrument, strip } from "../../sim/cost/instrument.ts";
import { COST_MILLITURNS, costsIn } from "../../sim/cost/model.ts";
import { CHECK_SAMPLES } from "../../tools/cost/checks.ts";
import { programOf } from "../../tools/cost/interpreter.ts";
import { predict } from "../../tools/cost/predict.ts";
import { FIT_SAMPLES } from "../../tools/cost/programs.ts";
import { AWKWARD } from "../support/awkward.ts";

function run(source: string, result: string): { readonly value: unknown; readonly milliTurns: number } {
  const context = createContext({ $t: 0 });
  runInContext(source, context);
  return { value: runInContext(`JSON.stringify([${result}])`, context), milliTurns: runInContext("$t", context) };
}

const cost = (source: string): number => run(instrument(source), "0").milliTurns;

describe("instrument", () => {
  it("gives back the very bytes once stripped", () => {
    for (const [source] of AWKWARD) assert.equal(strip(instrument(source)), source);
    for (const sample of [...FIT_SAMPLES, ...CHECK_SAMPLES]) {
      const source = programOf(sample);
      assert.notEqual(instrument(source), source);
      assert.equal(strip(instrument(source)), source);
    }
  });

  it("leaves a program without counters alone when stripped", () => {
    for (const [source] of AWKWARD) assert.equal(strip(source), source);
  });

  it("changes no result", () => {
    for (const [source, result] of AWKWARD) assert.equal(run(instrument(source), result).value, run(source, result).value, source);
  });

  it("keeps a large library working, and every byte of it", () => {
    const library = readFileSync(createRequire(import.meta.url).resolve("acorn"), "utf8");
    const counted = instrument(library);
    assert.ok(counted.length > 1.1 * library.length);
    assert.equal(strip(counted), library);
    const parseIn = (source: string): string => {
      const context = createContext({ $t: 0, exports: {}, module: {} });
      runInContext(source, context);
      return runInContext("JSON.stringify(exports.parse('for(var i=0;i<3;i++)if(i)f(i?1:[2],{a:/b/g})', {ecmaVersion: 5}))", context);
    };
    assert.ok(parseIn(library).length > 1000);
    assert.equal(parseIn(counted), parseIn(library));
  }).timeout(10_000);

  it("keeps the directive first", () => {
    assert.match(instrument("'use strict';var a=1;"), /^'use strict';\$t\+=\d+;var a=1;$/);
  });

  it("charges each pass of a loop", () => {
    const passes = (count: number): number => cost(`for(var i=0;i<${count};i++)i;`);
    assert.equal(passes(30) - passes(20), passes(20) - passes(10));
    assert.ok(passes(20) - passes(10) > 5_000);
  });

  it("charges only the arm that ran", () => {
    const long = "x=1;x=2;x=3;x=4;x=5;x=6;x=7;x=8;";
    assert.ok(cost(`var x,a=1;if(a){${long}}`) > 2 * cost(`var x,a=0;if(a){${long}}`));
    assert.ok(cost("var x=1,y;y=x?x+x+x+x+x+x+x+x:x") > cost("var x=0,y;y=x?x+x+x+x+x+x+x+x:x"));
    assert.ok(cost("var x=1,y;y=x&&x+x+x+x+x+x+x+x") > cost("var x=0,y;y=x&&x+x+x+x+x+x+x+x"));
  });

  it("charges the reading of text that is skipped", () => {
    assert.ok(cost(`var a=0;if(a){${"a=1;".repeat(50)}}`) > cost("var a=0;if(a){a=1;}") + 500);
  });

  it("does not charge what follows an early return", () => {
    const body = `{if(e)return;${"e=e+1;".repeat(10)}}`;
    assert.ok(cost(`(function(e)${body})(0)`) > cost(`(function(e)${body})(1)`) + 1000);
  });

  it("charges a name by its place: own names, then enclosing scopes in order, then built-ins", () => {
    const names = (count: number): string => Array.from({ length: count }, (_, index) => `n${index}=0`).join(",");
    const read = (count: number, name: string): number => cost(`(function(){var ${names(count)};return function(){${name};}})()()`);
    const first = read(60, "n0") - read(60, "n1");
    assert.ok(Math.abs(first + COST_MILLITURNS.name) <= 1);
    assert.ok(read(60, "n59") - read(60, "n0") >= 59 * COST_MILLITURNS.name - 2);
    const declaring = (count: number): number => read(count, "n0");
    assert.ok(read(200, "Math") - declaring(200) - (read(60, "Math") - declaring(60)) >= 140 * COST_MILLITURNS.name - 3);
  });

  it("charges more for text in external flash", () => {
    const source = "var a=0;a=a+1;";
    const inMemory = run(instrument(source), "a").milliTurns;
    const external = run(instrument(source, { codeMemory: "spiFlash" }), "a").milliTurns;
    assert.ok(external >= inMemory + source.length);
    assert.equal(costsIn("spiFlash", COST_MILLITURNS).name, COST_MILLITURNS.name);
  });

  it("charges nothing more for it in a function that is kept in RAM, but the copy when that is made", () => {
    const body = "var b=0;b=b+1;b=b+2;";
    const source = (directive: string, calls: number): string => `var a=function(){${directive}${body}};${"a();".repeat(calls)}`;
    const costOf = (directive: string, calls: number, codeMemory: "memory" | "spiFlash"): number => run(instrument(source(directive, calls), { codeMemory }), "0").milliTurns;
    const aCall = (directive: string, codeMemory: "memory" | "spiFlash"): number => costOf(directive, 2, codeMemory) - costOf(directive, 1, codeMemory);
    const around = aCall("'ram';", "spiFlash") - aCall("'ram';", "memory");
    assert.ok(around > 0 && around <= 5 * "a();".length + 1, "the call itself is read from flash");
    assert.ok(aCall("'nop';", "spiFlash") - aCall("'nop';", "memory") >= around + body.length);
    assert.ok(costOf("'ram';", 0, "spiFlash") > costOf("'nop';", 0, "spiFlash") + COST_MILLITURNS.ramText);
  });
});

describe("cost model", () => {
  it("knows the README loop as one turn", () => {
    const turns = (count: number): number => cost(`i=0;for(i=0;i<${count};i=i+1);`);
    assert.ok(Math.abs((turns(1000) - turns(0)) / 1000 / 1000 - 1) < 0.1);
  });

  it("agrees with the board's published two digitalWrite of 0.696 ms a pass", () => {
    const context = createContext({ $t: 0, digitalWrite: () => 0 });
    const loop = "for(var i=0;i<1000;i++){digitalWrite(LED,1);digitalWrite(LED,0);}";
    runInContext(instrument(`var LED=1;function f(){${loop}}f();`), context);
    const us = (runInContext("$t", context) / 1e6 + 2 * boundaryTurns["digitalWrite"]!.turns) * TURN_US;
    assert.ok(Math.abs(us / 696 - 1) < 0.15, `${us} us`);
  });

  it("prices the evaluation of a bundle of factories at about 1.25 s for 32 KB", () => {
    const modules = CHECK_SAMPLES.map(({ setup, body }, index) => `function m${index}(){${setup};return function(){${body}}}`);
    const calls = CHECK_SAMPLES.map((_, index) => `m${index}();`);
    const bundle = `(function(){${modules.join("")}${calls.join("")}})();`;
    const turns = cost(bundle) / 1000 + bundle.length * boundaryTurns["evaluate"]!.perByteTurns!;
    const secondsFor32KB = ((turns / bundle.length) * 32_768 * TURN_US) / 1e6;
    assert.ok(secondsFor32KB > 0.9 && secondsFor32KB < 1.6, `${secondsFor32KB} s`);
  });

  it("prices every sample above the loop around it", () => {
    const empty = predict({ name: "", body: "" }, COST_MILLITURNS, 10);
    for (const sample of CHECK_SAMPLES) assert.ok(predict(sample, COST_MILLITURNS, 10) > empty + 2000, sample.name);
  });
});
