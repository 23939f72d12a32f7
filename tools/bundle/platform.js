// What Espruino 2v29 on nRF52 lacks, does differently or must not be asked for, as data: read by the check of the finished
// bundle and by eslint.config.js. Every entry says what to do instead. Found by running each in the interpreter (commit
// c5ff787b) or reading its source. Lists of what MAY be used are closed: a name that is on no list is refused.

/** Names in the outermost scope of a bundle. Scope lookup is a linear walk: 300 names double the cost of calling a built-in. */
export const MAX_OUTER_NAMES = 64;
/** Argument codes in a native signature: 3 bits each in 16, the result included. */
export const MAX_NATIVE_ARGUMENTS = 4;
export const NATIVE_TYPES = ["void", "bool", "int", "double", "float", "Pin", "JsVar"];

/** Globals that the firmware may read. */
export const allowedGlobals = [
  ..."undefined NaN Infinity isNaN isFinite parseInt parseFloat atob btoa arguments".split(" "),
  ..."Object Array String Number Boolean Math JSON Error".split(" "),
  ..."ArrayBuffer DataView Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Float32Array Float64Array".split(" "),
  ..."E NRF Pin require process global globalThis Serial1 USB".split(" "),
  ..."pinMode digitalRead digitalWrite digitalPulse analogRead analogWrite setWatch clearWatch".split(" "),
  ..."setTimeout setInterval changeInterval clearTimeout clearInterval getTime setTime".split(" "),
  // Seen only where a console is open: unsealed, on the bench.
  "print",
  // Left by the boot files and the loader.
  ..."air pawlockSlot pawlockTrial".split(" "),
  ..."peek8 peek16 peek32 poke8 poke16 poke32".split(" "),
];

const absent = "Espruino does not have it";
const readOnly = "Storage is read-only after provisioning: the Flash port";
const lock = "only boot files may change what the interpreter runs or remembers";

/** Globals that are refused, and why or what to use. */
export const refusedGlobals = {
  Map: `${absent}: use an object or an array`,
  Set: `${absent}: use an object or an array`,
  WeakMap: absent,
  WeakSet: absent,
  WeakRef: absent,
  Symbol: absent,
  Proxy: absent,
  Reflect: absent,
  BigInt: `${absent}: split numbers into 16-bit halves`,
  Intl: absent,
  window: `${absent}: use global`,
  performance: `${absent}: use getTime()`,
  queueMicrotask: `${absent}: use setTimeout`,
  setImmediate: `${absent}: use setTimeout`,
  structuredClone: absent,
  TextEncoder: `${absent}: strings are bytes`,
  TextDecoder: `${absent}: strings are bytes`,
  RangeError: `${absent}: throw Error`,
  module: `${absent}: bundle to an IIFE`,
  exports: `${absent}: bundle to an IIFE`,
  TypeError: "the interpreter's own are not instanceof Error and wrong accesses throw Error: use Error with a code",
  ReferenceError: "not instanceof Error: use Error with a code",
  SyntaxError: "not instanceof Error: use Error with a code",
  Promise: "an uncaught throw anywhere rejects unrelated promise chains of the same pass: use callbacks",
  RegExp: "lookahead, {n,m}, ?, \\b and others fail silently: compare strings",
  Date: "Date.parse of junk is 0 and Date.now() is fractional: use getTime()",
  eval: "only the boot loader evaluates text",
  Function: "text is never code here",
  Waveform: "8-bit, jitters with the radio and loses samples: the ports use DMA",
  console: "the toy has no console: print, for what is a bug",
  save: `writes Storage: ${lock}`,
  load: "restarts with the console open: E.reboot()",
  reset: "drops the forced console and the closed services: E.reboot()",
  dump: "prints the program to the console",
  edit: "opens an editor on the console",
  echo: "the toy has no console",
  trace: "the toy has no console",
  quit: "ends the interpreter",
  Modules: "bundle everything",
};

/** Members that may be used of a global object; it may not be passed on, renamed or indexed by a computed name. */
export const allowedMembers = {
  Math: "abs acos asin atan atan2 ceil clip cos exp floor log max min pow random randInt sign sin sqrt tan wrap PI E LN2 LN10 LOG2E SQRT2".split(" "),
  Object: "keys values entries create defineProperty defineProperties assign getPrototypeOf setPrototypeOf getOwnPropertyNames fromEntries prototype".split(" "),
  Array: ["isArray", "prototype"],
  String: ["fromCharCode", "prototype"],
  Number: ["MAX_VALUE", "MIN_VALUE", "NaN", "POSITIVE_INFINITY", "NEGATIVE_INFINITY", "prototype"],
  JSON: ["parse", "stringify"],
  Error: ["prototype"],
  E: (
    "on removeListener getAddressOf memoryArea toFlatString toArrayBuffer toUint8Array toString nativeCall CRC32 mapInPlace sum reboot " +
    "enableWatchdog kickWatchdog setConsole lockConsole setPassword getErrorFlags hwRand getTemperature getSizeOf"
  ).split(" "),
  NRF: (
    "on removeListener sleep wake disconnect setAddress getAddress resolveAddress setAdvertising setServices updateServices " +
    "setSecurity getSecurityStatus setConnectionInterval setTxPower eraseBonds"
  ).split(" "),
};

/** Global objects that are also called or constructed, or stand to the right of instanceof. */
export const callableGlobals = ["Object", "Array", "String", "Number", "Error"];

/** Members of those objects that deserve a word. */
export const refusedMembers = {
  Math: {
    imul: `${absent}: split 16 x 16`,
    trunc: `${absent}: | 0, or Math.floor`,
    round: "halves of negative numbers round away from zero: Math.floor(x + 0.5)",
    log2: `${absent}: Math.log(x) / Math.LN2`,
    log10: `${absent}: Math.log(x) / Math.LN10`,
    clz32: absent,
    fround: absent,
    hypot: `${absent}: Math.sqrt`,
    cbrt: absent,
  },
  Object: { freeze: absent, isFrozen: absent, seal: absent, is: `${absent}: ===`, hasOwn: `${absent}: o.hasOwnProperty(k)` },
  Array: { from: `${absent}: a loop`, of: `${absent}: a literal` },
  String: { fromCodePoint: `${absent}: strings are bytes`, raw: absent },
  Number: {
    isInteger: `${absent}: x === Math.floor(x)`,
    isSafeInteger: absent,
    isNaN: `${absent}: the global isNaN`,
    isFinite: `${absent}: the global isFinite`,
    parseInt: `${absent}: the global parseInt`,
    parseFloat: `${absent}: the global parseFloat`,
    EPSILON: absent,
    MAX_SAFE_INTEGER: absent,
  },
  E: {
    setBootCode: `writes Storage: ${lock}`,
    setFlags: `can make errors write Storage: ${lock}`,
    dumpStr: "gives the program away",
    dumpVariables: "gives the program away",
    openFile: "the toy has no files",
    defrag: "moves memory under running DMA",
    getBattery: "not compiled for these boards: the Power port",
    asm: "compiled by a remote service at upload: the native kernel",
    compiledC: "compiled by a remote service at upload: the native kernel",
  },
  Storage: {
    write: readOnly,
    writeJSON: readOnly,
    erase: readOnly,
    eraseAll: readOnly,
    compact: readOnly,
    open: readOnly,
    optimise: readOnly,
  },
  NRF: {
    getBattery: "the regulated supply, and it stops the converter: the Power port",
    startBonding: "does nothing, silently, when pairing is closed",
    setWhitelist: "keeps nobody out: the toy's own accept list",
    restart: "opens the console again: E.reboot()",
  },
};

/** Built-in modules, and the members that may be used of each. Storage has readers only. */
export const modules = {
  Storage: ["read", "readArrayBuffer", "list", "hash", "getFree", "getStats"],
  Flash: ["read", "write", "erasePage", "getPage", "getFree"],
  crypto: ["SHA256", "AES_CCM", "AES"],
};

/** What writes Storage. A file that may (the installer) is checked with `permit: ["storage-writer"]`. */
export const storageWriters = (
  "save E.setBootCode E.setFlags Storage.write Storage.writeJSON Storage.erase Storage.eraseAll Storage.compact Storage.open Storage.optimise"
).split(" ");

/** What turns text into code. A file that may (the loader) is checked with `permit: ["eval"]`. */
export const evaluators = ["eval", "Function"];

/** Methods that no object has, or that are wrong on the object that has them. */
export const refusedMethods = {
  sort: "unstable even for four elements: insert in order",
  flat: absent,
  flatMap: absent,
  findLast: `${absent}: loop backwards`,
  findLastIndex: `${absent}: loop backwards`,
  copyWithin: `${absent}: typed arrays have set`,
  reduceRight: `${absent}: loop backwards`,
  codePointAt: `${absent}: charCodeAt`,
  localeCompare: `${absent}: < and >`,
  search: `${absent}: indexOf`,
  match: "needs regular expressions: indexOf",
  matchAll: absent,
  normalize: absent,
  trimStart: absent,
  trimEnd: absent,
  toPrecision: absent,
  toExponential: absent,
  toFixed: "does not carry (1.96 to one place is 1.9): integers",
  once: `${absent}: on`,
  off: `${absent}: removeListener`,
  then: "promises are refused: callbacks",
  finally: absent,
  isPrototypeOf: absent,
  propertyIsEnumerable: absent,
  toLocaleString: absent,
  getBigInt64: absent,
  setBigInt64: absent,
  __defineGetter__: absent,
};

/** Methods that arrays lack though Object has statics of that name. */
export const refusedIterators = ["keys", "values", "entries"];

/** Constructors whose prototype's methods cannot be read (`Array.prototype.slice` is undefined; assigning works). */
export const closedPrototypes = (
  "Array String Function Number Boolean Date RegExp Promise ArrayBuffer DataView Uint8Array Int8Array Uint16Array Int16Array " +
  "Uint32Array Int32Array Float32Array Float64Array"
).split(" ");

/** Errors that instanceof never recognises. */
export const errorClasses = ["Error", "TypeError", "ReferenceError", "SyntaxError", "RangeError", "InternalError"];

/** Called without an argument these clear every timer or watch; with a literal undefined they throw. */
export const clearers = ["clearTimeout", "clearInterval", "clearWatch"];

/** Constructs that the parser refuses or takes wrongly: [rule, esquery selector, what to do]. Shared by both checks. */
export const constructs = [
  ["default-parameter", "AssignmentPattern", "a SyntaxError there: test for undefined"],
  ["rest", "RestElement", "a SyntaxError there: use arguments[i] with a count"],
  ["spread", "SpreadElement", "a SyntaxError there: apply, or a loop"],
  ["destructuring", "ObjectPattern, ArrayPattern", "fails at run time: one variable at a time"],
  ["class", "ClassDeclaration, ClassExpression", "inheritance recurses for ever and is not hoisted: a factory function"],
  ["computed-key", "ObjectExpression > Property[computed=true]", "a SyntaxError there: assign o[k] afterwards"],
  ["label", "LabeledStatement", "a ReferenceError at run time: a flag or a function"],
  ["debugger", "DebuggerStatement", "halts the toy and waits on the console"],
  ["with", "WithStatement", "a ReferenceError at run time"],
  ["optional-chain", "ChainExpression", "a SyntaxError there: &&"],
  ["exponent", "BinaryExpression[operator='**'], AssignmentExpression[operator='**=']", "a SyntaxError there: Math.pow"],
  ["logical-assignment", "AssignmentExpression[operator='&&='], AssignmentExpression[operator='||='], AssignmentExpression[operator='??=']", "a SyntaxError there: write it out"],
  ["async", ":function[async=true], AwaitExpression, ForOfStatement[await=true]", "a SyntaxError there: callbacks"],
  ["generator", ":function[generator=true], YieldExpression", "a SyntaxError there"],
  ["meta-property", "MetaProperty", "a SyntaxError there"],
  ["dynamic-import", "ImportExpression", "bundle everything"],
  ["tagged-template", "TaggedTemplateExpression", "yields the plain string"],
  ["regex", "Literal[regex]", "much of it fails silently: compare strings"],
  ["bigint", "Literal[bigint]", absent],
  ["case-after-default", "SwitchStatement > SwitchCase[test=null]:not(:last-child)", "a SyntaxError there: default comes last"],
  ["arguments-length", "MemberExpression[object.name='arguments'][property.name='length']", "is the parameter count when fewer are given: compare with undefined"],
  ["set-length", "AssignmentExpression > MemberExpression.left[computed=false][property.name='length'], UpdateExpression > MemberExpression[computed=false][property.name='length']", "throws: splice, or a new array"],
  ["proto", "MemberExpression[property.name='__proto__'], Property[key.name='__proto__'], Property[key.value='__proto__']", "Object.create, or a constructor function"],
  ["string-key", "MemberExpression[computed=true] > Literal.property[value=type(string)]", "x[\"y\"] throws on strings and typed arrays that lack it: x.y"],
];
