// The instrumented program must be the program: same bytes once stripped, same results, and the cost of what ran. No
// interpreter here; tools/cost/measure.ts compares the figures with one.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { boundaryTurns, TURN_US } from "../../sim/cost/boundary.ts";
import { instrument, strip } from "../../sim/cost/instrument.ts";
import { COST_MILLITURNS, costsIn } from "../../sim/cost/model.ts";
import { CHECK_SAMPLES } from "../../tools/cost/checks.ts";
import { programOf } from "../../tools/cost/interpreter.ts";
import { predict } from "../../tools/cost/predict.ts";
import { FIT_SAMPLES } from "../../tools/cost/programs.ts";

/** Statement positions that are easy to break, each with an expression that tells what happened. */
const AWKWARD: readonly (readonly [source: string, result: string])[] = [
  ["var a=1,r=0;if(a)r=1;", "r"],
  ["var a=0,r=0;if(a)r=1;else r=2", "r"],
  ["var a=1,b=0,r=0;if(a)if(b)r=1;else r=2", "r"],
  ["var a=1,b=0,r=0;if(a){if(b)r=1}else r=2", "r"],
  ["var a=2,r=0;if(a==1)r=1;else if(a==2)r=2;else r=3", "r"],
  ["var r=0;for(var i=0,j=9;i<j;i++,j--)r+=i*j", "r"],
  ["var r=0;for(;;){if(++r>5)break}", "r"],
  ["var r=0;for(;r<5;)r++;", "r"],
  ["var r=0;for(;r<5;r++);", "r"],
  ["var r=0;while(r<5)r++\nr+=10", "r"],
  ["var r=0;do r++;while(r<5);r+=10", "r"],
  ["var r=0;do{r++}while(r<5&&r!=3)r+=10", "r"],
  ["var r='',o={a:1,b:2};for(var k in o)r+=k", "r"],
  ["var r='',k,o={a:1,b:2};for(k in o){if(k=='a')continue;r+=k}", "r"],
  ["var r=0;a:for(var i=0;i<3;i++)for(;;){if(i==1)continue a;if(i==2)break a;r++;continue a}", "r"],
  ["function f(x){switch(x){case 1:case 2:return'a';case 3:x=9;default:return'b'+x}}var r=f(1)+f(2)+f(3)+f(4)", "r"],
  ["var r=0;switch(2){case 1:r=1;break;case 1+1:r=2;case 7:r+=10;break;default:r=5}", "r"],
  ["function f(){try{return 1}finally{r+=2}}var r=0;r+=f()", "r"],
  ["var r=0;try{throw 5}catch(e){r=e}finally{r+=1}", "r"],
  ["var r=0;try{}catch(e){}finally{}", "r"],
  ["(function(){'use strict';try{undeclared=1}catch(e){r='strict'}})();var r;", "r"],
  ["var r,a=1,b=0,c=3;r=a?b?1:c?2:3:4", "r"],
  ["var r,a=0,b=0,c=3;r=a||b&&c||(b,c)", "r"],
  ["var r=0,a=1;a&&(r=1,r+=1),!a||r++", "r"],
  ["var o={f:function(){return this===o}},r=(1,o.f)()+'-'+o.f()+'-'+(0||o.f)()", "r"],
  ["var r=typeof nothing==='undefined'?void 0===r?1:2:3", "r"],
  ["var r=[1,2,3].map(function(x){return x%2?x:-x}).join()", "r"],
  ["var r=function n(x){return x<2?1:x*n(x-1)}(5)", "r"],
  ["var f=function(){return},r=f()", "r"],
  ["var f=function(a){return a\n||7},r=f(0)", "r"],
  ["function f(){return\n5}var r=f()", "r"],
  ["var r=1\n;(function(){r++})()", "r"],
  ["var r=0,i=3;while(i--)if(i==1)r+=1;else r+=2;", "r"],
  ["var r=0;if(0);else r=1;", "r"],
  ["var r=0;{r=1;{r=2}}", "r"],
  ["var r=/a;b}/.test('a;b}')?'{;':'}'", "r"],
  ["var o={get x(){return 4},'b':1},r=o.x+o.b", "r"],
  ["!function(){r=1}();var r", "r"],
  ["", "1"],
];

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

describe("instrumented code on the real interpreter", function () {
  const interpreter = process.env["ESPRUINO"];
  // It has no labels.
  const samples = AWKWARD.filter(([source]) => !source.includes("continue a"));

  it("gives the same results as the plain program there", function () {
    if (!interpreter) return this.skip();
    this.timeout(20_000);
    const folder = mkdtempSync(join(tmpdir(), "pawlock-cost-"));
    try {
      const wrap = (text: string, result: string): string => `(function(){${text};return ${result};})()`;
      const bodies = samples.map(([source, result]) => [wrap(source, result), wrap(instrument(source), result)] as const);
      const checks = bodies.map(([plain, counted], index) => `if(""+${plain}!=""+${counted})bad.push(${index});`).join("\n");
      writeFileSync(join(folder, "script.js"), `var $t=0,bad=[];\n${checks}\nprint("result="+JSON.stringify([bad,$t>1000]));quit();`);
      const limits = { encoding: "utf8", timeout: 10_000, killSignal: "SIGKILL" } as const;
      const output = execFileSync(interpreter, ["script.js"], { cwd: folder, ...limits });
      assert.match(output, /result=\[\[\s*\],true\]/);
    } finally {
      rmSync(folder, { recursive: true });
    }
    return undefined;
  });
});
