// Lint of the TypeScript sources: sane rules for all, and for what runs on the toy the platform's rules, from the same table
// as the check of the finished bundle (tools/bundle/platform.js). What TypeScript lowers for ES5 may be used in the source
// only where its lowering survives Espruino: template strings, arrows, let and const do; spread, defaults and classes do not.

import esX from "eslint-plugin-es-x";
import tseslint from "typescript-eslint";
import { allowedMembers, clearers, constructs, errorClasses, refusedGlobals, refusedMembers, refusedMethods } from "./tools/bundle/platform.js";

const onTheToy = ["firmware/**/*.ts", "hal/espruino/**/*.ts"];
/** References and host code that stand beside the firmware and are never in the bundle. */
const neverOnTheToy = ["firmware/voice/adpcm.ts", "firmware/voice/twin.ts", "**/*.d.ts"];

/** Core rules that find mistakes; types and undefined names are TypeScript's. */
const mistakes = (
  "for-direction no-async-promise-executor no-case-declarations no-compare-neg-zero no-cond-assign no-constant-binary-expression no-debugger " +
  "no-delete-var no-dupe-else-if no-duplicate-case no-empty no-empty-pattern no-ex-assign no-fallthrough no-global-assign no-labels " +
  "no-loss-of-precision no-misleading-character-class no-prototype-builtins no-self-assign no-shadow-restricted-names no-sparse-arrays " +
  "no-unexpected-multiline no-unreachable no-unsafe-finally no-unsafe-optional-chaining no-useless-catch no-useless-escape use-isnan valid-typeof"
).split(" ");

const either = (names) => `/^(${names.join("|")})$/`;

/** The interpreter hoists nothing. A function that is called later may well name what is declared below it. */
const declareFirst = {
  meta: { type: "problem", messages: { late: "{{name}} is used before its declaration has run: nothing is hoisted on the toy" }, schema: [] },
  create: (context) => ({
    "Program:exit"() {
      for (const scope of context.sourceCode.scopeManager.scopes) {
        for (const { name, defs, references } of scope.variables) {
          const def = defs.find(({ type }) => type === "FunctionName" || type === "Variable" || type === "ClassName");
          if (!def || def.parent?.declare || def.node.declare) continue;
          for (const { identifier, from, isTypeReference } of references) {
            const isSameRun = from.variableScope === scope.variableScope;
            if (isSameRun && !isTypeReference && identifier.range[0] < def.name.range[0]) context.report({ node: identifier, messageId: "late", data: { name } });
          }
        }
      }
    },
  }),
};

/** The head of a loop makes its variables once for all turns there. */
const loopCapture = {
  meta: { type: "problem", messages: { captured: "{{name}}: every function made in the loop sees its last value; copy it inside the body" }, schema: [] },
  create: (context) => ({
    "Program:exit"() {
      for (const scope of context.sourceCode.scopeManager.scopes) {
        for (const { name, defs, references } of scope.variables) {
          const list = defs[0]?.parent;
          const loop = list?.parent;
          const isHead = list?.type === "VariableDeclaration" && list.kind !== "var" && (loop?.init === list || loop?.left === list);
          const captured = isHead && references.find(({ from }) => from.variableScope !== scope.variableScope);
          if (captured) context.report({ node: captured.identifier, messageId: "captured", data: { name } });
        }
      }
    },
  }),
};

/** Constructs and built-ins of later editions that no row of the table names; typed by es-x where it can. */
const lacking = [
  "no-object-is",
  "no-hashbang",
  "no-regexp-lookbehind-assertions",
  "no-string-raw",
  "no-array-prototype-findlast-findlastindex",
  "no-array-prototype-with",
  "no-array-prototype-toreversed",
  "no-array-prototype-tosorted",
  "no-array-prototype-tospliced",
  "no-object-groupby",
  "no-private-in",
  "no-top-level-await",
  "no-unicode-codepoint-escapes",
  "no-legacy-object-prototype-accessor-methods",
];

const restricted = [
  ...constructs.map(([rule, selector, remedy]) => ({ selector, message: `${rule}: ${remedy}` })),
  ...Object.entries(refusedMethods).map(([name, reason]) => ({
    selector: `CallExpression > MemberExpression.callee[property.name='${name}']`,
    message: `.${name}: ${reason}`,
  })),
  ...errorClasses.map((name) => ({
    selector: `BinaryExpression[operator='instanceof'][right.name='${name}']`,
    message: `instanceof ${name} is false for the interpreter's own errors`,
  })),
  {
    selector: `CallExpression[callee.name=${either(clearers)}][arguments.length=0]`,
    message: "without an id it clears all: pass the id",
  },
  {
    selector: "MemberExpression > MemberExpression.object[property.name='prototype'][object.name=/^(Array|String|Function)$/]",
    message: "methods of built-in prototypes are undefined: call them on a value",
  },
  {
    selector: `MemberExpression[object.callee.name='require'][object.arguments.0.value='Storage'][property.name=${either(Object.keys(refusedMembers.Storage))}]`,
    message: refusedMembers.Storage.write,
  },
  { selector: "CallExpression > MemberExpression.callee[property.name=/^(writeJSON|eraseAll)$/]", message: refusedMembers.Storage.write },
  ...Object.entries(allowedMembers).map(([object, names]) => ({
    selector: `MemberExpression[computed=false][object.name='${object}'][property.name!=${either(names)}]:not([object.name='${object}'][property.name=${either(
      Object.keys(refusedMembers[object] ?? { "-": "" }),
    )}])`,
    message: `not on the list of members of ${object} that the firmware may use (tools/bundle/platform.js)`,
  })),
];

export default tseslint.config(
  { ignores: ["build/", "out/", "coverage/", "node_modules/", "**/*.d.ts"] },
  ...tseslint.configs.recommended,
  {
    rules: {
      ...Object.fromEntries(mistakes.map((rule) => [rule, "error"])),
      "no-constant-condition": ["error", { checkLoops: false }],
      "no-var": "error",
      "prefer-const": "error",
      eqeqeq: "error",
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true, argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-this-alias": "off",
    },
  },
  {
    files: onTheToy,
    ignores: neverOnTheToy,
    plugins: { "es-x": esX, toy: { rules: { "declare-first": declareFirst, "loop-capture": loopCapture } } },
    rules: {
      ...Object.fromEntries(lacking.map((rule) => [`es-x/${rule}`, "error"])),
      "toy/declare-first": "error",
      "@typescript-eslint/no-require-imports": "off",
      "toy/loop-capture": "error",
      "prefer-rest-params": "off",
      "prefer-spread": "off",
      "@typescript-eslint/no-unused-vars": ["error", { args: "none" }],
      "no-restricted-syntax": ["error", ...restricted],
      "no-restricted-globals": ["error", ...Object.entries(refusedGlobals).map(([name, message]) => ({ name, message }))],
      "no-restricted-properties": [
        "error",
        ...Object.entries(refusedMembers).flatMap(([object, members]) =>
          Object.entries(members).map(([property, message]) => ({ object, property, message })),
        ),
      ],
    },
  },
  {
    // These run inside the interpreter, as they are.
    files: ["sim/shim*.js", "sim/espruino/glue.js", "sim/node/context-patches.js"],
    rules: { "no-var": "off", "prefer-const": "off" },
  },
  {
    // Mocha loads reporters by require.
    files: ["**/*.cjs"],
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
);
