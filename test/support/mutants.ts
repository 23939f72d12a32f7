// Source with one condition taken out of it, for every condition there is; and tests that run on such source. What a test suite is
// worth is what it does not let through.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import ts from "typescript";

export interface Mutant {
  /** What was taken out. */
  readonly what: string;
  readonly source: string;
}

/** The operands of a chain of one logical operator. */
function operands(node: ts.Expression, operator: ts.SyntaxKind): ts.Expression[] {
  if (ts.isParenthesizedExpression(node)) return [node];
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== operator) return [node];
  return [...operands(node.left, operator), ...operands(node.right, operator)];
}

const isLogical = (kind: ts.SyntaxKind): boolean => kind === ts.SyntaxKind.AmpersandAmpersandToken || kind === ts.SyntaxKind.BarBarToken;

/** In all of the file, or within these functions: one mutant for each operand of `&&` and `||` that is left out, and for each condition of an `if` or `?` that never, or always, holds. */
export function mutants(file: string, within?: readonly string[]): Mutant[] {
  const text = readFileSync(file, "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const found: Mutant[] = [];
  const replace = (node: ts.Node, by: string, what: string): void => {
    found.push({ what, source: text.slice(0, node.getStart()) + by + text.slice(node.getEnd()) });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isBinaryExpression(node) && isLogical(node.operatorToken.kind)) {
      const { kind } = node.operatorToken;
      const isInner = ts.isBinaryExpression(node.parent) && node.parent.operatorToken.kind === kind;
      const parts = isInner ? [] : operands(node, kind);
      parts.forEach((out) => replace(node, parts.filter((part) => part !== out).map((part) => part.getText()).join(kind === ts.SyntaxKind.BarBarToken ? " || " : " && "), `without ${out.getText()}`));
    }
    const condition = ts.isIfStatement(node) ? node.expression : ts.isConditionalExpression(node) ? node.condition : undefined;
    if (condition) for (const by of ["false", "true"]) replace(condition, by, `${condition.getText()} is ${by}`);
    ts.forEachChild(node, visit);
  };
  const seek = (node: ts.Node): void => {
    if (ts.isFunctionDeclaration(node) && within?.includes(node.name!.text)) visit(node);
    else ts.forEachChild(node, seek);
  };
  if (within) seek(source);
  else visit(source);
  return found;
}

const transpiled = new Map<string, string>();

function commonJs(file: string, source: string): string {
  const known = transpiled.get(source);
  if (known !== undefined) return known;
  const { outputText } = ts.transpileModule(source, { fileName: file, compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, esModuleInterop: true } });
  transpiled.set(source, outputText);
  return outputText;
}

type Exports = Record<string, unknown>;

/** Modules as they are, and what each one needs. */
const plain = new Map<string, Exports>();
const needs = new Map<string, string[]>();
const reaches = (path: string, file: string): boolean => path === file || (needs.get(path) ?? []).some((needed) => reaches(needed, file));

/**
 * Loads a test file and all that it imports from here, with other text in one of these files; returns its tests. What does not import
 * that file is loaded once for all.
 */
export function testsOn(file: string, changed: { readonly file: string; readonly source: string }): Map<string, () => void> {
  const modules = new Map<string, Exports>();
  const tests = new Map<string, () => void>();
  const hooks = { before: [] as (() => void)[], after: [] as (() => void)[] };
  const mocha = {
    describe: (_: string, body: (this: object) => void) => body.call({ timeout: () => undefined }),
    it: (title: string, body: () => void) =>
      tests.set(title, () => {
        for (const hook of hooks.before) hook();
        try {
          body.call({ timeout: () => undefined });
        } finally {
          for (const hook of hooks.after) hook();
        }
      }),
    beforeEach: (hook: () => void) => hooks.before.push(hook),
    afterEach: (hook: () => void) => hooks.after.push(hook),
  };
  const load = (path: string): Exports => {
    const known = modules.get(path) ?? (path === file || reaches(path, changed.file) ? undefined : plain.get(path));
    if (known) return known;
    const exported: Exports = {};
    modules.set(path, exported);
    const outside = createRequire(join(process.cwd(), path));
    const needed: string[] = [];
    needs.set(path, needed);
    const need = (name: string): unknown => {
      if (!name.startsWith(".")) return outside(name);
      const other = join(dirname(path), name);
      needed.push(other);
      return load(other);
    };
    const code = commonJs(path, path === changed.file ? changed.source : readFileSync(path, "utf8"));
    new Function("exports", "require", ...Object.keys(mocha), code)(exported, need, ...Object.values(mocha));
    if (path !== file && !reaches(path, changed.file)) plain.set(path, exported);
    return exported;
  };
  load(file);
  assert.ok(tests.size > 0, `${file} has no tests`);
  return tests;
}

/** The first test that the change fails; undefined when none notices. */
export function noticedBy(tests: ReadonlyMap<string, () => void>): string | undefined {
  for (const [title, test] of tests) {
    try {
      test();
    } catch {
      return title;
    }
  }
  return undefined;
}
