// What fsck found, for people and for machines.

import { EVENT_CRASH, EVENT_PAIRED, EVENT_PAIRING_FAILED, EVENT_REPLACED, EVENT_REVOKED, EVENT_STRANGER, EVENT_WINDOW_OPENED } from "../../firmware/link/protocol.ts";
import { EVENT_DROPPED } from "../../firmware/messages/journal.ts";
import { RECORD_COUNTERS, RECORD_KEYS, RECORD_NUMBERS, RECORD_PHONES, RECORD_SETTINGS } from "../../firmware/messages/records.ts";
import { MESSAGE_RATE_HZ } from "../../firmware/voice/abi.ts";
import type { FoundEntry } from "./entries.ts";
import type { FoundMessage, FsckReport } from "./fsck.ts";

const RECORDS: Readonly<Record<number, string>> = {
  [RECORD_SETTINGS]: "settings",
  [RECORD_PHONES]: "phones",
  [RECORD_COUNTERS]: "counters",
  [RECORD_KEYS]: "keys",
  [RECORD_NUMBERS]: "message numbers",
};
const EVENTS: Readonly<Record<number, string>> = {
  [EVENT_DROPPED]: "events not written",
  [EVENT_WINDOW_OPENED]: "pairing window opened",
  [EVENT_PAIRED]: "phone paired",
  [EVENT_REPLACED]: "phone replaced",
  [EVENT_PAIRING_FAILED]: "pairing failed",
  [EVENT_REVOKED]: "phone revoked",
  [EVENT_STRANGER]: "stranger put off",
  [EVENT_CRASH]: "up from a crash",
};

interface Event {
  readonly number: number;
  readonly event?: number;
  readonly name?: string;
  readonly detail?: number;
  /** Since the boot that wrote it. */
  readonly seconds?: number;
}

function eventOf({ number, bytes }: FoundEntry): Event {
  if (!bytes) return { number };
  const [event, detail, seconds] = new Uint32Array(bytes.slice().buffer) as unknown as [number, number, number];
  return { number, event, name: EVENTS[event] ?? `event ${event}`, detail, seconds };
}

interface FoundRecord {
  readonly kind: number;
  readonly name: string;
  readonly bytes: number;
  readonly state: FoundEntry["state"];
  /** Accepted phones: how many, never which. */
  readonly phones?: number;
}

function recordOf({ kind, length, state, bytes }: FoundEntry): FoundRecord {
  // Addresses and names in turn, each closed by a zero; an empty address is no phone.
  const texts = kind === RECORD_PHONES && bytes ? Buffer.from(bytes).toString("latin1").split("\0") : undefined;
  const phones = texts && { phones: texts.filter((text, i) => i % 2 === 0 && text !== "").length };
  return { kind, name: RECORDS[kind] ?? `kind ${kind}`, bytes: length, state, ...phones };
}

/** Without voices and without what records hold: a report may be shown to anybody. */
export function plain({ sheets, messages, records, journal, damage }: FsckReport): object {
  return { sheets, messages: messages.map(({ stored, ...message }) => message), records: records.map(recordOf), journal: journal.map(eventOf), damage };
}

export function text({ sheets, messages, records, journal, damage }: FsckReport): string {
  const { all, blank, messages: used, newer, unknown } = sheets;
  const isOpen = journal.some(({ bytes }) => bytes);
  return [
    `${all} sheets: ${used} hold messages, ${blank} are blank, ${newer} of a newer layout, ${unknown} not ours`,
    ...messages.map(messageLine),
    ...records.map(recordLine),
    `security log: ${journal.length} entries${isOpen || journal.length === 0 ? "" : ", not tried"}`,
    ...(isOpen ? journal.map(eventLine) : []),
    ...damage.map((what) => `damage: ${what}`),
  ].join("\n");
}

function messageLine({ sequence, isOwn, isHeard, samples, state }: FoundMessage): string {
  const seconds = samples === undefined ? "" : `${(samples / MESSAGE_RATE_HZ).toFixed(1)} s`;
  return `message ${String(sequence).padStart(6)}  ${isOwn ? "own   " : "family"}  ${(isOwn ? "" : isHeard ? "heard" : "unheard").padEnd(7)}  ${seconds.padStart(12)}  ${state}`;
}

function recordLine(entry: FoundEntry): string {
  const { name, bytes, state, phones } = recordOf(entry);
  return `record ${name.padEnd(16)}  ${String(bytes).padStart(3)} bytes  ${state}${phones === undefined ? "" : `, accepted phones: ${phones}`}`;
}

function eventLine(entry: FoundEntry): string {
  const { number, name, detail, seconds } = eventOf(entry);
  return `event ${String(number).padStart(6)}  ${name!.padEnd(22)}  ${String(detail).padStart(6)}  ${seconds} s after a boot`;
}
