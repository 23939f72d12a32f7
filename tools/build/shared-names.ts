// The property names that the firmware shares with somebody: the interpreter, the language, the tools at the bench. All others are its
// own, and the build may shorten them. Every word of these files counts, comments and all: a name too many costs a few bytes, one
// too few would break the toy.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const here = (path: string): URL => new URL(`../../${path}`, import.meta.url);

const FILES = [
  // What Espruino has, lacks, and takes in options and gives in events.
  require.resolve("@types/espruino/index.d.ts"),
  here("hal/espruino/globals.d.ts"),
  here("tools/bundle/platform.js"),
  require.resolve("typescript/lib/lib.es5.d.ts"),
  // What the tools at the bench ask for; they may be of another version than the firmware.
  here("hal/espruino/bench.ts"),
  here("hal/espruino/self-test.ts"),
];

export const sharedNames: readonly string[] = [...new Set(FILES.flatMap((file) => readFileSync(file, "latin1").match(/[A-Za-z_$][\w$]*/g) ?? []))];
