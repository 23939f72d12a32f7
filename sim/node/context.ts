// Strips a fresh V8 context to the built-ins that Espruino has, and gives it those that differ and can be patched from
// context-patches.js. Source: espruino-platform facts 1.3, 1.4 and 10; test/support/espruino-rows.ts has a line for each row, and
// test/interpreter/context.test.ts asks the real interpreter about the same lines.
//
// Not to be had in V8, so left to the lint: reads of X.prototype.method, index -1 or past-the-end members that throw, lengths that
// cannot be assigned, views past the end of their buffer and unaligned ones, constructors that refuse strings, order of keys that look
// like integers, numbers as text outside JSON and toFixed, the class and text of the engine's own errors, names of functions,
// arguments.length, doubles compared by eleven digits, JSON.parse that takes more than JSON, regular expressions, Date.

import { readFileSync } from "node:fs";
import vm from "node:vm";

/** Globals that Espruino has not. */
const ABSENT_GLOBALS = [
  ...["Map", "Set", "WeakMap", "WeakSet", "WeakRef", "FinalizationRegistry", "Symbol", "Proxy", "Reflect", "BigInt", "BigInt64Array", "BigUint64Array"],
  ...["Intl", "RangeError", "EvalError", "URIError", "AggregateError", "SharedArrayBuffer", "Atomics", "Iterator", "WebAssembly", "queueMicrotask"],
  ...["escape", "unescape", "encodeURI", "decodeURI", "Function", "console"],
];

/** Members that Espruino has not: of the constructor, and of its instances. */
const ABSENT_MEMBERS: Readonly<Record<string, readonly [statics: readonly string[], methods: readonly string[]]>> = {
  Array: [
    ["from", "of", "fromAsync"],
    [
      ...["flat", "flatMap", "findLast", "findLastIndex", "at", "copyWithin", "reduceRight", "entries", "keys", "values", "lastIndexOf"],
      ...["toSorted", "toSpliced", "toReversed", "with", "toLocaleString"],
    ],
  ],
  Object: [
    ["freeze", "isFrozen", "seal", "isSealed", "is", "preventExtensions", "isExtensible", "groupBy", "hasOwn", "getOwnPropertySymbols"],
    ["toLocaleString"],
  ],
  String: [
    ["raw", "fromCodePoint"],
    [
      ...["at", "codePointAt", "localeCompare", "search", "matchAll", "normalize", "trimStart", "trimEnd", "trimLeft", "trimRight", "isWellFormed"],
      ...["toWellFormed", "toLocaleLowerCase", "toLocaleUpperCase", "anchor", "big", "blink", "bold", "fixed", "fontcolor", "fontsize", "italics"],
      ...["link", "small", "strike", "sub", "sup"],
    ],
  ],
  Math: [
    [
      ...["log2", "log10", "trunc", "imul", "clz32", "fround", "hypot", "cbrt", "log1p", "expm1", "sinh", "cosh", "tanh", "acosh", "asinh", "atanh"],
    ],
    [],
  ],
  Number: [
    ["isInteger", "isSafeInteger", "isNaN", "isFinite", "parseInt", "parseFloat"],
    ["toPrecision", "toExponential", "toLocaleString"],
  ],
  Promise: [["race", "allSettled", "any", "withResolvers", "try"], ["finally"]],
  ArrayBuffer: [["isView"], ["slice", "resize", "transfer", "transferToFixedLength"]],
  DataView: [[], ["getBigInt64", "getBigUint64", "setBigInt64", "setBigUint64"]],
  Error: [["captureStackTrace"], []],
};

/** The same for typed arrays, whose methods V8 keeps on a common base. */
const ABSENT_TYPED_ARRAY_MEMBERS = [
  ...["at", "findLast", "findLastIndex", "copyWithin", "reduceRight", "entries", "keys", "values", "lastIndexOf", "toSorted", "toReversed", "with"],
  ...["toLocaleString"],
];

const stripper = new vm.Script(
  `(function (absent, members, typed) {
  "use strict";
  var scope = globalThis, base = Object.getPrototypeOf(scope.Uint8Array);
  Object.keys(members).forEach(function (name) {
    members[name][0].forEach(function (key) { delete scope[name][key]; });
    members[name][1].forEach(function (key) { delete scope[name].prototype[key]; });
  });
  ["from", "of"].forEach(function (key) { delete base[key]; });
  typed.forEach(function (key) { delete base.prototype[key]; });
  absent.forEach(function (name) { delete scope[name]; });
})(${JSON.stringify(ABSENT_GLOBALS)}, ${JSON.stringify(ABSENT_MEMBERS)}, ${JSON.stringify(ABSENT_TYPED_ARRAY_MEMBERS)})`,
  { filename: "context.ts" },
);

const patches = new vm.Script(readFileSync(new URL("./context-patches.js", import.meta.url), "utf8"), { filename: "context-patches.js" });

export function strip(context: vm.Context): void {
  // The patches need some of what is taken away afterwards.
  patches.runInContext(context);
  stripper.runInContext(context);
}
