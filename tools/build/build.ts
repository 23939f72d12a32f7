// Builds the firmware: one minified ES5 bundle per board into build/firmware/, checked against the platform's rules and
// the budgets before anybody may flash it.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rollup, type OutputChunk, type OutputOptions, type RollupOptions } from "rollup";
import type { Board, FirmwareBoard } from "../../boards/board.ts";
import { messageMemory, slotRuns } from "../../boards/flash-map.ts";
import { kernelImage } from "../../firmware/voice/kernel.generated.ts";
import { bundleOptions } from "../../rollup.config.js";
import { checkBundle, countBundle } from "../bundle/check.ts";
import { UserError } from "../errors.ts";
import { budgets } from "./budgets.ts";
import { buildLockdown } from "./lockdown.ts";
import { sharedNames } from "./shared-names.ts";

export const BUILD_FOLDER = "build/firmware";

/** What a bundle costs the interpreter. */
export interface BundleSize {
  readonly bytes: number;
  readonly functions: number;
  readonly outerNames: number;
}

export interface BuiltBundle {
  readonly board: Board;
  readonly file: string;
  readonly code: string;
  /** Text of `.boot0` and `.boot1`; absent where the board has no place for a key, and so cannot be locked. */
  readonly lockdown: string | undefined;
  readonly size: BundleSize;
}

/** Only what the firmware reads of its board: every property is a variable of the interpreter. */
export function firmwareBoard(board: Board): FirmwareBoard {
  const { id, paw, heart, microphone, speaker, battery, supplyVolts, capabilities, audioBufferMs, flashMap } = board;
  const { keyPage } = flashMap;
  const memory = messageMemory(board);
  // A page of RAM holds a second of voice.
  const messages = memory.kind === "ram" ? { base: 0, pages: memory.seconds } : { base: memory.base, pages: memory.pages };
  return {
    ...{ id, paw, heart, microphone, speaker, supplyVolts, capabilities, audioBufferMs, messages, slots: slotRuns(board) },
    ...(battery ? { battery } : {}),
    ...(keyPage === undefined ? {} : { keyPage }),
  };
}

export function bundleFile(board: Board): string {
  return join(BUILD_FOLDER, `${board.id}.js`);
}

export function lockdownFile(board: Board): string {
  return join(BUILD_FOLDER, `${board.id}.boot.js`);
}

export async function buildBundle(board: Board): Promise<BuiltBundle> {
  const file = bundleFile(board);
  const options = bundleOptions({
    input: "firmware/main.ts",
    module: "pawlock:build",
    values: { board: firmwareBoard(board), image: kernelImage, isLinked: board.capabilities.link, isInRam: board.flashMap.log.kind === "ram" },
    file,
    sharedNames,
  });
  const chunk = await rolled(options);
  const code = chunk.code.replace(/\n\/\/# sourceMappingURL=.*\n?$/, "\n");
  const findings = checkBundle(code);
  if (findings.length > 0) {
    const list = findings.map(({ rule, line, column, message }) => `  ${line}:${column} ${rule}: ${message}`).join("\n");
    throw new UserError(`the bundle for ${board.id} holds what Espruino cannot run or must not:\n${list}`, "Change the firmware source; build/firmware keeps the last good bundle.");
  }
  const size: BundleSize = { bytes: Buffer.byteLength(code), ...countBundle(code) };
  const over = Object.entries(budgets.bundle).filter(([name, most]) => size[name as keyof BundleSize] > most);
  if (over.length > 0) {
    const list = over.map(([name, most]) => `${name} ${size[name as keyof BundleSize]} > ${most}`).join(", ");
    throw new UserError(`the bundle for ${board.id} is over budget: ${list}`, "Make it smaller, or change tools/build/budgets.ts with a reason.");
  }
  const { keyPage } = board.flashMap;
  const lockdown = keyPage === undefined ? undefined : await buildLockdown(board, keyPage);
  await mkdir(BUILD_FOLDER, { recursive: true });
  await writeFile(file, code);
  await writeFile(`${file}.map`, chunk.map!.toString());
  if (lockdown !== undefined) await writeFile(lockdownFile(board), lockdown);
  return { board, file, code, lockdown, size };
}

async function rolled(options: RollupOptions): Promise<OutputChunk> {
  const warnings: string[] = [];
  try {
    const bundle = await rollup({ ...options, onwarn: (warning) => warnings.push(warning.message) });
    const { output } = await bundle.generate(options.output as OutputOptions);
    await bundle.close();
    if (warnings.length > 0) throw new Error(warnings[0]);
    return output[0];
  } catch (error) {
    throw new UserError(`the firmware does not build: ${(error as Error).message.split("\n")[0]}`, "Mend the source that it names; `npm run lint` says more.");
  }
}

/** What was built, or a word on what to do. */
export async function readBuilt(board: Board): Promise<Pick<BuiltBundle, "code" | "lockdown">> {
  const read = async (file: string): Promise<string> => {
    try {
      return await readFile(file, "latin1");
    } catch {
      throw new UserError(`there is no firmware for ${board.id}: ${file} is missing`, "Run `npm run build` first.");
    }
  };
  return { code: await read(bundleFile(board)), lockdown: board.flashMap.keyPage === undefined ? undefined : await read(lockdownFile(board)) };
}
