// Settings and what else must be remembered: one small record of each kind, old or new after a power cut, never anything between.
// Without pages (messages in RAM) nothing is kept.

import { ERR_FORBIDDEN, ERR_FULL, ERR_RANGE, OK, type Code, type StorePorts } from "../../hal/contract.ts";
import { createEntries, type Entries } from "./entries.ts";
import type { Eraser } from "./eraser.ts";
import { SPACE_RECORDS } from "./layout.ts";
import type { Vault } from "./vault.ts";

export const RECORD_SETTINGS = 1;
export const RECORD_PHONES = 2;
export const RECORD_COUNTERS = 3;
export const RECORD_KEYS = 5;
/** The store's own: message numbers below this one may have been used. */
export const RECORD_NUMBERS = 6;
export const RECORD_BYTES = 240;
const KINDS = 16;

export interface Records {
  /** Undefined when there is none, or when it is damaged: an older one is never given for it. */
  get(kind: number): Uint8Array | undefined;
  put(kind: number, bytes: Uint8Array): Code;
}

export interface StoredRecords extends Records {
  readonly entries: Entries;
  /** False when a page is of a newer layout: all of them are left alone. */
  load(): boolean;
}

export function createRecords(hal: StorePorts, eraser: Eraser, vault: Vault, firstPage: number, pages: number): StoredRecords {
  // Slot of each kind on the page in use, counted from 1.
  const where = new Uint8Array(KINDS);

  function carry(from: number): Code {
    for (let kind = 1; kind < KINDS; kind++) {
      const bytes = where[kind] > 0 ? entries.read(from, where[kind] - 1) : undefined;
      where[kind] = 0;
      if (!bytes) continue;
      const code = entries.append(kind, bytes);
      if (code !== OK) return code;
      where[kind] = entries.next;
    }
    return OK;
  }

  const entries = createEntries(hal.flash, hal.native, hal.entropy, eraser, vault, firstPage, pages, RECORD_BYTES, SPACE_RECORDS, carry);

  function load(): boolean {
    entries.load();
    where.fill(0);
    if (entries.hasNewer) return false;
    const page = entries.page;
    for (let slot = entries.next - 1; slot >= 0; slot--) {
      const kind = entries.kind(page, slot);
      if (kind === 0 || kind >= KINDS) continue;
      // The power may have failed within the last one, or before the one that it replaces was voided.
      const isTorn = slot === entries.next - 1 && !entries.read(page, slot);
      if (isTorn || where[kind] > 0) entries.makeVoid(page, slot);
      else where[kind] = slot + 1;
    }
    return true;
  }

  function get(kind: number): Uint8Array | undefined {
    return where[kind] > 0 ? entries.read(entries.page, where[kind] - 1) : undefined;
  }

  function put(kind: number, bytes: Uint8Array): Code {
    if (pages === 0) return ERR_FULL;
    if (!entries.isOpen) return ERR_FORBIDDEN;
    if (kind < 1 || kind >= KINDS || bytes.length > RECORD_BYTES) return ERR_RANGE;
    const code = entries.append(kind, bytes);
    if (code !== OK) {
      load();
      return code;
    }
    const older = where[kind];
    where[kind] = entries.next;
    return older > 0 ? entries.makeVoid(entries.page, older - 1) : OK;
  }

  return { entries: entries, load: load, get: get, put: put };
}
