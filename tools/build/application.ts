// The pieces of one build as a slot takes them.

import { readFileSync } from "node:fs";
import type { Board } from "../../boards/board.ts";
import type { Application } from "../image/slot.ts";
import { versionNumber } from "../production/source.ts";

function packageVersion(): number {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
  return versionNumber(version);
}

/** What the toy says; how it was made: tools/prompts/make.ts. */
export function digitPrompts(): Uint8Array {
  return new Uint8Array(readFileSync(new URL("../prompts/digits.adpcm", import.meta.url)));
}

/** `bundle` as `npm run build` wrote it, a character a byte. */
export function application(board: Board, bundle: string): Application {
  const prompts = board.flashMap.hasPrompts ? digitPrompts() : new Uint8Array(0);
  return { text: Buffer.from(bundle.trimEnd(), "latin1"), prompts, version: packageVersion() };
}
