// The walk over a program in the order of its source: expressions here, statements in instrument.ts. Adds up what each
// block costs and notes where text must be inserted. Never changes what the program does.

import type { Expression, Function as AnyFunction, Node, Program } from "acorn";
import { Block, type Range, type Tokens } from "./block.ts";
import { keyName, type Properties, type Scope } from "./names.ts";

export type Piece = "statement" | "openBrace" | "closeBrace" | "openParen" | "closeParen";

export interface Insertion {
  readonly at: number;
  readonly piece: Piece;
  readonly block: Block;
}

/** Names of built-in objects: calling a member of one never enters the program's own functions. */
const NATIVE_OBJECT = /^[A-Z]/;

export abstract class Walk {
  readonly insertions: Insertion[] = [];
  /** Inside a function that is kept in RAM. */
  protected isInRam = false;

  constructor(
    protected readonly tokens: Tokens,
    protected readonly properties: Properties,
  ) {}

  protected abstract enterFunction(fn: AnyFunction, scope: Scope): void;

  abstract run(program: Program): void;

  /** Reading the text once: every token, whether it is executed or skipped. */
  protected read(range: Range, block: Block, times = 1): void {
    block.add("token", times * this.tokens.count(range));
    const characters = times * (range.end - range.start);
    block.add("character", characters);
    if (!this.isInRam) block.add("flashCharacter", characters);
  }

  /** The expression runs only if its operator decides so: the block around pays for parsing it in vain, which running it refunds. */
  protected arm(node: Expression, around: Block, scope: Scope): void {
    const block = new Block();
    around.add("parsedToken", this.tokens.count(node));
    block.add("parsedToken", -this.tokens.count(node));
    this.wrapped(node, block, scope);
  }

  protected wrapped(node: Expression, block: Block, scope: Scope): void {
    this.insertions.push({ at: node.start, piece: "openParen", block });
    this.expression(node, block, scope);
    this.insertions.push({ at: node.end, piece: "closeParen", block });
  }

  protected lookup(name: string, at: number, block: Block, scope: Scope): void {
    const { scopes, names } = scope.lookup(name, at);
    block.add("identifier");
    block.add("scope", scopes);
    block.add("name", names);
  }

  /** Making a function: the reading of its body, which finds its end, is paid by the surroundings. Its text stays where it is. */
  protected makeFunction(fn: AnyFunction, block: Block, scope: Scope): void {
    block.add("function");
    block.add("declaredParameter", fn.params.length);
    if (fn.body.type === "BlockStatement" && fn.body.body.length > 0) {
      block.add("functionText");
      block.add("captured", scope.depth);
    }
    const isAround = this.isInRam;
    if (isKeptInRam(fn)) {
      this.read(fn.body, block, 2);
      block.add("ramText");
      this.isInRam = true;
    }
    this.enterFunction(fn, scope);
    this.isInRam = isAround;
  }

  protected expression(node: Expression, block: Block, scope: Scope): void {
    const visit = (child: Node | null | undefined): void => {
      if (child) this.expression(child as Expression, block, scope);
    };
    switch (node.type) {
      case "Identifier":
        if (node.name === "undefined") block.add("constant");
        else this.lookup(node.name, node.start, block, scope);
        return;
      case "Literal":
        if (typeof node.value === "number") block.add("number");
        else if (typeof node.value === "string" || node.regex) block.add("string");
        else block.add("constant");
        return;
      case "ThisExpression":
        block.add("constant");
        return;
      case "ArrayExpression":
        block.add("array");
        block.add("element", node.elements.length);
        return node.elements.forEach(visit);
      case "ObjectExpression":
        block.add("object");
        for (const property of node.properties) {
          if (property.type !== "Property") continue;
          block.add("property");
          visit(property.value);
        }
        return;
      case "FunctionExpression":
        return this.makeFunction(node, block, scope);
      case "UnaryExpression":
        block.add("unary");
        return visit(node.argument);
      case "UpdateExpression":
        block.add("update");
        return visit(node.argument);
      case "BinaryExpression":
        block.add(node.operator === "+" && (isText(node.left) || isText(node.right)) ? "concat" : "binary");
        visit(node.left);
        return visit(node.right);
      case "LogicalExpression":
        block.add("logical");
        visit(node.left);
        return this.arm(node.right, block, scope);
      case "ConditionalExpression":
        block.add("conditional");
        visit(node.test);
        this.arm(node.consequent, block, scope);
        return this.arm(node.alternate, block, scope);
      case "AssignmentExpression":
        block.add(node.operator === "=" ? "assignment" : "compound");
        if (node.left.type === "MemberExpression") block.add(node.left.computed ? "indexStore" : "memberStore");
        visit(node.left);
        return visit(node.right);
      case "SequenceExpression":
        return node.expressions.forEach(visit);
      case "MemberExpression":
        visit(node.object);
        if (node.computed) {
          block.add("index");
          return visit(node.property);
        }
        return this.member(keyName(node.property)!, block);
      case "CallExpression":
      case "NewExpression":
        if (node.type === "NewExpression") block.add("construct");
        if (!this.isNative(node.callee as Expression, scope)) block.add("call");
        block.add("argument", node.arguments.length);
        visit(node.callee);
        return node.arguments.forEach(visit);
      default:
        throw new Error(`not ES5: ${node.type} at offset ${node.start}`);
    }
  }

  protected member(name: string, block: Block): void {
    const before = this.properties.namesBefore(name);
    if (before === undefined) block.add("builtInMember");
    else block.add("name", before + 1);
    if (this.properties.isInherited(name)) block.add("inheritedMember");
  }

  protected isNative(callee: Expression, scope: Scope): boolean {
    if (callee.type === "Identifier") return !scope.resolves(callee.name);
    if (callee.type !== "MemberExpression" || callee.computed) return false;
    const { object } = callee;
    if (object.type === "Identifier" && NATIVE_OBJECT.test(object.name) && !scope.resolves(object.name)) return true;
    return this.properties.namesBefore(keyName(callee.property)!) === undefined;
  }
}

function isKeptInRam({ body }: AnyFunction): boolean {
  return body.type === "BlockStatement" && body.body.some((statement) => "directive" in statement && statement.directive === "ram");
}

/** Surely text: a literal, or a sum that starts or ends with one. */
function isText(node: Node): boolean {
  const any = node as unknown as { value?: unknown; operator?: string; left: Node; right: Node };
  if (node.type === "Literal") return typeof any.value === "string";
  return node.type === "BinaryExpression" && any.operator === "+" && (isText(any.left) || isText(any.right));
}
