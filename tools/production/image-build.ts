// Builds an image: Espruino's release and the Storage area, in the files that the board takes; manifest, signature and bill of
// materials beside them. Everything but the signature follows from the sources, so two machines make the same bytes.

import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { internalRun } from "../../boards/flash-map.ts";
import type { Board } from "../../boards/board.ts";
import { PAGE_BYTES } from "../../sim/flash.ts";
import { walk } from "../../sim/storage-image.ts";
import { writeFileAtomic } from "../audio/wav-write.ts";
import { application } from "../build/application.ts";
import { UserError } from "../errors.ts";
import { LOG_FILE, lockedBoot, provisionedFlash, type FlashPiece } from "../image/storage.ts";
import type { Interpreter } from "./espruino-release.ts";
import { printable, reason, sha256 } from "./files.ts";
import { MANIFEST_FILE, SIGNATURE_FILE, manifestText, type ImageFile, type Manifest, type Part, type Role } from "./manifest.ts";
import { toHex, type Piece } from "./memory-image.ts";
import { lockedPackages, sbomText, strayPackages } from "./sbom.ts";
import { secretsIn } from "./secrets.ts";
import type { SigningKey } from "./signing.ts";
import { ROOT, versionNumber, type Source } from "./source.ts";

/** The text of the application as it lies in its slot, and what it says. */
export const BUNDLE_PART = "bundle";
export const PROMPTS_PART = "prompts";

export interface BuildRequest {
  readonly board: Board;
  readonly bundle: string;
  /** Text of `.boot0` and `.boot1`; a production image has it. */
  readonly lockdown: string | undefined;
  readonly interpreter: Interpreter;
  readonly source: Source;
  /** Absent: a development image without a signature. */
  readonly key: SigningKey | undefined;
  readonly kind: Manifest["kind"];
}

export interface Image {
  readonly manifest: Manifest;
  /** By name, the manifest included. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export function buildImage(request: BuildRequest): Image {
  const { board, bundle, lockdown, interpreter, source, key, kind } = request;
  if (kind === "production") demandProduction(request);
  const app = application(board, bundle);
  const { storage, flash } = provisionedFlash(board, { application: app, ...lockedBoot(lockdown) });
  const parts = [part(BUNDLE_PART, app.text), ...(app.prompts.length > 0 ? [part(PROMPTS_PART, app.prompts)] : []), ...bootFiles(storage)];
  const version = versionNumber(source.firmware);
  const espruino = { version: interpreter.version, sha256: interpreter.sha256, vouchedBy: interpreter.vouchedBy };
  const commit = source.changed.length === 0 ? source.commit : `${source.commit}+`;
  const buildId = sha256(JSON.stringify([board.id, kind, version, espruino.sha256, parts])).slice(0, 16);
  const subject = { board: board.id, firmware: source.firmware, buildId, commit, espruino, parts };
  const made = [...boardFiles(request, storage, flash), file("sbom", "sbom.cdx.json", Buffer.from(sbomText(subject, lockedPackages(ROOT))))];
  const manifest: Manifest = {
    format: 1,
    kind,
    board: board.id,
    version,
    firmware: source.firmware,
    buildId,
    commit,
    key: key?.id ?? null,
    espruino,
    storage: { address: board.storage.base, bytes: storage.length, sha256: sha256(storage) },
    parts,
    files: made.map(({ entry }) => entry),
  };
  const text = Buffer.from(manifestText(manifest));
  const files = new Map(made.map(({ entry, content }): [string, Uint8Array] => [entry.name, content]));
  for (const [name, content] of files) {
    const [secret] = secretsIn(content);
    if (secret !== undefined) throw new UserError(`${name} would hold ${secret}`, "Find out how it came into the sources, and take it out; consider it burnt.");
  }
  files.set(MANIFEST_FILE, text);
  if (key) files.set(SIGNATURE_FILE, key.sign(text));
  return { manifest, files };
}

function demandProduction({ board, lockdown, key, source }: BuildRequest): void {
  if (lockdown === undefined) throw new UserError(`${board.id} has no production image: it is a bench board that cannot be locked (${board.limits[0]})`, "Build a development image with --dev, for the bench.");
  if (!key) throw new UserError("a production image is signed", "Name the signing key with --key, or build a development image with --dev.");
  const [changed, ...more] = source.changed;
  if (changed !== undefined) throw new UserError(`not as committed: ${printable(changed)}${more.length > 0 ? ` and ${more.length} more` : ""}`, "Commit them or take them away, so that the manifest says what was built, or build a development image with --dev.");
  const strays = strayPackages(ROOT);
  if (strays.length > 0) throw new UserError(`installed packages are not the locked ones: ${strays.slice(0, 3).join("; ")}`, "Install them again: npm ci");
}

const part = (name: string, bytes: Uint8Array): Part => ({ name, bytes: bytes.length, sha256: sha256(bytes) });

function bootFiles(storage: Uint8Array): Part[] {
  return Array.from(walk(storage), ({ name, data }) => ({ name, data })).filter(({ name }) => name !== LOG_FILE).map(({ name, data }) => part(name, data));
}

interface Made {
  readonly entry: ImageFile;
  readonly content: Uint8Array;
}

function file(role: Role, name: string, content: Uint8Array): Made {
  return { entry: { name, role, bytes: content.length, sha256: sha256(content) }, content };
}

/** What whoever loads the board needs. External flash is out of reach of UF2 and probe: its part goes through the USB loader. */
function boardFiles({ board, interpreter, kind }: BuildRequest, storage: Uint8Array, flash: readonly FlashPiece[]): Made[] {
  const { id, chip } = board;
  const { address, value } = chip.readbackProtection;
  const protection: Piece[] = kind === "production" ? [{ address, bytes: word(value) }] : [];
  if (board.storage.kind === "external") {
    const extension = board.espruino.binary.slice(board.espruino.binary.lastIndexOf("."));
    return [
      file("interpreter", `${id}-espruino${extension}`, interpreter.file),
      file("storage", `${id}-storage.bin`, storage),
      ...(protection.length > 0 ? [file("protection", `${id}-protection.hex`, Buffer.from(toHex(protection)))] : []),
    ];
  }
  // Areas are written whole, so that what an old firmware left there is gone.
  const areas: Piece[] = [{ address: board.storage.base, bytes: storage }];
  const beside = internalRun(board);
  if (beside) {
    const bytes = new Uint8Array(beside.pages * PAGE_BYTES).fill(0xff);
    for (const piece of flash) bytes.set(piece.bytes, piece.address - beside.base);
    areas.push({ address: beside.base, bytes });
  }
  try {
    return [file("merged", `${id}.hex`, Buffer.from(toHex([...interpreter.pieces, ...areas, ...protection])))];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UserError(`Espruino's release and our areas overlap on ${id}: ${error.message}`, "Check the board's flash map against that release.");
  }
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** Writes the image into a new folder, which appears when it is complete. */
export function writeImage(folder: string, { files }: Image): void {
  const unfinished = join(dirname(folder), `.image.${process.pid}.tmp`);
  try {
    mkdirSync(unfinished, { recursive: true });
    for (const [name, content] of files) writeFileAtomic(join(unfinished, name), content);
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (error instanceof UserError) throw error;
    const isThere = ["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(reason(error));
    throw new UserError(isThere ? `${folder} exists already` : `cannot write ${folder}: ${reason(error)}`, "Name another folder with --out.");
  }
}
