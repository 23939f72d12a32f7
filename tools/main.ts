// Dispatches the package's commands. Errors of the user become two lines and exit code 1; anything else is a bug and
// keeps its stack.

import { UserError } from "./errors.ts";

type Command = (args: string[]) => Promise<number>;

const commands: Record<string, () => Promise<Command>> = {
  start: async () => (await import("./commands/start.ts")).start,
  build: async () => (await import("./commands/build.ts")).build,
  test: async () => (await import("./commands/test.ts")).test,
  soak: async () => (await import("./commands/soak.ts")).soak,
  "test:interpreter": async () => (await import("./commands/test-interpreter.ts")).testInterpreter,
  "test:interop": async () => (await import("./commands/test-interop.ts")).testInterop,
  "build:kernel": async () => (await import("./kernel/build.ts")).buildKernel,
  bench: async () => (await import("./commands/bench.ts")).bench,
  lint: async () => (await import("./commands/lint.ts")).lint,
  pawlock: async () => (await import("./commands/pawlock.ts")).pawlock,
};

const [name = "", ...args] = process.argv.slice(2);
const load = commands[name];
try {
  if (!load) throw new UserError(`there is no command ${JSON.stringify(name)}`, `Commands: ${Object.keys(commands).join(", ")}.`);
  process.exitCode = await (await load())(args);
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(`pawlock: ${error.what}\n  ${error.remedy}`);
  process.exitCode = 1;
}
