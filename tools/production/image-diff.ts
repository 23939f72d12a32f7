// How two images differ, in words: first what their manifests say, then which bytes of which part, and for text the place.

import { internalRun } from "../../boards/flash-map.ts";
import type { VerifiedImage } from "./image-verify.ts";
import { PAGE_BYTES } from "../../sim/flash.ts";
import { printable } from "./files.ts";
import { BUNDLE_PART, PROMPTS_PART } from "./image-build.ts";
import { installationOf } from "./image-contents.ts";
import { rangeOf, type Piece } from "./memory-image.ts";

export interface Difference {
  /** What differs: a field of the manifest, a part, an area of memory. */
  readonly what: string;
  readonly before: string;
  readonly after: string;
}

const SNIPPET_BEFORE = 20;
const SNIPPET = 60;

export function diffImages(before: VerifiedImage, after: VerifiedImage): Difference[] {
  return [...fieldDifferences(before, after), ...fileDifferences(before, after), ...partDifferences(before, after), ...storageDifferences(before, after), ...chipDifferences(before, after)];
}

function fieldDifferences({ manifest: a }: VerifiedImage, { manifest: b }: VerifiedImage): Difference[] {
  const flat = ({ espruino, parts: _parts, files: _files, storage: _storage, ...rest }: VerifiedImage["manifest"]): Record<string, unknown> => ({
    ...rest,
    "espruino.version": espruino.version,
    "espruino.sha256": espruino.sha256,
    "espruino.vouchedBy": espruino.vouchedBy,
  });
  const [one, other] = [flat(a), flat(b)];
  return Object.keys(one)
    .filter((name) => one[name] !== other[name])
    .map((what) => ({ what, before: String(one[what]), after: String(other[what]) }));
}

/** Files of the image: what no area of memory shows, such as the bill of materials, shows here. */
function fileDifferences({ manifest: a }: VerifiedImage, { manifest: b }: VerifiedImage): Difference[] {
  const names = new Set([...a.files, ...b.files].map(({ name }) => name));
  return [...names].flatMap((name) => {
    const [before, after] = [a, b].map(({ files }) => files.find((file) => file.name === name));
    if (before?.sha256 === after?.sha256) return [];
    const told = (file: typeof before): string => (file ? `${file.bytes} bytes, SHA-256 ${file.sha256.slice(0, 16)}...` : "absent");
    return [{ what: `file ${name}`, before: told(before), after: told(after) }];
  });
}

function partDifferences(before: VerifiedImage, after: VerifiedImage): Difference[] {
  const names = new Set([...before.manifest.parts, ...after.manifest.parts].map(({ name }) => name));
  return [...names].flatMap((name) => {
    const [a, b] = [before, after].map(({ manifest }) => manifest.parts.find((part) => part.name === name));
    if (a?.sha256 === b?.sha256) return [];
    const size = (part: typeof a): string => (part ? `${part.bytes} bytes` : "absent");
    const texts = [before, after].map((image) => contentOf(image, name));
    const at = texts[0] && texts[1] ? firstDifference(texts[0], texts[1]) : undefined;
    const snippet = (text: Uint8Array | undefined): string => (at === undefined || !text ? "" : `; byte ${at}: ${excerpt(text, at)}`);
    return [{ what: `part ${name}`, before: size(a) + snippet(texts[0]), after: size(b) + snippet(texts[1]) }];
  });
}

function contentOf(image: VerifiedImage, name: string): Uint8Array | undefined {
  const { application, bootFiles } = installationOf(image);
  if (name === BUNDLE_PART) return application.text;
  return name === PROMPTS_PART ? application.prompts : bootFiles.find((file) => file.name === name)?.data;
}

/** Storage by pages: what the toy's flash map is counted in. */
function storageDifferences({ storage: a, board: boardA }: VerifiedImage, { storage: b, board: boardB }: VerifiedImage): Difference[] {
  if (boardA.id !== boardB.id) return [];
  return differingRanges(a, b, PAGE_BYTES).map(({ from, to }) => area(`Storage pages ${from / PAGE_BYTES} to ${Math.ceil(to / PAGE_BYTES) - 1}`, a, b, from, to));
}

/** The chip's own memory outside Storage: the interpreter, the application where it lies there, and the protection word. */
function chipDifferences(before: VerifiedImage, after: VerifiedImage): Difference[] {
  if (before.board.id !== after.board.id) return [];
  const { chip, storage } = before.board;
  const flash = ({ chip: pieces }: VerifiedImage): Uint8Array => {
    const bytes = rangeOf(pieces, 0, chip.flashBytes);
    if (storage.kind === "internal") bytes.fill(0xff, storage.base, storage.base + storage.pages * chip.pageBytes);
    return bytes;
  };
  const [a, b] = [flash(before), flash(after)];
  const beside = internalRun(before.board);
  const name = (from: number): string => (beside && from >= beside.base ? "application" : "interpreter");
  const found = differingRanges(a, b, chip.pageBytes).map(({ from, to }) => area(`${name(from)}, 0x${from.toString(16)} to 0x${(to - 1).toString(16)}`, a, b, from, to));
  const [one, other] = [before, after].map(({ chip: pieces }) => protectionOf(pieces, chip.readbackProtection.address));
  return one === other ? found : [...found, { what: "readback protection", before: one!, after: other! }];
}

function protectionOf(pieces: readonly Piece[], address: number): string {
  return Buffer.from(rangeOf(pieces, address, 4)).readUInt32LE() === 0xffffffff ? "absent" : "present";
}

/** Runs of blocks that differ; `to` is the end of the last one. */
function differingRanges(a: Uint8Array, b: Uint8Array, block: number): { from: number; to: number }[] {
  const ranges: { from: number; to: number }[] = [];
  for (let from = 0; from < Math.max(a.length, b.length); from += block) {
    if (Buffer.compare(a.subarray(from, from + block), b.subarray(from, from + block)) === 0) continue;
    const last = ranges.at(-1);
    if (last?.to === from) last.to = from + block;
    else ranges.push({ from, to: from + block });
  }
  return ranges;
}

function area(what: string, a: Uint8Array, b: Uint8Array, from: number, to: number): Difference {
  let bytes = 0;
  for (let i = from; i < to; i++) if (a[i] !== b[i]) bytes++;
  const at = from + firstDifference(a.subarray(from, to), b.subarray(from, to))!;
  return { what: `${what}: ${bytes} bytes`, before: excerpt(a, at), after: excerpt(b, at) };
}

function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  for (let i = 0; i < Math.max(a.length, b.length); i++) if (a[i] !== b[i]) return i;
  return undefined;
}

/** Text where it is text, hexadecimal where it is not. */
function excerpt(bytes: Uint8Array, at: number): string {
  const text = Buffer.from(bytes.subarray(Math.max(0, at - SNIPPET_BEFORE), at + SNIPPET)).toString("latin1");
  if (/^[\x20-\x7e\n]+$/.test(text)) return printable(JSON.stringify(text));
  return Buffer.from(bytes.subarray(at, at + 16)).toString("hex");
}
