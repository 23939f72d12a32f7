// One entry, one ES5 file per board: `rollup -c` is what tools/build.ts calls, board by board.

import { readFileSync } from "node:fs";
import terser from "@rollup/plugin-terser";
import ts from "typescript";

/**
 * Fills a module that no file holds.
 * @param {string} name
 * @param {Record<string, unknown>} values what it exports
 * @returns {import("rollup").Plugin}
 */
function buildModule(name, values) {
  const code = Object.entries(values).map(([key, value]) => `export var ${key} = ${JSON.stringify(value)};`);
  return {
    name: "pawlock-build",
    resolveId: (id) => (id === name ? `\0${name}` : null),
    load: (id) => (id === `\0${name}` ? code.join("\n") : null),
  };
}

/**
 * TypeScript to ES5, file by file: types are checked by `tsc -b`, not here.
 * @returns {import("rollup").Plugin}
 */
function typescript() {
  return {
    name: "typescript-es5",
    load(id) {
      if (!id.endsWith(".ts")) return null;
      const { outputText, sourceMapText, diagnostics = [] } = ts.transpileModule(readFileSync(id, "utf8"), {
        fileName: id,
        reportDiagnostics: true,
        compilerOptions: {
          target: ts.ScriptTarget.ES5,
          module: ts.ModuleKind.ESNext,
          sourceMap: true,
          noEmitHelpers: true,
          verbatimModuleSyntax: true,
          removeComments: true,
        },
      });
      // What is left out of a text that is no TypeScript would build.
      const [fault] = diagnostics;
      const line = fault?.file?.getLineAndCharacterOfPosition(fault.start ?? 0).line ?? 0;
      if (fault) this.error(`line ${line + 1}: ${ts.flattenDiagnosticMessageText(fault.messageText, " ")}`);
      return { code: outputText.replace(/^\/\/# sourceMappingURL=.*$/m, ""), map: sourceMapText };
    },
  };
}

/** A name of more than four letters takes one more of the interpreter's variables, in every object that has such a property. */
const LONG_NAME = /^\w{5,}$/;

/**
 * @typedef {object} Bundle
 * @property {string} input the first source
 * @property {string} module name of the module that the build fills
 * @property {Record<string, unknown>} values its exports
 * @property {string} file the file to write
 * @property {readonly string[]} [sharedNames] properties that others know; all other long ones are shortened. Without it, none is
 */

/**
 * @param {Bundle} bundle
 * @returns {import("rollup").RollupOptions}
 */
export function bundleOptions({ input, module, values, file, sharedNames }) {
  const properties = sharedNames && { regex: LONG_NAME, reserved: [...sharedNames], builtins: true };
  return {
    input,
    plugins: [buildModule(module, values), typescript()],
    output: {
      file,
      // No function around it all: a scope more would cost Espruino three variables for every function inside another.
      format: "es",
      sourcemap: true,
      // The path of the checkout must not reach the map: builds are the same everywhere.
      sourcemapPathTransform: (path) => path.replace(/^(\.\.\/)+/, ""),
      plugins: [
        // First with the long names: only then terser puts every constant where it is used, which is what the interpreter finds fastest.
        terser({
          ecma: 5,
          // The interpreter does not hoist: functions must stand before their first use.
          compress: { ecma: 5, hoist_funs: true, passes: 2, toplevel: true, directives: false, reduce_funcs: false, inline: 1 },
          mangle: false,
          format: { ecma: 5, ascii_only: true },
        }),
        terser({ ecma: 5, compress: false, mangle: { toplevel: true, properties: properties ?? false }, format: { ecma: 5, ascii_only: true } }),
      ],
    },
  };
}

export default bundleOptions;
