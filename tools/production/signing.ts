// Signatures of a release: SLH-DSA-SHA2-128s (FIPS 205), the one scheme that the toy itself can verify later with SHA-256
// alone. The secret key lives in one file that only its owner can read, outside every git work tree; it is never taken from an
// argument or the environment, and no message holds any of it.

import { createHash, randomBytes } from "node:crypto";
import { closeSync, existsSync, fchmodSync, fsyncSync, openSync, rmSync, statSync, writeFileSync } from "node:fs";
import { slh_dsa_sha2_128s as scheme } from "@noble/post-quantum/slh-dsa.js";
import { UserError } from "../errors.ts";
import { readBounded, reason, workTreeOf } from "./files.ts";

export const SCHEME = "SLH-DSA-SHA2-128s";
export const SIGNATURE_BYTES = 7856;
const PUBLIC_BYTES = 32;
const SECRET_BYTES = 64;
const MOST_FILE_BYTES = 4096;
/** Keeps a signature of a manifest from ever being taken for one of something else. */
const CONTEXT = Buffer.from("pawlock manifest 1");

export interface PublicKey {
  readonly id: string;
  readonly bytes: Uint8Array;
  /** Build versions below this are refused. */
  readonly minimumVersion: number;
}

export interface SigningKey {
  readonly id: string;
  sign(message: Uint8Array): Uint8Array;
}

/** Names a key: the first 8 bytes of its SHA-256. */
const idOf = (key: Uint8Array): string => createHash("sha256").update(key).digest("hex").slice(0, 16);

/** Makes a pair of files, `path` (secret) and `path`.pub, and replaces neither. */
export function createKey(path: string): PublicKey {
  const tree = workTreeOf(path);
  if (tree !== undefined) throw new UserError(`${path} lies in the git work tree ${tree}`, "Keep keys outside of every repository, best on a medium of their own.");
  for (const file of [path, `${path}.pub`]) if (existsSync(file)) throw new UserError(`${file} exists already`, "Name a new file: keys are never replaced.");
  const seed = randomBytes(48);
  const { publicKey, secretKey } = scheme.keygen(seed);
  const id = idOf(publicKey);
  writeNew(path, `${JSON.stringify({ scheme: SCHEME, id, secretKey: Buffer.from(secretKey).toString("base64") })}\n`, 0o600);
  try {
    writeNew(`${path}.pub`, publicText(id, publicKey, 0), 0o644);
  } catch (error) {
    rmSync(path);
    throw error;
  }
  seed.fill(0);
  secretKey.fill(0);
  return { id, bytes: publicKey, minimumVersion: 0 };
}

export function publicText(id: string, bytes: Uint8Array, minimumVersion: number): string {
  return `${JSON.stringify({ scheme: SCHEME, id, publicKey: Buffer.from(bytes).toString("base64"), minimumVersion }, null, 2)}\n`;
}

export function readPublicKey(path: string): PublicKey {
  const { id, key, minimumVersion } = readKey(path, "public key", "publicKey", PUBLIC_BYTES);
  if (idOf(key) !== id) throw new UserError(`the public key ${path} is damaged: its id is not that of its bytes`, "Copy it again from its owner.");
  if (!Number.isInteger(minimumVersion) || Number(minimumVersion) < 0) {
    throw new UserError(`the public key ${path} has no minimumVersion`, "Copy it again from its owner.");
  }
  return { id, bytes: key, minimumVersion: Number(minimumVersion) };
}

export function readSigningKey(path: string): SigningKey {
  const tree = workTreeOf(path);
  if (tree !== undefined) throw new UserError(`the signing key ${path} lies in the git work tree ${tree}`, "Move it out: a key in a repository is no secret. Consider it burnt if it was ever committed.");
  const { id, key } = readKey(path, "signing key", "secretKey", SECRET_BYTES);
  const { mode } = statSync(path);
  if (process.platform !== "win32" && (mode & 0o077) !== 0) throw new UserError(`others may read the signing key ${path}`, `Take it back: chmod 600 ${path}`);
  const isRight = idOf(scheme.getPublicKey(key)) === id;
  if (!isRight) throw new UserError(`the signing key ${path} is damaged: its id is not that of its bytes`, "Take the backup.");
  return { id, sign: (message) => scheme.sign(message, key, { context: CONTEXT }) };
}

/** Raises the oldest build version that the public key's holders accept; it never falls. */
export function raiseMinimum(path: string, minimumVersion: number): string {
  const key = readPublicKey(path);
  if (minimumVersion < key.minimumVersion) {
    throw new UserError(`${path} refuses builds below ${key.minimumVersion} already`, "The minimum only rises: an old image is a door for old faults.");
  }
  return publicText(key.id, key.bytes, minimumVersion);
}

export function isSignedBy(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === SIGNATURE_BYTES && scheme.verify(signature, message, key.bytes, { context: CONTEXT });
}

function readKey(path: string, what: string, field: string, bytes: number): { id: string; key: Uint8Array; minimumVersion: unknown } {
  const text = readBounded(path, `the ${what}`, MOST_FILE_BYTES).toString("utf8");
  const refused = new UserError(`${path} is no ${what} of ${SCHEME}`, "Make one with `pawlock keys new FILE`, or name the right file.");
  let content: Record<string, unknown>;
  try {
    content = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw refused;
  }
  if (typeof content !== "object" || content === null || content["scheme"] !== SCHEME || typeof content["id"] !== "string") throw refused;
  const key = Buffer.from(String(content[field] ?? ""), "base64");
  if (key.length !== bytes) throw refused;
  return { id: content["id"], key, minimumVersion: content["minimumVersion"] };
}

function writeNew(path: string, text: string, mode: number): void {
  let file: number;
  try {
    file = openSync(path, "wx", mode);
  } catch (error) {
    throw new UserError(`${path} cannot be written (${reason(error)})`, "Name a new file in a folder that you may write.");
  }
  try {
    fchmodSync(file, mode);
    writeFileSync(file, text);
    fsyncSync(file);
  } catch (error) {
    rmSync(path, { force: true });
    throw new UserError(`${path} cannot be written (${reason(error)})`, "Free some room, or name a file elsewhere.");
  } finally {
    closeSync(file);
  }
}
