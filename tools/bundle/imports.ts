// Who imports whom, and what that must never be: design.md's table of folders, the way from the air to the microphone, and
// the minting of paw tokens, as a check over source texts. It reads no files itself.

import { parse } from "acorn";
import { posix } from "node:path";
import ts from "typescript";
import { allowedGlobals } from "./platform.js";
import { analyse } from "./scope.ts";

/** Source texts by their path from the project's root. */
export type Sources = Readonly<Record<string, string>>;

export interface ImportFault {
  readonly file: string;
  readonly rule: string;
  readonly message: string;
}

interface Import {
  /** A path from the root, or the name of a package. */
  readonly target: string;
  readonly isPackage: boolean;
  readonly names: readonly string[];
}

/** Given by the build, not by a file. */
const BUILD_MODULES = ["pawlock:build", "pawlock:boot"];

/** Where a file of `from` may import from. The first row that matches counts. Packages are for tools, simulator and tests. */
const folders: readonly { readonly from: RegExp; readonly to: RegExp; readonly packages: boolean }[] = [
  { from: /^boards\//, to: /^boards\//, packages: false },
  { from: /^hal\/contract\.ts$/, to: /^boards\//, packages: false },
  { from: /^hal\/espruino\//, to: /^(hal\/espruino\/|hal\/contract\.ts$|boards\/)/, packages: false },
  { from: /^hal\/mock\//, to: /^(hal\/mock\/|hal\/contract\.ts$|boards\/)/, packages: false },
  { from: /^firmware\/main\.ts$/, to: /^(firmware\/|hal\/espruino\/|hal\/contract\.ts$|boards\/|pawlock:build$)/, packages: false },
  { from: /^firmware\/boot\//, to: /^(firmware\/(boot\/|link\/protocol\.ts$)|pawlock:boot$)/, packages: false },
  { from: /^firmware\//, to: /^(firmware\/(?!main\.ts$)|hal\/contract\.ts$|boards\/board\.ts$)/, packages: false },
  { from: /^sim\//, to: /^(sim\/|boards\/)/, packages: true },
  // The bench uses the firmware's own store for a month.
  { from: /^tools\/sim\/(bare-store|store-wear)\.ts$/, to: /^(?!firmware\/|test\/)|^firmware\/(messages|voice)\//, packages: true },
  {
    from: /^tools\//,
    to: /^(?!firmware\/|test\/)|^firmware\/(voice\/(abi|adpcm|prompts|twin[-a-z]*|kernel\.generated)\.ts|messages\/(entries|journal|key-page|layout|records|vault)\.ts|boot\/(manifest|key-words)\.ts|link\/protocol\.ts)$/,
    packages: true,
  },
  { from: /^companion\//, to: /^(companion\/|firmware\/(voice\/(abi|adpcm|twin)\.ts|link\/protocol\.ts)$)/, packages: true },
];

/** Names of the contract through which a module could reach the microphone. */
const MICROPHONE_NAMES = ["Microphone", "PawToken", "Hal"];
const MICROPHONE_FILES = /^(hal\/espruino\/.*microphone|hal\/espruino\/hal|firmware\/voice\/recorder|firmware\/paw\/|firmware\/toy|firmware\/main)/;
/** The source of the boot files. */
const LOCKDOWN = "firmware/boot/lockdown.ts";
/** The one file that may make a paw token. */
const MINT = "firmware/paw/gesture.ts";

const standard = new Set(Object.getOwnPropertyNames(globalThis));
/** What a browser and Node have as well, and the firmware must still ask of its ports. */
const asPorts = ["setTimeout", "setInterval", "clearTimeout", "clearInterval", "atob", "btoa", "process", "global", "globalThis"];
const espruinoGlobals = new Set(
  [...allowedGlobals, "Waveform", "Date", "console", "Promise", "eval"].filter(
    (name) => asPorts.includes(name) || ["Date", "console", "Promise", "eval"].includes(name) || (!standard.has(name) && name !== "arguments" && name !== "require"),
  ),
);

function parseSource(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
}

export function importsOf(file: string, text: string): Import[] {
  const found: Import[] = [];
  function add(specifier: ts.Expression | undefined, names: readonly string[]): void {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return;
    const isPackage = !specifier.text.startsWith(".") && !BUILD_MODULES.includes(specifier.text);
    const target = specifier.text.startsWith(".") ? posix.join(posix.dirname(file), specifier.text) : specifier.text;
    found.push({ target, isPackage, names });
  }
  function visit(node: ts.Node): void {
    if (ts.isImportDeclaration(node)) {
      const bindings = node.importClause?.namedBindings;
      const names = bindings && ts.isNamedImports(bindings) ? bindings.elements.map((element) => (element.propertyName ?? element.name).text) : bindings ? ["*"] : [];
      add(node.moduleSpecifier, names);
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.exportClause && ts.isNamedExports(node.exportClause) ? node.exportClause.elements.map((e) => (e.propertyName ?? e.name).text) : ["*"]);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], ["*"]);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal as ts.Expression, node.qualifier ? [node.qualifier.getText()] : ["*"]);
    }
    ts.forEachChild(node, visit);
  }
  visit(parseSource(file, text));
  return found;
}

/** Globals of Espruino that a file names without declaring them. */
function espruinoNames(text: string): string[] {
  const { outputText } = ts.transpileModule(text, { compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 } });
  const { references } = analyse(parse(outputText, { ecmaVersion: "latest", sourceType: "script" }));
  const free = references.filter(({ binding, node }) => !binding && espruinoGlobals.has(node.name)).map(({ node }) => node.name);
  return [...new Set(free)];
}

/** Casts to PawToken, in any spelling. */
function mints(file: string, text: string): boolean {
  let found = false;
  function visit(node: ts.Node): void {
    if ((ts.isAsExpression(node) || ts.isTypeAssertionExpression(node)) && /\bPawToken\b/.test(node.type.getText())) found = true;
    ts.forEachChild(node, visit);
  }
  visit(parseSource(file, text));
  return found;
}

function reachable(sources: Sources, roots: readonly string[]): string[] {
  const seen = new Set<string>();
  const waiting = [...roots];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    if (sources[file] !== undefined) waiting.push(...importsOf(file, sources[file]).filter(({ isPackage }) => !isPackage).map(({ target }) => target));
  }
  return [...seen];
}

/** Everything that a source file says against design.md's table and rules 5 and 6. */
export function importFaults(sources: Sources): ImportFault[] {
  const faults: ImportFault[] = [];
  for (const [file, text] of Object.entries(sources)) {
    const fault = (rule: string, message: string): void => void faults.push({ file, rule, message });
    const row = folders.find(({ from }) => from.test(file));
    for (const { target, isPackage } of row ? importsOf(file, text) : []) {
      if (isPackage ? !row!.packages : !row!.to.test(target)) fault("folders", `may not import ${target}`);
    }
    const isToy = /^(firmware|boards)\//.test(file) || file === "hal/contract.ts";
    // The boot files are what closes the interpreter's doors: they must name them.
    if (isToy && file !== LOCKDOWN) for (const name of espruinoNames(text)) fault("espruino-globals", `names ${name}: only hal/espruino may`);
    if (/^(firmware|hal\/espruino|boards)\//.test(file) && file !== MINT && mints(file, text)) fault("mint", "makes a paw token: only the gesture recogniser may");
  }
  const air = Object.keys(sources).filter((file) => file.startsWith("firmware/link/"));
  for (const file of reachable(sources, air)) {
    const text = sources[file];
    if (MICROPHONE_FILES.test(file)) faults.push({ file, rule: "air-to-microphone", message: "is reached from firmware/link" });
    if (text === undefined || file === "hal/contract.ts") continue;
    for (const { target, names } of importsOf(file, text)) {
      const taken = target === "hal/contract.ts" ? names.filter((name) => name === "*" || MICROPHONE_NAMES.includes(name)) : [];
      if (taken.length > 0) faults.push({ file, rule: "air-to-microphone", message: `is reached from firmware/link and takes ${taken.join(", ")}` });
    }
  }
  return faults;
}
