// The two directions of the pipes' text. To the interpreter: an expression that it evaluates. From it: JSON in which a string
// begins with what it is (s text, f float, b bytes, x text as bytes, u undefined; bytes are in base64). Floats cross as their
// two words: Espruino prints and reads decimals inexactly.

import type { Wire } from "../engine.ts";

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/** A value as an Espruino expression. */
export function expression(value: Wire): string {
  if (value === undefined || value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return literal(value);
  if (typeof value === "number") {
    // Minus zero and what exceeds 32 bits go as floats.
    if (Object.is(value | 0, value)) return String(value);
    float[0] = value;
    return `$float(${words[0]},${words[1]})`;
  }
  if (value instanceof Uint8Array) return `$bytes("${Buffer.from(value).toString("base64")}")`;
  if (isList(value)) return `[${value.map(expression).join(",")}]`;
  // In parentheses: at the beginning of a text a brace opens a block.
  return `({${Object.entries(value).map(([key, part]) => `${key}:${expression(part)}`).join(",")}})`;
}

/** What the interpreter's text says. */
export function parse(text: string): Wire {
  return unmarked(JSON.parse(text) as Wire);
}

function unmarked(value: Wire): Wire {
  if (typeof value === "string") return marked(value[0]!, value.slice(1));
  if (typeof value !== "object" || value === null) return value;
  if (isList(value)) return value.map(unmarked);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, unmarked(part)]));
}

function marked(mark: string, rest: string): Wire {
  switch (mark) {
    case "s":
      return rest;
    case "b":
      return new Uint8Array(Buffer.from(rest, "base64"));
    case "x":
      return Buffer.from(rest, "base64").toString("latin1");
    case "f":
      [words[0], words[1]] = rest.split(",").map(Number) as [number, number];
      return float[0];
    default:
      return undefined;
  }
}

function isList(value: Wire): value is readonly Wire[] {
  return Array.isArray(value);
}

/** One byte per character, in ASCII. */
function literal(text: string): string {
  return `"${text.replace(/[^ !#-[\]-~]/g, (character) => `\\x${(character.charCodeAt(0) & 255).toString(16).padStart(2, "0")}`)}"`;
}
