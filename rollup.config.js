// One entry, one ES5 file per board: `rollup -c` is what tools/build.ts calls, board by board.

import { readFileSync } from "node:fs";
import terser from "@rollup/plugin-terser";
import ts from "typescript";

/**
 * Fills the module "pawlock:build".
 * @param {object} board
 * @param {object} image
 * @returns {import("rollup").Plugin}
 */
function buildModule(board, image) {
  return {
    name: "pawlock-build",
    resolveId: (id) => (id === "pawlock:build" ? "\0pawlock:build" : null),
    load: (id) => (id === "\0pawlock:build" ? `export var board = ${JSON.stringify(board)}; export var image = ${JSON.stringify(image)};` : null),
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
      const { outputText, sourceMapText } = ts.transpileModule(readFileSync(id, "utf8"), {
        fileName: id,
        compilerOptions: {
          target: ts.ScriptTarget.ES5,
          module: ts.ModuleKind.ESNext,
          sourceMap: true,
          noEmitHelpers: true,
          verbatimModuleSyntax: true,
          removeComments: true,
        },
      });
      return { code: outputText.replace(/^\/\/# sourceMappingURL=.*$/m, ""), map: sourceMapText };
    },
  };
}

/**
 * @param {{ board: object, image: object, file: string }} options board data and kernel to put in, and the file to write
 * @returns {import("rollup").RollupOptions}
 */
export function bundleOptions({ board, image, file }) {
  return {
    input: "firmware/main.ts",
    plugins: [buildModule(board, image), typescript()],
    output: {
      file,
      format: "iife",
      strict: false,
      sourcemap: true,
      // The path of the checkout must not reach the map: builds are the same everywhere.
      sourcemapPathTransform: (path) => path.replace(/^(\.\.\/)+/, ""),
      plugins: [
        terser({
          ecma: 5,
          // The interpreter does not hoist: functions must stand before their first use.
          compress: { ecma: 5, hoist_funs: true, passes: 2, toplevel: true, reduce_funcs: false, inline: 1 },
          mangle: { toplevel: true },
          format: { ecma: 5, ascii_only: true },
        }),
      ],
    },
  };
}

export default bundleOptions;
