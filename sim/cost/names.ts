// Which scope holds each name of a program, and how many names the interpreter compares before it finds it. Pure analysis
// of the syntax tree: runs nothing. Espruino walks each scope from its first name to its last, innermost scope first, then the
// global object, then the table of built-ins (Espruino src/jsparse.c jspeiFindInScopes, jspGetNamedVariable).

import type { Function as AnyFunction, Node, Program } from "acorn";
import { simple } from "acorn-walk";

/** Names that a scope has before its variables: parameters, then the slot of the return value. */
const RETURN_SLOT = "\u00ffret";

/** Global names before any of the program's own: interpreter internals, and built-in objects once they have been used. */
export const GLOBAL_NAMES = 8;

/** Scopes entered and names compared until a name is found, or found to be a built-in. */
export interface Lookup {
  readonly scopes: number;
  readonly names: number;
}

export class Scope {
  readonly #names = new Map<string, { readonly index: number; readonly from: number }>();

  constructor(readonly parent: Scope | undefined) {}

  /** `from` is the source offset at which the name comes to be; a name declared twice keeps its first place. */
  declare(name: string, from: number): void {
    if (!this.#names.has(name)) this.#names.set(name, { index: this.#names.size, from });
  }

  indexOf(name: string): number | undefined {
    return this.#names.get(name)?.index;
  }

  get size(): number {
    return this.#names.size;
  }

  /** Function scopes around this one, this one included; the global object does not count. */
  get depth(): number {
    return this.parent === undefined ? 0 : 1 + this.parent.depth;
  }

  get returnSlot(): number {
    return this.indexOf(RETURN_SLOT) ?? 0;
  }

  /** Cost of finding `name` from code at source offset `at`: later declarations of the own function are not there yet. */
  lookup(name: string, at: number): Lookup {
    let names = 0;
    let scopes = 0;
    for (let scope: Scope = this; ; scope = scope.parent) {
      const index = scope.indexOf(name);
      if (scope.parent === undefined) {
        return { scopes, names: names + (index === undefined ? scope.size : index + 1) + GLOBAL_NAMES };
      }
      scopes += 1;
      if (index !== undefined) return { scopes, names: names + index + 1 };
      names += scope === this ? scope.#declaredBefore(at) : scope.size;
    }
  }

  resolves(name: string): boolean {
    return this.indexOf(name) !== undefined || (this.parent?.resolves(name) ?? false);
  }

  #declaredBefore(at: number): number {
    let count = 0;
    for (const { from } of this.#names.values()) if (from <= at) count += 1;
    return count;
  }
}

/** The names that a program declares outside its functions. */
export function programScope(program: Program): Scope {
  const scope = new Scope(undefined);
  collect(program, scope);
  return scope;
}

/** The names that a function declares, nested functions excluded. */
export function functionScope(fn: AnyFunction, parent: Scope): Scope {
  const scope = new Scope(parent);
  for (const parameter of fn.params) if (parameter.type === "Identifier") scope.declare(parameter.name, fn.start);
  if (fn.type === "FunctionExpression" && fn.id) scope.declare(fn.id.name, fn.start);
  if (!startsWithReturn(fn)) scope.declare(RETURN_SLOT, fn.start);
  collect(fn.body, scope);
  return scope;
}

function collect(node: Node, scope: Scope): void {
  const any = node as unknown as { readonly id: { name: string }; readonly param: { name: string } | null };
  if (node.type === "VariableDeclarator" || node.type === "FunctionDeclaration") scope.declare(any.id.name, node.start);
  // A catch parameter lives in a scope of its own; counted here as one more variable of the function.
  if (node.type === "CatchClause" && any.param) scope.declare(any.param.name, node.start);
  if (!/Function/.test(node.type)) for (const child of children(node)) collect(child, scope);
}

/** Espruino keeps a body that begins with `return` as an expression: no block, no return slot (jspeFunctionDefinitionInternal). */
export function startsWithReturn(fn: AnyFunction): boolean {
  return fn.body.type === "BlockStatement" && fn.body.body[0]?.type === "ReturnStatement";
}

/** Child nodes in the order of the source. */
export function children(node: Node): Node[] {
  const found: Node[] = [];
  for (const value of Object.values(node)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null && typeof item === "object" && typeof item.type === "string") found.push(item as Node);
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

/** Where a property sits in the objects that have it: the mean over the object literals and assignments that name it. */
export class Properties {
  readonly #positions = new Map<string, number[]>();
  readonly #inherited = new Set<string>();

  constructor(program: Program) {
    const assigned = new Map<string, Set<string>>();
    simple(program, {
      ObjectExpression: (node) => {
        node.properties.forEach((property, index) => {
          if (property.type === "Property") this.#add(keyName(property.key), index);
        });
      },
      AssignmentExpression: ({ left }) => {
        if (left.type !== "MemberExpression" || left.computed || left.property.type !== "Identifier") return;
        const owner = left.object;
        if (owner.type === "MemberExpression" && keyName(owner.property) === "prototype") {
          this.#inherited.add(left.property.name);
        }
        const ownerName = owner.type === "Identifier" ? owner.name : owner.type === "ThisExpression" ? "this" : "";
        const siblings = assigned.get(ownerName) ?? new Set();
        assigned.set(ownerName, siblings.add(left.property.name));
        if (!this.#positions.has(left.property.name)) this.#add(left.property.name, siblings.size - 1);
      },
    });
  }

  /** Undefined when the program never makes such a property: then it is the interpreter's own (`length`, `push`, `floor`). */
  namesBefore(name: string): number | undefined {
    const positions = this.#positions.get(name);
    if (positions === undefined) return undefined;
    return positions.reduce((sum, position) => sum + position, 0) / positions.length;
  }

  isInherited(name: string): boolean {
    return this.#inherited.has(name);
  }

  #add(name: string | undefined, index: number): void {
    if (name === undefined) return;
    this.#positions.set(name, [...(this.#positions.get(name) ?? []), index]);
  }
}

export function keyName(key: Node): string | undefined {
  const any = key as unknown as { name?: string; value?: unknown };
  return any.name ?? (any.value === undefined ? undefined : String(any.value));
}
