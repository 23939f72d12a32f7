// The lint of the TypeScript sources: what runs on the toy may not use what Espruino lacks; host code may.

import assert from "node:assert/strict";
import { ESLint } from "eslint";

const eslint = new ESLint({ cwd: new URL("../../", import.meta.url).pathname });

async function rulesOf(filePath: string, source: string): Promise<string[]> {
  const [result] = await eslint.lintText(source, { filePath });
  return result!.messages.map(({ ruleId, message }) => ruleId ?? message).sort();
}

/** What is refused on the toy: [rule, bad, good]. */
const cases: [string, string, string][] = [
  ["no-restricted-syntax", "export const f = (a = 1): number => a;", "export const f = (a: number): number => a;"],
  ["no-restricted-syntax", "export const f = (...a: number[]): number[] => a;", "export const f = (a: number[]): number[] => a;"],
  ["no-restricted-syntax", "export const f = (a: number[]): number[] => [...a];", "export const f = (a: number[]): number[] => a.concat();"],
  ["no-restricted-syntax", "export const f = (o: { a: number }): number => { const { a } = o; return a; };", "export const f = (o: { a: number }): number => o.a;"],
  ["no-restricted-syntax", "export class A {}", "export interface A { b: number }"],
  ["no-restricted-syntax", "export const f = (a: string): boolean => /a/.test(a);", "export const f = (a: string): boolean => a.indexOf('a') >= 0;"],
  ["no-restricted-syntax", "export const f = (o?: { a: number }): unknown => o?.a;", "export const f = (o?: { a: number }): unknown => o && o.a;"],
  ["no-restricted-syntax", "export const f = (a: number[]): number[] => a.sort();", "export const f = (a: number[]): number[] => a.reverse();"],
  ["no-restricted-syntax", "export const f = (a: number[]): void => { a.length = 0; };", "export const f = (a: number[]): void => { a.splice(0, a.length); };"],
  ["no-restricted-syntax", "export const f = (e: unknown): boolean => e instanceof Error;", "export const f = (e: unknown): boolean => e === 1;"],
  ["no-restricted-syntax", "export const f = (id?: number): void => { clearTimeout(); };", "export const f = (id: number): void => { clearTimeout(id); };"],
  ["no-restricted-syntax", "export const f = Array.prototype.slice;", "export const f = Array.isArray;"],
  ["no-restricted-syntax", "E.notOnTheList();", "E.kickWatchdog();"],
  ["no-restricted-syntax", "require('Storage').write('a', 'b');", "require('Storage').read('a');"],
  ["no-restricted-globals", "export const f = new Map();", "export const f = {};"],
  ["no-restricted-globals", "export const f = new Date();", "export const f = getTime();"],
  ["no-restricted-globals", "reset();", "E.reboot();"],
  ["no-restricted-properties", "export const f = Math.imul(1, 2);", "export const f = Math.abs(1);"],
  ["no-restricted-properties", "E.setBootCode('');", "E.setPassword('');"],
  ["toy/declare-first", "export const a = f(); function f(): number { return 1; }", "function f(): number { return g(); } function g(): number { return 1; } export const a = f();"],
  [
    "toy/loop-capture",
    "export const f: unknown[] = []; for (let i = 0; i < 3; i++) f.push(() => i);",
    "export const f: unknown[] = []; for (let i = 0; i < 3; i++) { const j = i; f.push(() => j); }",
  ],
];

describe("lint", function () {
  this.timeout(20000);

  for (const [rule, bad, good] of cases) {
    it(`${rule} refuses on the toy: ${bad}`, async () => {
      for (const file of ["firmware/x.ts", "hal/espruino/x.ts"]) {
        assert.ok((await rulesOf(file, bad)).includes(rule));
        assert.deepEqual((await rulesOf(file, good)).filter((found) => !found.startsWith("@typescript-eslint")), []);
      }
    });
  }

  it("lets host code use the whole language", async () => {
    assert.deepEqual(await rulesOf("tools/x.ts", "export const f = (...a: number[]): Map<number, number> => new Map(a.sort().map((b) => [b, Math.imul(b, 2)]));"), []);
  });

  it("finds plain mistakes everywhere", async () => {
    assert.deepEqual(await rulesOf("tools/x.ts", "export const f = (a: number): boolean => a == NaN;"), ["eqeqeq", "use-isnan"]);
  });
});
