// What the family may set: how loud the toy gets, its quiet hours, its name; and the time, which only a phone knows. After a power
// loss the time goes on from the last one put down, so quiet hours are late by as long as the power was away.

import { ERR_RANGE, type Clock, type Code } from "../../hal/contract.ts";
import { RECORD_SETTINGS, type Records } from "../messages/records.ts";
import { FULL_VOLUME } from "../voice/player.ts";
import { CODE_NOT_FOUND, KEY_NAME, KEY_QUIET, KEY_TIME, KEY_VOLUME, NAME_BYTES } from "./protocol.ts";

/** The least that may be set, of 256: a passkey must be heard. */
export const LEAST_VOLUME = 32;
/** In quiet hours the toy has a quarter of its voice. */
const QUIET_SHIFT = 2;
const DAY_MINUTES = 1440;
/** How often the time is put down, for the next power loss. */
const KEEP_TIME_MS = 3600000;

// The record: words of volume, quiet hours (from, to, in minutes, 16 bits each) and time; length of the name, name.
const WORD_VOLUME = 0;
const WORD_QUIET = 1;
const WORD_TIME = 2;
const NAME_AT = 12;
const RECORD_BYTES = NAME_AT + 1 + NAME_BYTES;

export interface Settings {
  /** Whether the time was set since the boot. */
  readonly isTimeKnown: boolean;
  /** Local time in seconds since the year 2000 began; 0 when it was never set. */
  seconds(): number;
  /** Loudest that anything may sound now, of 256. */
  volume(): number;
  /** Copies a value to `into` at `at`; its length, or -1 for an unknown key. */
  get(key: number, into: Uint8Array, at: number): number;
  /** Takes the value that stands in `frame` from `at` on, to its end. */
  set(key: number, frame: Uint8Array, at: number): Code;
  /** Puts the time down now and then. */
  tick(): void;
}

export function createSettings(clock: Clock, records: Records): Settings {
  const bytes = new Uint8Array(RECORD_BYTES);
  const words = new Uint32Array(bytes.buffer, 0, 3);
  const stored = records.get(RECORD_SETTINGS);
  if (stored && stored.length === RECORD_BYTES) bytes.set(stored);
  else words[WORD_VOLUME] = FULL_VOLUME;
  // The time at boot.
  let base = words[WORD_TIME];
  let keptMs = 0;

  function seconds(): number {
    return base === 0 ? 0 : base + Math.floor(clock.nowMs() / 1000);
  }

  function store(): Code {
    words[WORD_TIME] = seconds();
    keptMs = clock.nowMs();
    return records.put(RECORD_SETTINGS, bytes);
  }

  function volume(): number {
    const from = words[WORD_QUIET] & 0xffff;
    const to = words[WORD_QUIET] >>> 16;
    const minute = Math.floor(seconds() / 60) % DAY_MINUTES;
    const isQuiet = base !== 0 && from !== to && (from < to ? minute >= from && minute < to : minute >= from || minute < to);
    return words[WORD_VOLUME] >> (isQuiet ? QUIET_SHIFT : 0);
  }

  function get(key: number, into: Uint8Array, at: number): number {
    words[WORD_TIME] = seconds();
    const length = key === KEY_NAME ? bytes[NAME_AT] : key === KEY_VOLUME ? 2 : key === KEY_QUIET || key === KEY_TIME ? 4 : -1;
    const from = key === KEY_NAME ? NAME_AT + 1 : key === KEY_VOLUME ? WORD_VOLUME * 4 : key === KEY_QUIET ? WORD_QUIET * 4 : WORD_TIME * 4;
    for (let i = 0; i < length; i++) into[at + i] = bytes[from + i];
    return length;
  }

  function set(key: number, frame: Uint8Array, at: number): Code {
    const length = frame.length - at;
    const low = length >= 2 ? frame[at] | (frame[at + 1] << 8) : 0;
    const high = length === 4 ? frame[at + 2] | (frame[at + 3] << 8) : 0;
    if (key === KEY_VOLUME && length === 2 && low >= LEAST_VOLUME && low <= FULL_VOLUME) words[WORD_VOLUME] = low;
    else if (key === KEY_QUIET && length === 4 && low < DAY_MINUTES && high < DAY_MINUTES) words[WORD_QUIET] = low + high * 0x10000;
    else if (key === KEY_TIME && length === 4) {
      // Never 0, which means unknown; a time before this boot's beginning is as good as any.
      base = Math.max(1, low + high * 0x10000 - Math.floor(clock.nowMs() / 1000));
      self.isTimeKnown = true;
    } else if (key === KEY_NAME && length <= NAME_BYTES) {
      bytes[NAME_AT] = length;
      for (let i = 0; i < length; i++) bytes[NAME_AT + 1 + i] = frame[at + i];
    } else return key < KEY_VOLUME || key > KEY_TIME ? CODE_NOT_FOUND : ERR_RANGE;
    return store();
  }

  function tick(): void {
    if (base !== 0 && clock.nowMs() - keptMs >= KEEP_TIME_MS) store();
  }

  const self = { isTimeKnown: false, seconds: seconds, volume: volume, get: get, set: set, tick: tick };
  return self;
}
