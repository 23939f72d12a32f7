// The simulated board's Storage against that of the real interpreter: the same calls on the same flash give the same answers and, byte
// for byte, the same flash. Needs ESPRUINO=path of a Linux build, whose flash has pages of 1 KB.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { interpreterFacts } from "../../sim/espruino/make.ts";
import { Storage } from "../../sim/node/storage.ts";
import { buildStorage } from "../../sim/storage-image.ts";
import { random } from "../support/random.ts";
import { interpreterPath } from "../support/interpreter.ts";

const INTERPRETER = process.env["ESPRUINO"];
const BYTES = INTERPRETER ? interpreterFacts(INTERPRETER).flashBytes : 256 * 1024;
const PAGE_BYTES = 1024;

type Call =
  | { readonly call: "write"; readonly name: string; readonly data: Buffer; readonly offset: number; readonly size: number }
  | { readonly call: "erase" | "read"; readonly name: string }
  | { readonly call: "compact" | "stats" | "list" };

/** A short piece again and again: written out, random data would fill the interpreter's memory. */
function dataOf(piece: readonly number[], length: number): Buffer {
  return piece.length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, Buffer.from(piece));
}

function randomCalls(seed: number, count: number, largest: number): Call[] {
  const next = random(seed);
  const upTo = (n: number): number => Math.floor(next() * n);
  const names = ["a", "bcd", "efgh", "ijklm", "n.js", ".boot9", "A:drive", "a name that is far too long for Storage"];
  const calls: Call[] = [];
  while (calls.length < count) {
    const name = names[upTo(names.length)]!;
    const kind = next();
    if (kind < 0.7) {
      const data = dataOf(Array.from({ length: 5 }, () => upTo(256)), upTo(largest));
      const isPart = next() < 0.3;
      calls.push({ call: "write", name, data, offset: isPart ? upTo(200) : 0, size: next() < 0.3 ? upTo(largest) : 0 });
    } else if (kind < 0.85) calls.push({ call: "erase", name });
    else if (kind < 0.9) calls.push({ call: "compact" });
    else calls.push({ call: (["stats", "list"] as const)[upTo(2)]! });
    calls.push({ call: "read", name });
  }
  return calls;
}

const PRELUDE = `var s=require("Storage");
function t(f){var r;try{r=f()}catch(e){r="!"+e.message}print(">>"+JSON.stringify(r===undefined?null:r));}
function d(piece,length){return piece.repeat(Math.ceil(length/5)).substr(0,length);}
function h(d){return d===undefined?null:[d.length,E.CRC32(d)];}
`;

function scriptOf(calls: readonly Call[]): string {
  const hex = (data: Buffer): string => {
    const piece = [...data.subarray(0, 5)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
    return data.length <= 5 ? `"${piece}"` : `d("${piece}",${data.length})`;
  };
  const body = calls.map((call) => {
    if (call.call === "write") return `s.write(${JSON.stringify(call.name)},${hex(call.data)},${call.offset},${call.size})`;
    if (call.call === "erase") return `s.erase(${JSON.stringify(call.name)})`;
    if (call.call === "read") return `h(s.read(${JSON.stringify(call.name)}))`;
    if (call.call === "stats") return "[s.getStats(),s.getFree()]";
    return call.call === "list" ? "s.list()" : "s.compact()";
  });
  return PRELUDE + body.map((text) => `t(function(){return ${text}});`).join("\n") + "\n";
}

interface Outcome {
  readonly answers: string[];
  readonly isWiped: boolean;
  readonly flash: Uint8Array;
}

function inInterpreter(image: Uint8Array, calls: readonly Call[]): Outcome {
  const interpreter = interpreterPath();
  const folder = mkdtempSync(join(tmpdir(), "storage-"));
  try {
    writeFileSync(join(folder, "espruino.flash"), image);
    writeFileSync(join(folder, "calls.js"), scriptOf(calls));
    const { stdout, status } = spawnSync(interpreter, ["calls.js"], { cwd: folder, encoding: "latin1", input: "", timeout: 60000 });
    assert.equal(status, 0, stdout.slice(-400));
    const lines = stdout.split(/\r?\n/);
    return {
      answers: lines.flatMap((line) => (line.includes(">>") ? [line.slice(line.indexOf(">>") + 2)] : [])),
      isWiped: lines.some((line) => line.includes("Storage is corrupt")),
      flash: readFileSync(join(folder, "espruino.flash")),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function inSimulator(image: Uint8Array, calls: readonly Call[]): Outcome {
  const flash = Uint8Array.from(image);
  let isWiped = false;
  const storage = new Storage({
    bytes: BYTES,
    pageBytes: PAGE_BYTES,
    read: (offset, length) => flash.slice(offset, offset + length),
    write: (offset, data) => data.forEach((byte, i) => (flash[offset + i]! &= byte)),
    erasePage: (offset) => flash.fill(0xff, offset, offset + PAGE_BYTES),
    print: (text) => (isWiped ||= text.includes("Storage is corrupt")),
  });
  storage.checkAtBoot();
  const answer = (call: Call): unknown => {
    if (call.call === "write") return storage.write(call.name, call.data, call.offset, call.size);
    if (call.call === "erase") return storage.erase(call.name);
    if (call.call === "read") {
      const data = storage.read(call.name);
      return data && [data.length, crc32(data) >>> 0];
    }
    if (call.call === "stats") return [storage.getStats(), storage.getFree()];
    return call.call === "list" ? storage.list() : void storage.compact();
  };
  const answers = calls.map((call) => {
    try {
      return JSON.stringify(answer(call) ?? null);
    } catch (error) {
      return JSON.stringify(`!${(error as Error).message}`);
    }
  });
  return { answers, isWiped, flash };
}

function compare(image: Uint8Array, calls: readonly Call[]): Outcome {
  const real = inInterpreter(image, calls);
  const simulated = inSimulator(image, calls);
  real.answers.forEach((answer, i) => assert.deepEqual(JSON.parse(simulated.answers[i]!), JSON.parse(answer), `call ${i}: ${JSON.stringify({ ...calls[i], data: undefined })}`));
  assert.equal(simulated.answers.length, real.answers.length);
  assert.equal(simulated.isWiped, real.isWiped);
  const differs = simulated.flash.findIndex((byte, i) => byte !== real.flash[i]);
  assert.equal(differs, -1, `flash differs from byte ${differs} on`);
  return simulated;
}

/** So large a part of the flash. */
const part = (share: number): number => Math.floor(BYTES * share);
const blank = (): Uint8Array => new Uint8Array(BYTES).fill(0xff);
const write = (name: string, text: string, offset = 0, size = 0): Call => ({ call: "write", name, data: dataOf([...Buffer.from(text.slice(0, 5), "latin1")], text.length), offset, size });
const read = (name: string): Call => ({ call: "read", name });

describe("Storage of the simulator and of the interpreter", function () {
  this.timeout(120000);

  const calls: [string, Call[]][] = [
    ["write, read and replace", [write("a", "one"), read("a"), write("a", "three"), read("a"), { call: "stats" }]],
    ["leave flash alone when nothing changes", [write("a", "one"), write("a", "one"), { call: "stats" }]],
    ["fill a preallocated file", [write("a", "", 0, 20), write("a", "abc", 4), write("a", "x", 4), write("a", "y", 19), write("a", "zz", 19), read("a")]],
    ["replace a blank preallocated file at offset 0", [write("a", "", 0, 8), write("a", "z"), read("a")]],
    ["leave a file of 0xFF when the size is too small", [write("a", "abcd", 0, 2), read("a")]],
    ["refuse empty data, negative offsets and absent files", [write("a", ""), write("a", "x", -1), write("a", "x", 3), read("a")]],
    ["lose drives and long names", [write("A:b", "x"), read("b"), read("Q:b"), write("abcdefghijklmnopqrstuvwxyz0123", "y"), { call: "list" }]],
    ["find an erased short name when asked for no name", [write("abc", "12345"), { call: "erase", name: "abc" }, write("", "x"), read(""), { call: "list" }]],
    ["refuse what is too long", [write("a", "x".repeat(1000), 0, part(0.76)), write("b", "y", 0, part(0.38)), read("b"), { call: "stats" }]],
    ["compact when that helps", [write("a", "x", 0, part(0.57)), write("b", "keep"), write("a", "y", 0, part(0.53)), read("a"), read("b"), { call: "stats" }]],
    ["erase the old file even when the new one does not fit", [write("a", "x", 0, part(0.57)), write("b", "y", 0, part(0.38)), write("a", "z", 0, part(0.76)), read("a"), read("b")]],
  ];
  for (const [what, sequence] of calls) it(`${what} alike`, () => void compare(blank(), sequence));

  for (const seed of [1, 2, 3, 4]) {
    it(`agree over random calls, seed ${seed}`, () => void compare(blank(), randomCalls(seed, 160, seed % 2 ? 400 : 6000)));
  }

  const torn = (change: (image: Uint8Array, tail: number) => void): Uint8Array => {
    const image = buildStorage([{ name: "app", data: Buffer.from("x".repeat(500)) }, { name: "settings", data: Buffer.from("{}") }], BYTES);
    change(image, 32 + 500 + 32 + 4);
    return image;
  };
  const after = [read("app"), write("new", "data"), read("new"), write("more", "data"), read("more"), { call: "list" } as Call, { call: "stats" } as Call];
  const states: [string, Uint8Array][] = [
    ["whole", torn(() => undefined)],
    ["with junk at the next page", torn((image) => image.set([1, 2, 0xff, 4, 5, 6, 7, 8], PAGE_BYTES))],
    ["with what could be a header at the next page", torn((image) => image.set([1, 2, 3, 4, 5, 6, 7, 8], PAGE_BYTES))],
    ["with a torn size at the tail", torn((image, tail) => image.set([0x10, 0x00, 0xff], tail))],
    ["with a torn name at the tail", torn((image, tail) => image.set([0x10, 0, 0, 0, 0x41], tail))],
    ["with a torn header and junk at the next page", torn((image, tail) => (image.set([0x10, 0x00, 0xff], tail), image.set([7, 0, 0, 9], PAGE_BYTES)))],
    ["blank but for a late byte", (() => blank().fill(0, 200000, 200001))()],
    ["of a size word of zero", torn((image) => image.fill(0, 0, 4))],
    ["full to the last byte", buildStorage([{ name: "app", data: Buffer.alloc(BYTES - 32, 0x41) }], BYTES)],
  ];
  for (const [what, image] of states) it(`treat a Storage ${what} alike`, () => void compare(image, after));

  it("agree that junk behind the chain wipes everything", () => {
    assert.equal(compare(states[1]![1], after).isWiped, true);
  });
});
