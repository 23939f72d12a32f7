// Questions to whoever sits at the terminal.

import { createInterface } from "node:readline/promises";
import type { Operator } from "./self-test.ts";

async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}

/** Yes or no to what cannot be taken back; without a terminal only `isAgreed` says yes. */
export async function agree(question: string, isAgreed: boolean): Promise<boolean> {
  if (isAgreed) return true;
  return process.stdin.isTTY ? ask(question) : false;
}

/** undefined when there is no terminal: then nothing that takes eyes or hands is judged. */
export function operatorAtTerminal(): Operator | undefined {
  if (!process.stdin.isTTY) return undefined;
  return {
    askToHold: () => console.error("Hold the paw for three seconds, now; the first second in silence."),
    askAboutLight: () => ask("Did the heart glow before, and light red while you held?"),
  };
}
