// Makes engines from an executable. Asks it once how large its flash file is.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineMaker } from "../stage.ts";
import { EspruinoEngine } from "./engine.ts";

export interface InterpreterFacts {
  readonly version: string;
  readonly flashBytes: number;
  readonly variables: number;
  readonly variableBytes: number;
}

export function interpreterFacts(interpreter: string): InterpreterFacts {
  const folder = mkdtempSync(join(tmpdir(), "espruino-"));
  const script = "print('facts='+JSON.stringify([process.env.VERSION,process.env.STORAGE,process.memory().total,process.memory().blocksize]))";
  try {
    const options = { cwd: folder, encoding: "latin1", timeout: 10_000, killSignal: "SIGKILL" } as const;
    const said = execFileSync(interpreter, ["-e", script], options);
    const [version, flashBytes, variables, variableBytes] = JSON.parse(/facts=(.*?\])/.exec(said)![1]!) as [string, number, number, number];
    return { version, flashBytes, variables, variableBytes };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export interface EspruinoChoices {
  readonly isInstrumented?: boolean;
  readonly isMeasuring?: boolean;
  /** Sees each engine. */
  readonly onMade?: (engine: EspruinoEngine) => void;
}

/** Engines for Stage. */
export function espruinoEngine(interpreter: string, { isInstrumented = true, isMeasuring = false, onMade }: EspruinoChoices = {}): EngineMaker {
  const { flashBytes } = interpreterFacts(interpreter);
  return ({ memories, codeMemory }) => {
    const engine = new EspruinoEngine({ interpreter, flashBytes, memories, codeMemory, isInstrumented, isMeasuring });
    onMade?.(engine);
    return engine;
  };
}
