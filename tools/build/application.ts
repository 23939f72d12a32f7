// The pieces of one build as a slot takes them.

import { readFileSync } from "node:fs";
import type { Application } from "../image/slot.ts";
import { versionNumber } from "../production/source.ts";

function packageVersion(): number {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
  return versionNumber(version);
}

/** `bundle` as `npm run build` wrote it, a character a byte. */
export function application(bundle: string): Application {
  return { text: Buffer.from(bundle.trimEnd(), "latin1"), prompts: new Uint8Array(0), version: packageVersion() };
}
