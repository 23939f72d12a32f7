// Reads an image from its folder and believes nothing: signature, version, every checksum, and that the files hold what the
// manifest says. What it returns may be loaded into a board.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Board } from "../../boards/board.ts";
import { boards, findBoard } from "../../boards/index.ts";
import { slotRuns } from "../../boards/flash-map.ts";
import { PAGE_BYTES } from "../../sim/flash.ts";
import { walk } from "../../sim/storage-image.ts";
import { UserError } from "../errors.ts";
import { applicationIn } from "../image/slot.ts";
import { LOG_FILE } from "../image/storage.ts";
import { readBounded, reason, sha256 } from "./files.ts";
import { BUNDLE_PART, PROMPTS_PART } from "./image-build.ts";
import { MANIFEST_FILE, MOST_MANIFEST_BYTES, SIGNATURE_FILE, parseManifest, type Manifest } from "./manifest.ts";
import { parseMemoryImage, rangeOf, type Piece } from "./memory-image.ts";
import { SIGNATURE_BYTES, isSignedBy, type PublicKey } from "./signing.ts";

export interface Policy {
  /** Whose signature counts; without it only development images can be read, and only with `allowUnsigned`. */
  readonly key?: PublicKey;
  readonly allowUnsigned?: boolean;
  /** Older builds are refused; the key's own minimum holds too. */
  readonly minimumVersion?: number;
  /** The board that the image must be for. */
  readonly board?: string;
}

export interface VerifiedImage {
  readonly board: Board;
  readonly manifest: Manifest;
  readonly isSigned: boolean;
  /** SHA-256 of the manifest: names the image in ledgers. */
  readonly digest: string;
  /** Contents of the Storage area. */
  readonly storage: Uint8Array;
  /** What programmer or boot loader write: Espruino, and on boards with internal Storage everything. */
  readonly chip: readonly Piece[];
  readonly files: ReadonlyMap<string, Buffer>;
}

const refuse = (what: string, remedy = "Take the image again from where it was built; do not load this one."): UserError => new UserError(what, remedy);

export function verifyImage(folder: string, policy: Policy): VerifiedImage {
  const text = readBounded(join(folder, MANIFEST_FILE), "the manifest", MOST_MANIFEST_BYTES);
  const manifest = parseManifest(text);
  const isSigned = checkSignature(folder, text, manifest, policy);
  const board = checkBoard(manifest, policy);
  checkVersion(manifest, policy);
  const files = checkFiles(folder, manifest);
  const { storage, chip } = checkContents(board, manifest, files);
  return { board, manifest, isSigned, digest: sha256(text), storage, chip, files };
}

function checkSignature(folder: string, text: Buffer, { kind, key: signer }: Manifest, { key, allowUnsigned }: Policy): boolean {
  if (signer === null) {
    if (kind === "production") throw refuse("key: a production image is not signed, and no option allows that");
    if (!allowUnsigned) throw refuse("key: the image is not signed", "Use a signed one. On the bench, --allow-unsigned takes unsigned development images.");
    return false;
  }
  if (!key) throw refuse(`key: the image is signed by ${signer}, and no key was given to check it`, "Name the public key with --key FILE.pub.");
  if (signer !== key.id) throw refuse(`key: the image is signed by ${signer}, not by ${key.id}`, "Ask who built it. Name their public key only if you trust them.");
  const signature = readBounded(join(folder, SIGNATURE_FILE), "the signature", SIGNATURE_BYTES);
  if (!isSignedBy(key, text, signature)) throw refuse(`${SIGNATURE_FILE}: not the signature of this manifest: one of the two was altered`);
  return true;
}

function checkBoard({ board: id }: Manifest, { board: wanted }: Policy): Board {
  const board = findBoard(id);
  if (!board) throw refuse(`board: ${id} is not known here`, `Boards: ${boards.map((known) => known.id).join(", ")}.`);
  if (wanted !== undefined && wanted !== id) throw refuse(`board: the image is for ${id}, not for ${wanted}`, "Name the image of that board.");
  return board;
}

/** Refuses a build that is older than what is accepted. */
export function checkVersion({ version, firmware }: Manifest, { key, minimumVersion = 0 }: Pick<Policy, "key" | "minimumVersion">): void {
  const least = Math.max(minimumVersion, key?.minimumVersion ?? 0);
  if (version < least) throw refuse(`version: ${version} (${firmware}) is older than ${least}, the oldest that is accepted`, "Load a newer image: old ones have faults that are known.");
}

function checkFiles(folder: string, manifest: Manifest): Map<string, Buffer> {
  const listed = [MANIFEST_FILE, ...(manifest.key === null ? [] : [SIGNATURE_FILE]), ...manifest.files.map(({ name }) => name)];
  let present: string[];
  try {
    present = readdirSync(folder);
  } catch (error) {
    throw refuse(`cannot list ${folder}: ${reason(error)}`, "Name the folder of an image.");
  }
  const stranger = present.find((name) => !listed.includes(name));
  if (stranger !== undefined) throw refuse(`files: the manifest does not know ${JSON.stringify(stranger)}`, "An image holds its own files and nothing else: remove it, or take the image again.");
  if (new Set(listed).size !== listed.length) throw refuse("files: the manifest lists one name twice");
  return new Map(
    manifest.files.map(({ name, bytes, sha256: expected }) => {
      const content = readBounded(join(folder, name), "the file", bytes);
      if (content.length !== bytes) throw refuse(`${name}: ${content.length} bytes, the manifest says ${bytes}: it is truncated`);
      if (sha256(content) !== expected) throw refuse(`${name}: its SHA-256 is not the manifest's: it was altered`);
      return [name, content];
    }),
  );
}

/** The files against what they must hold: a signed manifest may still have been built wrong. */
function checkContents(board: Board, { kind, files, parts, storage: stated }: Manifest, contents: ReadonlyMap<string, Buffer>): Pick<VerifiedImage, "storage" | "chip"> {
  const one = (role: string): { name: string; content: Buffer } => {
    const found = files.filter((file) => file.role === role);
    if (found.length !== 1) throw refuse(`files: ${found.length} files have the role ${role}, ${board.id} takes one`);
    return { name: found[0]!.name, content: contents.get(found[0]!.name)! };
  };
  const pieces = ({ name, content }: { name: string; content: Buffer }): readonly Piece[] => parseMemoryImage(content, name, "the file", board.chip);
  const isExternal = board.storage.kind === "external";
  const chip = isExternal ? pieces(one("interpreter")) : pieces(one("merged"));
  const storage = isExternal ? Uint8Array.from(one("storage").content) : rangeOf(chip, board.storage.base, board.storage.pages * PAGE_BYTES);
  if (stated.address !== board.storage.base || stated.bytes !== board.storage.pages * PAGE_BYTES) throw refuse(`storage: the area is not that of ${board.id}`);
  if (storage.length !== stated.bytes || sha256(storage) !== stated.sha256) throw refuse("storage: the area that the files hold is not the manifest's");
  if (kind === "production") {
    const { address, value } = board.chip.readbackProtection;
    const bytes = rangeOf(isExternal ? pieces(one("protection")) : chip, address, 4);
    if (new DataView(bytes.buffer).getUint32(0, true) !== value) throw refuse("protection: the word that forbids reading back is missing");
  }
  checkApplication(board, parts, isExternal ? [{ address: board.storage.base, bytes: storage }] : chip);
  return { storage, chip };
}

/** The slot that the loader will start, and the files that run before it. */
function checkApplication(board: Board, parts: Manifest["parts"], pieces: readonly Piece[]): void {
  const expect = (name: string, content: Uint8Array | undefined): void => {
    const stated = parts.find((part) => part.name === name);
    if (!stated || !content || stated.bytes !== content.length || stated.sha256 !== sha256(content)) throw refuse(`parts: ${name} is not what the area holds`);
  };
  const [slot] = slotRuns(board);
  const pages = rangeOf(pieces, slot!.base, slot!.pages * board.chip.pageBytes);
  const application = applicationIn(board, pages);
  if (!application) throw refuse("parts: the slot holds no application");
  expect(BUNDLE_PART, application.text);
  if (application.prompts.length > 0 || parts.some(({ name }) => name === PROMPTS_PART)) expect(PROMPTS_PART, application.prompts);
  const storage = rangeOf(pieces, board.storage.base, board.storage.pages * board.chip.pageBytes);
  for (const { name, data } of walk(storage)) if (name !== LOG_FILE) expect(name, data);
}
