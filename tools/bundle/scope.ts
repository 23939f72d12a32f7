// Which declaration each name of a script belongs to, and whether Espruino has run that declaration by then. The interpreter
// hoists nothing: a function or a variable exists once its declaration has been executed, so a `var` inside an `if` that was
// not taken does not exist, and assigning to it makes a global (tried in the interpreter). Knows nothing of rules.

import type { AnyNode, Function as FunctionNode, Identifier, Node, Pattern, Program } from "acorn";

export type Kind = "var" | "let" | "const" | "function" | "param" | "catch" | "self" | "class";

export interface Declaration {
  readonly node: Node;
  /** The innermost part that may be skipped (branch, loop body, case, try block) around it, or its function. */
  readonly container: Node;
  readonly init: AnyNode | undefined;
}

export interface Binding {
  readonly name: string;
  readonly kind: Kind;
  readonly scope: Scope;
  readonly declarations: Declaration[];
  readonly references: Reference[];
  /** The loop whose head declares it. */
  readonly loop: Node | undefined;
}

export interface Reference {
  readonly node: Identifier;
  readonly scope: Scope;
  /** From the outermost node to the parent. */
  readonly parents: readonly AnyNode[];
  readonly isWrite: boolean;
  binding: Binding | undefined;
}

export interface Scope {
  readonly node: Node;
  readonly parent: Scope | undefined;
  /** The scope of the function (or script) that this one is in. */
  readonly home: Scope;
  readonly names: Map<string, Binding>;
  /** A function expression that is called where it stands runs in the place where it stands. */
  readonly runsInPlace: boolean;
}

export interface Analysis {
  readonly scopes: readonly Scope[];
  readonly references: readonly Reference[];
}

/** The nodes directly below one, in textual order. */
export function childrenOf(node: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  for (const value of Object.values(node)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null && typeof item === "object" && typeof item.type === "string") found.push(item as AnyNode);
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

export const isFunction = (node: Node): node is FunctionNode =>
  node.type === "FunctionDeclaration" || node.type === "FunctionExpression" || node.type === "ArrowFunctionExpression";

const isLoop = (node: Node): boolean => /^(For|ForIn|ForOf|While|DoWhile)Statement$/.test(node.type);

/** Whether control may pass by `node` though it reaches `parent`. */
function isSkippable(node: AnyNode, parent: AnyNode): boolean {
  switch (parent.type) {
    case "IfStatement":
      return node !== parent.test;
    case "ForStatement":
      return node === parent.body || node === parent.update;
    case "ForInStatement":
    case "ForOfStatement":
    case "WhileStatement":
      return node === parent.body;
    case "TryStatement":
      return node !== parent.finalizer;
    case "SwitchStatement":
      return node !== parent.discriminant;
    default:
      return false;
  }
}

/** The names that a pattern declares. */
function namesIn(pattern: Pattern): Identifier[] {
  if (pattern.type === "Identifier") return [pattern];
  return childrenOf(pattern).flatMap((child) => (child.type === "Property" ? namesIn(child.value as Pattern) : namesIn(child as Pattern)));
}

/** Whether an identifier in this place is a name of a property or label, not of a variable. */
function isPropertyName(node: Identifier, parent: AnyNode): boolean {
  switch (parent.type) {
    case "MemberExpression":
      return parent.property === node && !parent.computed;
    case "Property":
    case "MethodDefinition":
    case "PropertyDefinition":
      return parent.key === node && !parent.computed && parent.value !== node;
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
    case "MetaProperty":
      return true;
    default:
      return false;
  }
}

function isWritten(node: AnyNode, parents: readonly AnyNode[]): boolean {
  const parent = parents[parents.length - 1];
  switch (parent?.type) {
    case "AssignmentExpression":
      return parent.left === node;
    case "UpdateExpression":
      return true;
    case "ForInStatement":
    case "ForOfStatement":
      return parent.left === node;
    default:
      return false;
  }
}

export function analyse(program: Program): Analysis {
  const scopes: Scope[] = [];
  const references: Reference[] = [];
  const declaring = new Set<Node>();

  function open(node: Node, parent: Scope | undefined, isHome: boolean, runsInPlace: boolean): Scope {
    const scope = { node, parent, names: new Map<string, Binding>(), runsInPlace } as { -readonly [K in keyof Scope]: Scope[K] };
    scope.home = isHome || !parent ? scope : parent.home;
    scopes.push(scope);
    return scope;
  }

  function declare(scope: Scope, name: Identifier, kind: Kind, node: Node, container: Node, init?: AnyNode | null, loop?: Node): void {
    declaring.add(name);
    let binding = scope.names.get(name.name);
    if (!binding) {
      binding = { name: name.name, kind, scope, declarations: [], references: [], loop };
      scope.names.set(name.name, binding);
    }
    binding.declarations.push({ node, container, init: init ?? undefined });
  }

  function visit(node: AnyNode, parents: readonly AnyNode[], outer: Scope, outerContainer: Node): void {
    const parent = parents[parents.length - 1];
    let scope = outer;
    const container = parent && isSkippable(node, parent) ? node : outerContainer;
    if (isFunction(node)) {
      if (node.type === "FunctionDeclaration" && node.id) declare(outer.home, node.id, "function", node, container);
      const isCalled = parent?.type === "CallExpression" && parent.callee === node;
      scope = open(node, outer, true, isCalled);
      if (node.type === "FunctionExpression" && node.id) declare(scope, node.id, "self", node, node);
      for (const param of node.params) for (const name of namesIn(param)) declare(scope, name, "param", node, node);
      for (const child of childrenOf(node)) visit(child, [...parents, node], scope, node);
      return;
    }
    if (node.type === "BlockStatement" && parent && !isFunction(parent)) scope = open(node, outer, false, false);
    else if (isLoop(node) || node.type === "SwitchStatement" || node.type === "CatchClause") scope = open(node, outer, false, false);
    if (node.type === "CatchClause" && node.param) for (const name of namesIn(node.param)) declare(scope, name, "catch", node, node);
    if (node.type === "ClassDeclaration" && node.id) declare(scope, node.id, "class", node, container);
    if (node.type === "VariableDeclaration") {
      const kind = node.kind === "let" || node.kind === "const" ? node.kind : "var";
      const loop = parent && isLoop(parent) && !isSkippable(node, parent) ? parent : undefined;
      for (const declarator of node.declarations) {
        for (const name of namesIn(declarator.id)) declare(kind === "var" ? scope.home : scope, name, kind, declarator, container, declarator.init, loop);
      }
    }
    if (node.type === "Identifier" && parent && !declaring.has(node) && !isPropertyName(node, parent)) {
      references.push({ node, scope, parents, isWrite: isWritten(node, parents), binding: undefined });
    }
    for (const child of childrenOf(node)) visit(child, [...parents, node], scope, container);
  }

  visit(program, [], open(program, undefined, true, false), program);
  for (const reference of references) {
    let scope: Scope | undefined = reference.scope;
    while (scope && !scope.names.has(reference.node.name)) scope = scope.parent;
    reference.binding = scope?.names.get(reference.node.name);
    reference.binding?.references.push(reference);
  }
  return { scopes, references };
}

/** The scope in whose run this reference happens: functions called where they stand belong to the one around them. */
function runOf(scope: Scope): Scope {
  let home = scope.home;
  while (home.runsInPlace && home.parent) home = home.parent.home;
  return home;
}

/** Whether some declaration of the name has certainly run when this reference is reached (later, for a function called later). */
export function isDeclaredBefore(reference: Reference): boolean {
  const binding = reference.binding!;
  const runsLater = runOf(reference.scope) !== runOf(binding.scope);
  return binding.declarations.some(({ node, container }) => {
    if (binding.kind === "param" || binding.kind === "catch" || binding.kind === "self") return true;
    const isInside = container.start <= reference.node.start && reference.node.end <= container.end;
    return isInside && (runsLater || node.start <= reference.node.start);
  });
}

/** Bindings that a loop's head makes once for all turns, though a function made in the loop keeps them. */
export function loopCaptures(analysis: Analysis): Reference[] {
  const found: Reference[] = [];
  for (const scope of analysis.scopes) {
    for (const binding of scope.names.values()) {
      if (!binding.loop || binding.kind === "var") continue;
      const captured = binding.references.find((reference) => runOf(reference.scope) !== runOf(binding.scope));
      if (captured) found.push(captured);
    }
  }
  return found;
}
