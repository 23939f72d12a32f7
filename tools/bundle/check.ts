// The check of a finished bundle: parses it and refuses what Espruino lacks, does differently, or must not be asked for
// (platform.js has the list). It never searches text. It cannot see types, so what depends on a value stays with tests and
// the real interpreter: typed-array slices, bounds of views, floats in JSON, errors by class.

import { parse, type AnyNode, type CallExpression, type Node, type Program } from "acorn";
import { full } from "acorn-walk";
import esquery from "esquery";
import * as platform from "./platform.js";
import { analyse, isDeclaredBefore, isFunction, loopCaptures, type Analysis, type Binding, type Reference, type Scope } from "./scope.ts";

export interface Finding {
  readonly rule: string;
  readonly line: number;
  readonly column: number;
  /** What was found, and what to do. */
  readonly message: string;
}

export interface CheckOptions {
  /** Rules that this file may break: the installer writes Storage, the loader evaluates text. */
  readonly permit?: readonly string[];
}

type Report = (rule: string, node: Node, message: string) => void;

const has = (table: object, key: string): boolean => Object.hasOwn(table, key);

const isNamed = (node: AnyNode | null | undefined, name: string): boolean => node?.type === "Identifier" && node.name === name;

const isUndefined = (node: AnyNode): boolean => isNamed(node, "undefined") || (node.type === "UnaryExpression" && node.operator === "void");

/** The name after the dot, or the text of a constant key; undefined for a computed one. */
function memberName(node: AnyNode): string | undefined {
  if (node.type !== "MemberExpression") return undefined;
  if (!node.computed) return node.property.type === "Identifier" ? node.property.name : undefined;
  return node.property.type === "Literal" && typeof node.property.value === "string" ? node.property.value : undefined;
}

function checkConstructs(program: Program, report: Report): void {
  for (const [rule, selector, remedy] of platform.constructs) {
    for (const node of esquery.query(program, selector)) report(rule, node, remedy);
  }
  full(program, (node) => {
    const literal = node as AnyNode;
    if (literal.type !== "Literal" || literal.raw === undefined) return;
    if (typeof literal.value === "number" && /^0\d/.test(literal.raw)) report("octal", node, "a leading zero means octal there, 8 and 9 included: drop it");
    if (typeof literal.value === "string" && literal.raw.includes("\\u{")) report("code-point-escape", node, "an error there: strings are bytes, use \\x..");
  });
}

/** Names that are used before the interpreter has run their declaration. */
function checkOrder(analysis: Analysis, report: Report): void {
  for (const reference of analysis.references) {
    const { binding, node } = reference;
    if (binding && !isDeclaredBefore(reference)) {
      const remedy = binding.kind === "function" ? "functions are not hoisted" : "a declaration that has not run does not exist, and an assignment makes a global";
      report("use-before-declaration", node, `${node.name}: ${remedy}; declare it first, outside any branch`);
    }
    if (!binding && isNamed(node, "arguments")) {
      // An arrow's `arguments` is its own and empty.
      const functions = reference.parents.filter(isFunction);
      if (functions[functions.length - 1]?.type === "ArrowFunctionExpression") report("arrow-arguments", node, "an arrow's arguments are empty there: a function");
    }
  }
  for (const { node } of loopCaptures(analysis)) {
    report("loop-capture", node, `${node.name}: every function made in the loop sees its last value; copy it into a variable inside the body`);
  }
}

/** The scope that holds the modules: the script's own, or that of a function around all of it. */
function outermost(program: Program, { scopes }: Analysis): Scope {
  const script = scopes.find((scope) => scope.node === program)!;
  const wrappers = scopes.filter((scope) => scope.runsInPlace && scope.parent?.home === script);
  return wrappers.reduce((most, scope) => (scope.names.size > most.names.size ? scope : most), script);
}

function checkOuterNames(program: Program, analysis: Analysis, report: Report): void {
  const most = outermost(program, analysis);
  const count = most.names.size;
  if (count > platform.MAX_OUTER_NAMES) {
    report("outer-names", most.node, `${count} names in the outermost scope, ${platform.MAX_OUTER_NAMES} are allowed: one factory per module, helpers inside it`);
  }
}

/** The module that `require("...")` gives, when this is such a call. */
function requiredModule(node: AnyNode | undefined): string | undefined {
  if (node?.type !== "CallExpression" || !isNamed(node.callee as AnyNode, "require") || node.arguments.length !== 1) return undefined;
  const name = node.arguments[0]!;
  return name.type === "Literal" && typeof name.value === "string" ? name.value : undefined;
}

/** A member of a guarded object (a built-in object or module): its name must be on the object's list. */
function checkMember(object: string, member: AnyNode, allowed: readonly string[], report: Report): void {
  const name = memberName(member);
  if (name === undefined) report("guarded-object", member, `${object} is indexed by a computed name: write the member out`);
  else if (!allowed.includes(name)) {
    const reasons = platform.refusedMembers[object] ?? {};
    const rule = platform.storageWriters.includes(`${object}.${name}`) ? "storage-writer" : "member";
    report(rule, member, `${object}.${name}: ${has(reasons, name) ? reasons[name] : "not on the list of members that the firmware may use (platform.js)"}`);
  }
}

/** A value that is a built-in module may only have its members used, or be the value of a variable whose members are used. */
function checkModuleUse(name: string, node: AnyNode, parents: readonly AnyNode[], analysis: Analysis, report: Report): void {
  const allowed = platform.modules[name];
  const parent = parents[parents.length - 1]!;
  if (!allowed) return report("module", node, `module ${name} is not on the list: bundle it, or add it to platform.js`);
  if (parent.type === "MemberExpression" && parent.object === node) return checkMember(name, parent, allowed, report);
  if (parent.type === "VariableDeclarator" && parent.id.type === "Identifier") {
    const id = parent.id;
    const binding = bindingAt(analysis, id.name, parent);
    for (const reference of binding?.references ?? []) {
      const user = reference.parents[reference.parents.length - 1]!;
      if (user.type === "MemberExpression" && user.object === reference.node) checkMember(name, user, allowed, report);
      else report("guarded-object", reference.node, `module ${name} is passed on or overwritten: use its members where it was required`);
    }
    return;
  }
  report("guarded-object", node, `module ${name} is passed on: keep it in a variable of its own and use its members`);
}

function bindingAt(analysis: Analysis, name: string, declarator: Node): Binding | undefined {
  for (const scope of analysis.scopes) {
    const binding = scope.names.get(name);
    if (binding?.declarations.some((declaration) => declaration.node === declarator)) return binding;
  }
  return undefined;
}

function checkGlobalName(name: string, node: Node, report: Report): void {
  const rule = platform.evaluators.includes(name) ? "eval" : platform.storageWriters.includes(name) ? "storage-writer" : "global";
  if (has(platform.refusedGlobals, name)) report(rule, node, `${name}: ${platform.refusedGlobals[name]}`);
  else if (!platform.allowedGlobals.includes(name)) report("global", node, `${name} is not on the list of globals that the firmware may use (platform.js)`);
}

function checkGlobal(reference: Reference, analysis: Analysis, report: Report): void {
  const { node, parents } = reference;
  const { name } = node;
  const parent = parents[parents.length - 1]!;
  if (reference.isWrite) return report("implicit-global", node, `${name} is declared nowhere: var ${name}, or global.${name} where boot files need it`);
  checkGlobalName(name, node, report);
  const isObject = parent.type === "MemberExpression" && parent.object === node;
  if (name === "global" || name === "globalThis") {
    const member = isObject ? memberName(parent) : undefined;
    if (member === undefined) report("guarded-object", node, `${name} is passed on or indexed by a computed name: write the member out`);
    else if (has(platform.refusedGlobals, member)) checkGlobalName(member, parent, report);
    return;
  }
  if (name === "require") {
    const module = requiredModule(parent);
    if (module === undefined) report("module", node, "require takes one constant name, where it stands");
    else checkModuleUse(module, parent, parents.slice(0, -1), analysis, report);
    return;
  }
  if (platform.closedPrototypes.includes(name) && isObject && memberName(parent) === "prototype") {
    const user = parents[parents.length - 2];
    const isAssigned = user?.type === "MemberExpression" && isAssignmentTarget(user, parents[parents.length - 3]);
    if (user?.type === "MemberExpression" && !isAssigned) report("prototype-read", user, `methods of ${name}.prototype are undefined: call them on a value ([].slice.call)`);
  }
  const allowed = has(platform.allowedMembers, name) ? platform.allowedMembers[name] : undefined;
  if (!allowed) return;
  if (isObject) return checkMember(name, parent, allowed, report);
  const isCalled = (parent.type === "CallExpression" || parent.type === "NewExpression") && parent.callee === node;
  const isTested = parent.type === "BinaryExpression" && parent.operator === "instanceof";
  if (!(platform.callableGlobals.includes(name) && (isCalled || isTested))) {
    report("guarded-object", node, `${name} is passed on or renamed: use its members where they are needed`);
  }
}

const isAssignmentTarget = (node: AnyNode, parent: AnyNode | undefined): boolean => parent?.type === "AssignmentExpression" && parent.left === node;

/** The text of a constant string, also through a variable that is set once. */
function constantText(node: AnyNode | undefined, analysis: Analysis): string | undefined {
  if (node?.type === "Literal" && typeof node.value === "string") return node.value;
  if (node?.type !== "Identifier") return undefined;
  const binding = analysis.references.find((reference) => reference.node === node)?.binding;
  const init = binding?.declarations.length === 1 ? binding.declarations[0]!.init : undefined;
  return init?.type === "Literal" && typeof init.value === "string" && !binding!.references.some(({ isWrite }) => isWrite) ? init.value : undefined;
}

function checkNativeCall(call: CallExpression, analysis: Analysis, report: Report): void {
  const signature = constantText(call.arguments[1] as AnyNode | undefined, analysis);
  if (signature === undefined) return report("native-signature", call, "the signature is not a constant: write it where the call stands");
  const match = /^(\w+)\s*\(([^()]*)\)$/.exec(signature);
  const types = match ? [match[1]!, ...match[2]!.split(",").map((type) => type.trim()).filter((type) => type !== "")] : [];
  const unknown = types.find((type) => !platform.NATIVE_TYPES.includes(type));
  if (!match || unknown !== undefined) report("native-signature", call, `"${signature}" is no signature of ${platform.NATIVE_TYPES.join(", ")}`);
  if (types.length - 1 > platform.MAX_NATIVE_ARGUMENTS) report("native-signature", call, `"${signature}" has more than ${platform.MAX_NATIVE_ARGUMENTS} arguments: pass an address`);
}

function checkCall(call: CallExpression, analysis: Analysis, report: Report): void {
  const callee = call.callee as AnyNode;
  const first = call.arguments[0] as AnyNode | undefined;
  if (callee.type === "Identifier") {
    if (platform.clearers.includes(callee.name) && (!first || isUndefined(first))) report("clear-all", call, `${callee.name} without an id clears all or throws: pass the id`);
    if (/^set(Timeout|Interval|Watch)$/.test(callee.name) && (first?.type === "Literal" || first?.type === "TemplateLiteral")) report("eval", call, `${callee.name} of a text evaluates it: pass a function`);
  }
  const name = memberName(callee);
  if (name === undefined || callee.type !== "MemberExpression") return;
  const object = callee.object as AnyNode;
  if (has(platform.refusedMethods, name) && !isNamed(object, "Math")) report("method", callee, `.${name}: ${platform.refusedMethods[name]}`);
  if (platform.refusedIterators.includes(name) && !isNamed(object, "Object")) report("method", callee, `.${name}: Espruino's arrays do not have it: a loop`);
  if (name === "slice" && memberName(object) === "buffer") report("method", callee, ".buffer.slice: an ArrayBuffer does not have it: a new view");
  if (/^(map|forEach|filter|reduce|some|every)$/.test(name) && object.type === "NewExpression" && isNamed(object.callee as AnyNode, "Array")) {
    report("array-holes", callee, `new Array(n).${name} sees no elements: fill it first`);
  }
  if (name === "nativeCall" && isNamed(object, "E")) checkNativeCall(call, analysis, report);
}

function checkExpressions(program: Program, analysis: Analysis, report: Report): void {
  full(program, (plain) => {
    const node = plain as AnyNode;
    if (node.type === "CallExpression") checkCall(node, analysis, report);
    if (node.type === "BinaryExpression" && node.operator === "instanceof" && node.right.type === "Identifier" && platform.errorClasses.includes(node.right.name)) {
      report("instanceof-error", node, `instanceof ${node.right.name} is false for the interpreter's own errors: a code on the error`);
    }
  });
}

/** Everything in `source` that Espruino would refuse, take wrongly, or must not do; in textual order. */
export function checkBundle(source: string, options: CheckOptions = {}): Finding[] {
  const findings: Finding[] = [];
  const permit = options.permit ?? [];
  let program: Program;
  try {
    program = parse(source, { ecmaVersion: "latest", sourceType: "script", locations: true, allowHashBang: false });
  } catch (error) {
    const { loc, message } = error as SyntaxError & { loc?: { line: number; column: number } };
    return [{ rule: "syntax", line: loc?.line ?? 1, column: loc?.column ?? 0, message: `cannot be parsed as a script: ${message}` }];
  }
  const report: Report = (rule, node, message) => {
    if (permit.includes(rule)) return;
    const { line, column } = node.loc!.start;
    if (!findings.some((other) => other.rule === rule && other.line === line && other.column === column)) findings.push({ rule, line, column, message });
  };
  const analysis = analyse(program);
  checkConstructs(program, report);
  checkOrder(analysis, report);
  checkOuterNames(program, analysis, report);
  for (const reference of analysis.references) if (!reference.binding) checkGlobal(reference, analysis, report);
  checkExpressions(program, analysis, report);
  return findings.sort((a, b) => a.line - b.line || a.column - b.column);
}

/** Names in the outermost scope, counted as the rule `outer-names` does; functions in all. For the bench. */
export function countBundle(source: string): { readonly outerNames: number; readonly functions: number } {
  const program = parse(source, { ecmaVersion: "latest", sourceType: "script" });
  const analysis = analyse(program);
  return { outerNames: outermost(program, analysis).names.size, functions: analysis.scopes.filter((scope) => isFunction(scope.node)).length };
}
