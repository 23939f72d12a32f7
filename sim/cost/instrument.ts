// Puts the cost of each basic block into a program's text, as `$t+=N;` in milli-turns of the README loop. Only inserts: strip()
// gives back the very bytes, and the program does the same as before. The loader defines the global `$t`; this file does not.
//
// Reading costs whether code runs or not, so whoever reads a range pays for all its tokens once: the function body, and each
// further pass of a loop (the first pass is the reading of the surroundings). Blocks inside add what executing them costs.

import { parse, type Function as AnyFunction, type Node, type Program, type Statement, type SwitchStatement } from "acorn";
import { Block, PARSER, Tokens, type Range } from "./block.ts";
import { COST_MILLITURNS, costsIn, type CodeMemory, type Costs } from "./model.ts";
import { children, functionScope, programScope, Properties, startsWithReturn, type Scope } from "./names.ts";
import { Walk, type Insertion } from "./walk.ts";

export interface InstrumentOptions {
  /** Where the interpreter reads the program from; "memory" if not said. */
  readonly codeMemory?: CodeMemory;
  /** Other prices than the model's: measuring scripts use it to count single features. */
  readonly costs?: Costs;
}

export function instrument(source: string, options: InstrumentOptions = {}): string {
  const program = parse(source, PARSER);
  const costs = options.costs ?? costsIn(options.codeMemory ?? "memory", COST_MILLITURNS);
  const walk = new StatementWalk(new Tokens(source), new Properties(program));
  walk.run(program);
  let out = "";
  let copied = 0;
  for (const insertion of walk.insertions) {
    const text = textOf(insertion, costs);
    if (text === "") continue;
    out += source.slice(copied, insertion.at) + text;
    copied = insertion.at;
  }
  return out + source.slice(copied);
}

function textOf({ piece, block }: Insertion, costs: Costs): string {
  const milliTurns = block.milliTurns(costs);
  if (milliTurns === 0) return "";
  switch (piece) {
    case "statement":
      return `$t+=${milliTurns};`;
    // The empty statement tells a brace of ours from the program's own.
    case "openBrace":
      return `{;$t+=${milliTurns};`;
    case "closeBrace":
      return "}";
    case "openParen":
      return `($t+=${milliTurns},(`;
    case "closeParen":
      return "))";
  }
}

/** Removes what instrument() inserted. */
export function strip(instrumented: string): string {
  const cuts: Range[] = [];
  const isCounter = (node: Node | undefined): boolean => {
    const any = node as unknown as { operator?: string; left?: { name?: string }; expression?: Node } | undefined;
    if (node?.type === "ExpressionStatement") return isCounter(any!.expression);
    return node?.type === "AssignmentExpression" && any!.operator === "+=" && any!.left!.name === "$t";
  };
  const visit = (node: Node): void => {
    const inside = children(node);
    if (node.type === "BlockStatement" && inside[0]?.type === "EmptyStatement" && isCounter(inside[1])) {
      cuts.push({ start: node.start, end: inside[1]!.end }, { start: node.end - 1, end: node.end });
    } else if (node.type === "ExpressionStatement" && isCounter(node)) {
      cuts.push(node);
    } else if (node.type === "ParenthesizedExpression" && inside[0]!.type === "SequenceExpression") {
      const [counter, wrapped] = children(inside[0]!);
      if (isCounter(counter)) cuts.push({ start: node.start, end: wrapped!.start + 1 }, { start: node.end - 2, end: node.end });
    }
    inside.forEach(visit);
  };
  visit(parse(instrumented, { ...PARSER, preserveParens: true }));
  const ordered = cuts.sort((a, b) => a.start - b.start);
  let out = "";
  let kept = 0;
  for (const { start, end } of ordered) {
    if (end <= kept) continue;
    out += instrumented.slice(kept, start);
    kept = end;
  }
  return out + instrumented.slice(kept);
}

const EXIT = /^(Return|Break|Continue|Throw)Statement$/;

/** Control leaves the list before its end, perhaps. */
function mayLeave(node: Node): boolean {
  if (EXIT.test(node.type)) return true;
  return !/Function/.test(node.type) && children(node).some(mayLeave);
}

class StatementWalk extends Walk {
  run(program: Program): void {
    const block = new Block();
    this.read(program, block);
    this.list(program.body as Statement[], block, programScope(program));
  }

  protected enterFunction(fn: AnyFunction, outer: Scope): void {
    const scope = functionScope(fn, outer);
    const block = new Block();
    if (fn.body.type !== "BlockStatement") throw new Error(`not ES5: arrow function at offset ${fn.start}`);
    const { body } = fn.body;
    // A function without text is not even entered (jspeFunctionCall); a bare `return` is no text either.
    if (body.length === 0 || (body.length === 1 && body[0]!.type === "ReturnStatement" && !body[0]!.argument)) return;
    block.add("entry");
    block.add("parameter", fn.params.length);
    block.add("closureScope", outer.depth);
    this.read({ start: fn.body.start + 1, end: fn.body.end }, block);
    this.list(body, block, scope, startsWithReturn(fn));
  }

  /** A list of statements of which the first is reached with `block` open; a new block begins after each possible exit. */
  #listBody(list: readonly Statement[], block: Block, scope: Scope): void {
    let open = block;
    list.forEach((statement, index) => {
      const previous = list[index - 1];
      if (previous && mayLeave(previous)) {
        open = new Block();
        // After an exit nothing runs, and text there might join it: Espruino's `return` looks beyond the end of the line.
        if (!EXIT.test(previous.type)) this.insertions.push({ at: statement.start, piece: "statement", block: open });
      }
      this.statement(statement, open, scope);
    });
  }

  protected list(list: readonly Statement[], block: Block, scope: Scope, isExpressionBody = false): void {
    const first = list.findIndex((statement) => !("directive" in statement));
    if (first < 0) return;
    this.insertions.push({ at: list[first]!.start, piece: "statement", block });
    // The price of a return statement (its slot, its lookup) is not due where the body is kept as an expression.
    if (isExpressionBody) block.add("returnValue", -1);
    this.#listBody(list.slice(first), block, scope);
  }

  /** The body of a branch or loop, with its own block: braces are added where the program has none. */
  #body(node: Statement, block: Block, scope: Scope): void {
    if (node.type === "BlockStatement" && node.body.length > 0) {
      this.insertions.push({ at: node.body[0]!.start, piece: "statement", block });
      this.#listBody(node.body, block, scope);
    } else {
      this.insertions.push({ at: node.start, piece: "openBrace", block });
      this.statement(node, block, scope);
      this.insertions.push({ at: node.end, piece: "closeBrace", block });
    }
  }

  /** A branch of `if`. Braces are skipped token by token; a bare statement is parsed in vain, at the cost of its surroundings. */
  #branch(node: Statement, around: Block, scope: Scope): void {
    const block = new Block();
    if (node.type !== "BlockStatement") {
      around.add("parsedToken", this.tokens.count(node));
      block.add("parsedToken", -this.tokens.count(node));
    }
    this.#body(node, block, scope);
  }

  protected statement(node: Statement, block: Block, scope: Scope): void {
    switch (node.type) {
      case "EmptyStatement":
      case "BreakStatement":
      case "ContinueStatement":
        return;
      case "BlockStatement":
        return this.#listBody(node.body, block, scope);
      case "ExpressionStatement":
        return this.expression(node.expression, block, scope);
      case "VariableDeclaration":
        for (const { id, init, start } of node.declarations) {
          if (id.type !== "Identifier") throw new Error(`not ES5: ${id.type} at offset ${start}`);
          block.add("declaration");
          block.add("name", (scope.indexOf(id.name) ?? 0) + 1);
          if (init) {
            block.add("assignment");
            this.expression(init, block, scope);
          }
        }
        return;
      case "FunctionDeclaration":
        block.add("declaration");
        block.add("name", (scope.indexOf(node.id.name) ?? 0) + 1);
        return this.makeFunction(node, block, scope);
      case "ReturnStatement":
        block.add("returnValue");
        block.add("name", scope.returnSlot + 1);
        if (node.argument) this.expression(node.argument, block, scope);
        return;
      case "ThrowStatement":
        return this.expression(node.argument, block, scope);
      case "LabeledStatement":
        return this.statement(node.body, block, scope);
      case "IfStatement":
        block.add("if");
        this.expression(node.test, block, scope);
        this.#branch(node.consequent, block, scope);
        if (node.alternate) this.#branch(node.alternate, block, scope);
        return;
      case "ForStatement":
      case "WhileStatement":
      case "DoWhileStatement":
      case "ForInStatement":
        return this.#loop(node, block, scope);
      case "SwitchStatement":
        return this.#switch(node, block, scope);
      case "TryStatement":
        block.add("try");
        this.#body(node.block, new Block(), scope);
        if (node.handler) {
          const caught = new Block();
          caught.add("catch");
          this.#body(node.handler.body, caught, scope);
        }
        if (node.finalizer) this.#body(node.finalizer, new Block(), scope);
        return;
      default:
        throw new Error(`not ES5: ${node.type} at offset ${node.start}`);
    }
  }

  #loop(node: Extract<Statement, { body: Statement; type: `${string}Statement` }>, block: Block, scope: Scope): void {
    block.add("loop");
    const pass = new Block();
    pass.add("iteration");
    this.read(node.body, pass);
    // The first pass was already read with the surroundings, except that for-in looks for the end of the body beforehand.
    if (node.type !== "ForInStatement") this.read(node.body, block, -1);
    switch (node.type) {
      case "ForInStatement":
        if (node.left.type === "VariableDeclaration") this.statement(node.left, block, scope);
        else this.expression(node.left as never, block, scope);
        this.expression(node.right, block, scope);
        // Each key becomes a string and is assigned.
        pass.add("string");
        pass.add("assignment");
        break;
      case "ForStatement":
        if (node.init?.type === "VariableDeclaration") this.statement(node.init, block, scope);
        else if (node.init) this.expression(node.init, block, scope);
        if (node.test) this.#test(node.test, block, scope);
        if (node.update) {
          block.add("parsedToken", this.tokens.count(node.update));
          this.read(node.update, pass);
          this.expression(node.update, pass, scope);
        }
        break;
      case "WhileStatement":
        this.#test(node.test, block, scope);
        break;
    }
    this.#body(node.body, pass, scope);
    if (node.type === "DoWhileStatement") this.#test(node.test, block, scope);
  }

  /** A loop's test runs once more than its body: it counts for itself. */
  #test(node: Extract<Statement, { type: "WhileStatement" }>["test"], around: Block, scope: Scope): void {
    const test = new Block();
    this.read(node, test);
    this.read(node, around, -1);
    this.wrapped(node, test, scope);
  }

  /** Espruino evaluates every test of a switch, also those after the match, and parses every untaken statement. */
  #switch(node: SwitchStatement, block: Block, scope: Scope): void {
    block.add("switch");
    this.expression(node.discriminant, block, scope);
    for (const { test, consequent } of node.cases) {
      if (test) {
        block.add("case");
        // Functions and arms within a test cannot count for themselves: JavaScript proper does not run all tests.
        const marks = this.insertions.length;
        this.expression(test, block, scope);
        this.insertions.length = marks;
      }
      if (consequent.length === 0) continue;
      const taken = new Block();
      for (const statement of consequent) {
        block.add("parsedToken", this.tokens.count(statement));
        taken.add("parsedToken", -this.tokens.count(statement));
      }
      this.insertions.push({ at: consequent[0]!.start, piece: "statement", block: taken });
      this.#listBody(consequent, taken, scope);
    }
  }
}
