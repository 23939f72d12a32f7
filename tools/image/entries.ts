// Records and security log as they lie in a flash dump. Reads what firmware/messages/entries.ts writes and nothing else; trusts no
// length that it finds.

import { crc32 } from "node:zlib";
import { isSound } from "../../firmware/boot/key-words.ts";
import { ENTRY_HEADER_BYTES, ENTRY_MAGIC } from "../../firmware/messages/entries.ts";
import { ENTRY_BYTES } from "../../firmware/messages/journal.ts";
import { ERASED_WORD, JOURNAL_PAGES, RECORD_PAGES, SPACE_JOURNAL, SPACE_RECORDS } from "../../firmware/messages/layout.ts";
import { RECORD_BYTES } from "../../firmware/messages/records.ts";
import { FULL_TAG_BYTES } from "../../firmware/messages/vault.ts";
import { applyStream, tagOf } from "../../firmware/voice/twin-seal.ts";
import { PAGE_BYTES } from "../../sim/flash.ts";

const NOTHING = new Uint8Array(0);
const LIVE = 4;
const CHECK = 3;

export interface FoundEntry {
  /** Never the same twice under one key. */
  readonly number: number;
  readonly kind: number;
  readonly length: number;
  /** What the key makes of it; "not tried" without one. */
  readonly state: "whole" | "damaged" | "not tried";
  readonly bytes?: Uint8Array;
}

export interface FoundEntries {
  readonly entries: readonly FoundEntry[];
  readonly damage: readonly string[];
}

interface Page {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
}

interface Kind {
  readonly name: string;
  readonly mostBytes: number;
  readonly space: number;
}

/** The newest record of each kind. */
export function recordsIn(pages: Uint8Array, key: Uint32Array | undefined): FoundEntries {
  const damage: string[] = [];
  const last = livePages(pages, "records", RECORD_PAGES, damage).at(-1);
  const found = last ? read(last, true, { name: "record", mostBytes: RECORD_BYTES, space: SPACE_RECORDS }, key, damage) : [];
  const entries = found.filter(({ kind }, i) => !found.slice(i + 1).some((later) => later.kind === kind));
  return { entries: entries.sort((a, b) => a.kind - b.kind), damage };
}

/** The security log, oldest first. */
export function journalIn(pages: Uint8Array, key: Uint32Array | undefined): FoundEntries {
  const damage: string[] = [];
  const live = livePages(pages.subarray(RECORD_PAGES * PAGE_BYTES), "security log", JOURNAL_PAGES, damage);
  const kind = { name: "security log entry", mostBytes: ENTRY_BYTES, space: SPACE_JOURNAL };
  return { entries: live.flatMap((page, i) => read(page, i === live.length - 1, kind, key, damage)), damage };
}

/** Pages in use, oldest first. */
function livePages(all: Uint8Array, what: string, count: number, damage: string[]): Page[] {
  const live: Page[] = [];
  for (let i = 0; i < count; i++) {
    const bytes = all.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES);
    const words = new Uint32Array(bytes.slice(0, ENTRY_HEADER_BYTES).buffer);
    const name = `page ${i} of the ${what}`;
    const raw = words.slice();
    const isOurs = isSound(words, ENTRY_MAGIC, CHECK, crc32);
    if (isOurs && words.some((word, at) => word !== raw[at])) damage.push(`${name}: a rotten bit in its header, which the toy reads over`);
    if (isOurs && words[0] !== ENTRY_MAGIC) damage.push(`${name}: layout ${String.fromCharCode(words[0]! >>> 24)} is not known here`);
    else if (isOurs && words[LIVE] !== ERASED_WORD) live.push({ name, bytes, words });
    else if (!isOurs && bytes.some((byte) => byte !== 0xff)) damage.push(`${name}: ${words[0] === ERASED_WORD ? "looks blank and is not" : "no header of ours"}; it will be erased before it is used`);
  }
  return live.sort((a, b) => a.words[1]! - b.words[1]!);
}

function read({ name, bytes, words }: Page, isNewest: boolean, kind: Kind, key: Uint32Array | undefined, damage: string[]): FoundEntry[] {
  const slotBytes = 4 + kind.mostBytes + FULL_TAG_BYTES + 4;
  const slots = Math.floor((PAGE_BYTES - ENTRY_HEADER_BYTES) / slotBytes);
  const slotAt = (slot: number): Uint8Array => bytes.subarray(ENTRY_HEADER_BYTES + slot * slotBytes, ENTRY_HEADER_BYTES + (slot + 1) * slotBytes);
  let end = slots;
  while (end > 0 && slotAt(end - 1).every((byte) => byte === 0xff)) end--;
  const found: FoundEntry[] = [];
  for (let slot = 0; slot < end; slot++) {
    const data = slotAt(slot);
    const length = data[1]!;
    const isVoid = data.subarray(-4).some((byte) => byte !== 0xff);
    if (isVoid) continue;
    const isHead = length <= kind.mostBytes && data[2] === (~data[0]! & 255) && data[3] === (~length & 255);
    const entry: FoundEntry = { number: words[1]! * slots + slot, kind: data[0]!, length, ...(isHead ? open(data, slot, words, kind, key) : { state: "damaged" as const }) };
    // The last one may have been under way when the power failed: the toy voids it at its next boot.
    if (entry.state !== "damaged") found.push(entry);
    else if (!isNewest || slot < end - 1) damage.push(`${name}: ${kind.name} ${slot} is not what was written`);
  }
  return found;
}

function open(data: Uint8Array, slot: number, words: Uint32Array, { space }: Kind, key: Uint32Array | undefined): Pick<FoundEntry, "state" | "bytes"> {
  if (!key) return { state: "not tried" };
  const head = data[0]! | (data[1]! << 8);
  const nonce = [words[2]!, words[1]!, (space | (slot << 8) | (head << 16)) >>> 0];
  const padded = (data[1]! + 3) & ~3;
  const text = data.slice(4, 4 + padded);
  if (Buffer.compare(tagOf(key, nonce, NOTHING, text), data.subarray(4 + padded, 4 + padded + FULL_TAG_BYTES)) !== 0) return { state: "damaged" };
  applyStream(key, nonce, text);
  return { state: "whole", bytes: text.subarray(0, data[1]) };
}
