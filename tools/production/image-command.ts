// `pawlock image`: builds a production image, verifies one, explains how two differ.

import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildBundle } from "../build/build.ts";
import { boardNamed } from "../commands/board-option.ts";
import { UserError } from "../errors.ts";
import { readInterpreter } from "./espruino-release.ts";
import { buildImage, writeImage } from "./image-build.ts";
import { diffImages } from "./image-diff.ts";
import { verifyImage, type Policy, type VerifiedImage } from "./image-verify.ts";
import type { Role } from "./manifest.ts";
import { readPublicKey, readSigningKey } from "./signing.ts";
import { readSource } from "./source.ts";

const options = {
  board: { type: "string" },
  espruino: { type: "string" },
  "espruino-sha256": { type: "string" },
  key: { type: "string" },
  "minimum-version": { type: "string" },
  "allow-unsigned": { type: "boolean" },
  dev: { type: "boolean" },
  out: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;

/** How each file gets onto the board. */
const LOADED: Readonly<Record<Role, string>> = {
  merged: "everything; by the board's drive or a debug probe",
  interpreter: "Espruino; onto the drive of the board's boot loader",
  storage: "the Storage part; external flash takes it through the USB loader only: pawlock line",
  protection: "forbids a debug probe to read; by a debug probe, last",
  sbom: "bill of materials; for the records",
};

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];

const HELP = `pawlock image --board ID --espruino FILE --key SECRET [options]   builds a production image
pawlock image verify FOLDER --key FILE.pub [options]              checks one: signature, version, every byte
pawlock image diff FOLDER FOLDER --key FILE.pub [options]         says how two differ

Building:
  --espruino FILE            Espruino's release file for the board, as it was published
  --espruino-sha256 HEX      its checksum from a source that you trust; needed where boards/ lists none
  --key SECRET               signs; see pawlock keys
  --dev                      a development image: may be unsigned and hold uncommitted changes; never sealed, no serials
  --out FOLDER               where it goes (out/image/BOARD-VERSION-BUILD)
Checking:
  --key FILE.pub             whose signature counts
  --board ID                 the board that it must be for
  --minimum-version N        refuses older builds, as the key's own minimum does
  --allow-unsigned           takes unsigned development images; never a production image
  --json, --help

Boards with external flash take Espruino by UF2 and the Storage part through the USB loader (pawlock flash, pawlock line);
the others take one merged HEX. Boards that cannot be locked (MICROBIT2) have development images only. Exit codes: 0 done or equal, 1 refused, wrong usage, or different.`;

export async function image(args: string[]): Promise<number> {
  const { values, positionals } = parseOptions(args);
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [verb, ...folders] = positionals;
  if (verb === undefined) return build(values);
  if (verb === "verify" && folders.length === 1) return verify(folders[0]!, values);
  if (verb === "diff" && folders.length === 2) return diff(folders[0]!, folders[1]!, values);
  throw usage(`image does not understand ${JSON.stringify(positionals.join(" "))}`);
}

const usage = (what: string): UserError => new UserError(what, "See: pawlock image --help");

function parseOptions(args: string[]) {
  try {
    return parseArgs({ args, allowPositionals: true, options });
  } catch (error) {
    throw usage((error as Error).message.split(". To specify")[0]!);
  }
}

async function build(values: Values): Promise<number> {
  if (values.board === undefined || values.espruino === undefined) throw usage("an image needs --board and --espruino");
  const board = boardNamed(values.board);
  const interpreter = readInterpreter(values.espruino, board, values["espruino-sha256"]);
  const key = values.key === undefined ? undefined : readSigningKey(values.key);
  const source = readSource();
  if (!values.json) console.error(`building ${values.key === undefined ? "" : "and signing "}an image for ${board.id}: some seconds ...`);
  const { code, lockdown } = await buildBundle(board);
  const built = buildImage({ board, bundle: code, lockdown, interpreter, source, key, kind: values.dev ? "development" : "production" });
  const { manifest } = built;
  const folder = values.out ?? join("out", "image", `${board.id}-${manifest.firmware}-${manifest.buildId}`);
  writeImage(folder, built);
  if (values.json) console.log(JSON.stringify({ command: "build", folder, manifest }));
  else {
    console.log(`${folder}: ${describe(manifest)}`);
    for (const { name, role, bytes, sha256 } of manifest.files) console.log(`  ${sha256}  ${name}, ${bytes} bytes: ${LOADED[role]}`);
    if (interpreter.vouchedBy === "operator") console.log("  Espruino's checksum is the one that you stated: nobody else has vouched for it.");
  }
  return 0;
}

function describe({ kind, board, firmware, version, buildId, key, espruino }: VerifiedImage["manifest"]): string {
  return `${kind} image for ${board}, firmware ${firmware} (version ${version}), build ${buildId}, Espruino ${espruino.version}, ${key === null ? "NOT SIGNED" : `signed by ${key}`}`;
}

function policyOf(values: Values): Policy {
  const minimum = values["minimum-version"];
  if (minimum !== undefined && !/^\d{1,10}$/.test(minimum)) throw usage("--minimum-version is a whole number");
  return {
    ...(values.key === undefined ? {} : { key: readPublicKey(values.key) }),
    ...(values.board === undefined ? {} : { board: boardNamed(values.board).id }),
    ...(minimum === undefined ? {} : { minimumVersion: Number(minimum) }),
    allowUnsigned: values["allow-unsigned"] === true,
  };
}

/** Loud, on the error stream, whatever the format of the output. */
export function warnUnsigned({ isSigned }: VerifiedImage, folder: string): void {
  if (!isSigned) console.error(`WARNING: ${folder} IS NOT SIGNED. Nobody vouches for what it does. Never give a toy with it to a child.`);
}

function verify(folder: string, values: Values): number {
  const found = verifyImage(folder, policyOf(values));
  warnUnsigned(found, folder);
  if (values.json) console.log(JSON.stringify({ command: "verify", folder, isSigned: found.isSigned, digest: found.digest, manifest: found.manifest }));
  else console.log(`${folder}: ${describe(found.manifest)}; every byte is as it says`);
  return 0;
}

function diff(before: string, after: string, values: Values): number {
  const policy = policyOf(values);
  const images = [before, after].map((folder) => {
    const found = verifyImage(folder, policy);
    warnUnsigned(found, folder);
    return found;
  });
  const differences = diffImages(images[0]!, images[1]!);
  if (values.json) console.log(JSON.stringify({ command: "diff", before, after, differences }));
  else if (differences.length === 0) console.log("the images are the same, byte for byte");
  for (const { what, before: a, after: b } of values.json ? [] : differences) console.log(`${what}\n  - ${a}\n  + ${b}`);
  return differences.length === 0 ? 0 : 1;
}
