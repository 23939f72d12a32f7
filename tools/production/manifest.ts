// The manifest of an image: what it is, what it was made of, and the SHA-256 of every byte. One canonical text, so that a
// signature covers it all; it comes from strangers, so every field is checked before it is believed.

import { UserError } from "../errors.ts";
import { printable } from "./files.ts";

export const MANIFEST_FILE = "manifest.json";
export const SIGNATURE_FILE = "manifest.sig";
export const MOST_MANIFEST_BYTES = 64 * 1024;
const FORMAT = 1;

/** What a file of the image is for. */
export const ROLES = ["merged", "interpreter", "storage", "protection", "sbom"] as const;
export type Role = (typeof ROLES)[number];

export interface Part {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface ImageFile extends Part {
  readonly role: Role;
}

export interface Manifest {
  readonly format: number;
  /** Development images may be unsigned; they are never sealed and get no serial. */
  readonly kind: "production" | "development";
  readonly board: string;
  /** Counts up with every release: older ones are refused. */
  readonly version: number;
  readonly firmware: string;
  /** Follows from board, version, interpreter and parts. */
  readonly buildId: string;
  /** Git commit; "+" behind it: there were changes that nobody had committed. */
  readonly commit: string;
  /** Id of the key that signs this; null in unsigned images. */
  readonly key: string | null;
  readonly espruino: { readonly version: string; readonly sha256: string; readonly vouchedBy: "list" | "operator" };
  /** The Storage area as it leaves the bench. */
  readonly storage: { readonly address: number; readonly bytes: number; readonly sha256: string };
  /** What lies in it. */
  readonly parts: readonly Part[];
  readonly files: readonly ImageFile[];
}

export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

class Fault extends Error {}

type Fields = Record<string, unknown>;

/** The field as it must be, or what is wrong with it. */
const fields = {
  object: (of: Fields, name: string): Fields => {
    const value = of[name];
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Fault(`${name} is no object`);
    return value as Fields;
  },
  list: (of: Fields, name: string): Fields[] => {
    const value = of[name];
    if (!Array.isArray(value) || value.length > 32) throw new Fault(`${name} is no list of at most 32`);
    return value.map((_, i) => fields.object(value as unknown as Fields, String(i)));
  },
  text: (of: Fields, name: string, pattern: RegExp): string => {
    const value = of[name];
    if (typeof value !== "string" || value.length > 80 || !pattern.test(value)) throw new Fault(`${name} is ${printable(JSON.stringify(value) ?? "missing", 60)}`);
    return value;
  },
  count: (of: Fields, name: string): number => {
    const value = of[name];
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > 0xffffffff) throw new Fault(`${name} is ${printable(JSON.stringify(value) ?? "missing", 60)}`);
    return value;
  },
};

const HASH = /^[0-9a-f]{64}$/;
const VERSION = /^\d+v\d+(\.\d+)?$/;
/** A plain name: no folder, no drive, no hidden file. */
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const STORAGE_NAME = /^[.A-Za-z0-9][A-Za-z0-9._-]*$/;
const KEY = /^[0-9a-f]{16}$/;

const part = (of: Fields, pattern: RegExp): Part => ({ name: fields.text(of, "name", pattern), bytes: fields.count(of, "bytes"), sha256: fields.text(of, "sha256", HASH) });

/** Reads the text of a manifest; refuses whatever is not exactly one. */
export function parseManifest(bytes: Buffer): Manifest {
  const text = bytes.toString("utf8");
  let manifest: Manifest;
  try {
    manifest = read(fields.object({ manifest: JSON.parse(text) as unknown }, "manifest"));
  } catch (error) {
    if (!(error instanceof Fault) && !(error instanceof SyntaxError)) throw error;
    throw refused(error instanceof Fault ? error.message : "it is no JSON");
  }
  // Nothing unknown, nothing twice, no second way to write the same.
  if (manifestText(manifest) !== text) throw refused("it is not in its canonical form");
  return manifest;
}

const refused = (why: string): UserError => new UserError(`${MANIFEST_FILE} is not that of an image: ${why}`, "Take the image again from where it was built.");

function read(of: Fields): Manifest {
  const { text, count, object, list } = fields;
  const espruino = object(of, "espruino");
  const storage = object(of, "storage");
  if (of["format"] !== FORMAT) throw new Fault(`format is ${printable(String(of["format"]), 20)}, this tool reads ${FORMAT}`);
  return {
    format: FORMAT,
    kind: text(of, "kind", /^(production|development)$/) as Manifest["kind"],
    board: text(of, "board", /^[A-Z0-9_]+$/),
    version: count(of, "version"),
    firmware: text(of, "firmware", /^\d+\.\d+\.\d+$/),
    buildId: text(of, "buildId", KEY),
    commit: text(of, "commit", /^[0-9a-f]{40}\+?$/),
    key: of["key"] === null ? null : text(of, "key", KEY),
    espruino: { version: text(espruino, "version", VERSION), sha256: text(espruino, "sha256", HASH), vouchedBy: text(espruino, "vouchedBy", /^(list|operator)$/) as "list" | "operator" },
    storage: { address: count(storage, "address"), bytes: count(storage, "bytes"), sha256: text(storage, "sha256", HASH) },
    parts: list(of, "parts").map((entry) => part(entry, STORAGE_NAME)),
    files: list(of, "files").map((entry) => {
      const { name, bytes, sha256 } = part(entry, PLAIN);
      return { name, role: text(entry, "role", new RegExp(`^(${ROLES.join("|")})$`)) as Role, bytes, sha256 };
    }),
  };
}
