// Builds the text of `.boot0` and `.boot1` for a board: firmware/boot/lockdown.ts with the board's facts, as ES5, checked like the
// bundle, and no longer than fits one page behind its Storage header.

import { rollup, type OutputOptions } from "rollup";
import type { Board } from "../../boards/board.ts";
import { bundleOptions } from "../../rollup.config.js";
import { checkBundle } from "../bundle/check.ts";
import { UserError } from "../errors.ts";

/** A page less the header that Storage puts before a file. */
export const LOCKDOWN_BYTES = 4096 - 32;

/** Of the seal word, from the beginning of Storage. */
const SEAL_AT = 32;

/** The facts of the board, as firmware/boot/lockdown.ts reads them. */
function bootFacts({ storage, console, servicePad, heart, capabilities }: Board, keyPage: number): Record<string, unknown> {
  return {
    storage: storage.base,
    sealOffset: SEAL_AT,
    keyPage,
    console,
    servicePad: servicePad ? servicePad.espruino : "",
    light: heart.glow.espruino,
    isLinked: capabilities.link,
    hasPrivacy: capabilities.privateAddress,
  };
}

export async function buildLockdown(board: Board, keyPage: number): Promise<string> {
  const options = bundleOptions({ input: "firmware/boot/lockdown.ts", module: "pawlock:boot", values: { boot: bootFacts(board, keyPage) }, file: "lockdown.js" });
  const bundle = await rollup(options);
  // Names of its own: the application's would find their values, twice.
  const { output } = await bundle.generate({ ...(options.output as OutputOptions), format: "iife", strict: false, sourcemap: false });
  await bundle.close();
  // Once is enough, and a tenth of the boot, when nobody has cut it short.
  const text = `if(!global.pawlockShut){${output[0].code.trim()}global.pawlockShut=!0}`;
  // The table of services is made here, of plain objects, by UUIDs: their keys are theirs.
  const findings = checkBundle(text, { permit: ["string-key"] });
  if (findings.length > 0) {
    const list = findings.map(({ rule, line, column, message }) => `  ${line}:${column} ${rule}: ${message}`).join("\n");
    throw new UserError(`the boot file for ${board.id} holds what Espruino cannot run or must not:\n${list}`, "Change firmware/boot/lockdown.ts.");
  }
  if (text.length > LOCKDOWN_BYTES) {
    throw new UserError(`the boot file for ${board.id} has ${text.length} bytes: ${LOCKDOWN_BYTES} fit a page`, "Make firmware/boot/lockdown.ts shorter.");
  }
  return text;
}
