// Strips a fresh V8 context to the built-ins that Espruino has, and makes those that differ and can be patched behave as
// Espruino's do. Source: espruino-platform facts 1.3, 1.4 and 10. What cannot be had here (Number.EPSILON cannot be removed) is refused by the lint instead.

import vm from "node:vm";

const stripper = new vm.Script(
  `(function () {
  "use strict";
  var absent = ["Map", "Set", "WeakMap", "WeakSet", "WeakRef", "FinalizationRegistry", "Symbol", "Proxy", "Reflect", "BigInt", "BigInt64Array",
    "BigUint64Array", "Intl", "RangeError", "AggregateError", "SharedArrayBuffer", "Atomics", "Iterator", "WebAssembly", "queueMicrotask",
    "escape", "unescape", "encodeURI", "decodeURI", "Function", "console"];
  var members = {
    Array: [["from", "of", "fromAsync"], ["flat", "flatMap", "findLast", "findLastIndex", "at", "copyWithin", "reduceRight", "entries", "keys",
      "values", "lastIndexOf", "toSorted", "toSpliced", "toReversed", "with", "toLocaleString"]],
    Object: [["freeze", "isFrozen", "seal", "isSealed", "is", "preventExtensions", "isExtensible", "groupBy", "hasOwn"], []],
    String: [["raw", "fromCodePoint"], ["at", "codePointAt", "localeCompare", "search", "matchAll", "normalize", "trimStart", "trimEnd",
      "isWellFormed", "toWellFormed", "anchor", "big", "bold", "link", "sub", "sup"]],
    Math: [["log2", "log10", "trunc", "imul", "clz32", "fround", "hypot", "cbrt", "log1p", "expm1", "sinh", "cosh", "tanh"], []],
    Number: [["isInteger", "isSafeInteger", "isNaN", "isFinite", "parseInt", "parseFloat"], []],
    Promise: [["race", "allSettled", "any", "withResolvers"], ["finally"]],
    ArrayBuffer: [["isView"], ["slice", "resize", "transfer", "transferToFixedLength"]]
  };
  var typed = ["Uint8Array", "Uint8ClampedArray", "Int8Array", "Uint16Array", "Int16Array", "Uint32Array", "Int32Array", "Float32Array", "Float64Array"];
  var scope = globalThis, arrayPrototype = scope.Array.prototype;
  Object.keys(members).forEach(function (name) {
    members[name][0].forEach(function (key) { delete scope[name][key]; });
    members[name][1].forEach(function (key) { delete scope[name].prototype[key]; });
  });
  var base = Object.getPrototypeOf(scope.Uint8Array), slice = arrayPrototype.slice, filter = arrayPrototype.filter;
  ["from", "of"].forEach(function (key) { delete base[key]; });
  ["at", "findLast", "findLastIndex", "copyWithin", "reduceRight", "entries", "keys", "values", "lastIndexOf", "toSorted", "toReversed", "with"]
    .forEach(function (key) { delete base.prototype[key]; });
  // A typed array's slice and filter give plain arrays.
  base.prototype.slice = function (from, to) { return slice.call(this, from, to); };
  base.prototype.filter = function (test, self) { return filter.call(this, test, self); };
  // Rounding goes away from zero, and there is no minus zero.
  var floor = Math.floor, ceil = Math.ceil;
  Math.round = function (x) { return (x < 0 ? ceil(x - 0.5) : floor(x + 0.5)) + 0; };
  // JSON.parse knows no reviver.
  var parse = JSON.parse;
  JSON.parse = function (text) { return parse(text); };
  Object.defineProperty(scope.Function.prototype, "name", { value: undefined });
  absent.forEach(function (name) { delete scope[name]; });
})()`,
  { filename: "context" },
);

export function strip(context: vm.Context): void {
  stripper.runInContext(context);
}
