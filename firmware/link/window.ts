// The pairing window: opened by the paw, for one phone, for a minute. A phone becomes one of the family only if all of it happened on
// one connection within the window: a passkey that the stack asked to be spoken, a bond of the highest level, and then a request that
// the stack let through at that level.

import { ADDRESS_CHARS, BOND_MARK, OK, RADIO_BOND, RADIO_PASSKEY, RADIO_SECURED, type Clock, type Radio } from "../../hal/contract.ts";
import type { Journal } from "../messages/journal.ts";
import { CLAIM_GRANTED, CLAIM_LATER, CLAIM_REFUSED, DEADLINE_MS, PAIRING_MS, type Guard } from "./guard.ts";
import type { Phones } from "./phones.ts";
import { EVENT_PAIRED, EVENT_REPLACED, EVENT_WINDOW_OPENED } from "./protocol.ts";

const WINDOW_MS = 60000;
/** Time that others took without pairing is given back, but no window is open for longer than this. */
const LONGEST_MS = 180000;
const MOST_FAILURES = 3;

/** What becomes of a window. */
export const WINDOW_PAIRED = 0;
/** The phone was known: its rights began anew. */
export const WINDOW_REPLACED = 1;
/** Time is up, or three attempts have failed. */
export const WINDOW_ENDED = 2;
/** One attempt has failed; the window stays open. */
export const WINDOW_FAILED = 3;

export interface PairingWindow {
  readonly isOpen: boolean;
  /**
   * A passkey was asked for since the boot: the stack's key pair has been used, and only a reboot makes a new one.
   */
  readonly isKeyUsed: boolean;
  /** For a phone; false when the list is full. */
  open(): boolean;
  /** Shuts it, and ends a link that is not one of the family's. */
  close(): void;
  /** RADIO_PASSKEY, RADIO_SECURED or RADIO_BOND. */
  event(kind: number, value: unknown): void;
  /** A link has begun or ended: what the one before had shown counts no more. */
  linkChanged(): void;
  /**
   * For the guard. While the window is open only a phone that pairs is granted anything, a known one too: whoever pairs under its
   * address would come by its rights.
   */
  claim(identity: string): number;
  /** Once a second. */
  tick(): void;
}

/** `speak` is given six digits, to be spoken at once and kept nowhere; `told` gets the WINDOW_s, not after `close`. */
export function createPairingWindow(
  clock: Clock,
  radio: Radio,
  phones: Phones,
  journal: Journal,
  guard: Guard,
  speak: (digits: string) => void,
  told: (outcome: number) => void,
): PairingWindow {
  let openedMs = 0;
  let untilMs = 0;
  let linkedMs = 0;
  let failures = 0;
  // What this connection has shown.
  let hasPasskey = false;
  let hasBond = false;
  let isPairing = false;

  function close(): void {
    if (!self.isOpen) return;
    self.isOpen = false;
    radio.setPairing(false);
    // A pairing under way would go on.
    if (!guard.isProven) guard.putOff();
  }

  function attemptFailed(): void {
    isPairing = false;
    failures++;
    if (failures >= MOST_FAILURES) close();
    told(failures >= MOST_FAILURES ? WINDOW_ENDED : WINDOW_FAILED);
  }

  function linkChanged(): void {
    const nowMs = clock.nowMs();
    if (self.isOpen && isPairing) attemptFailed();
    else if (linkedMs > 0) untilMs = Math.min(untilMs + nowMs - linkedMs, openedMs + LONGEST_MS);
    linkedMs = guard.address === "" ? 0 : nowMs;
    hasPasskey = false;
    hasBond = false;
    isPairing = false;
    // A storm of strangers takes no time from whoever wants to pair.
    if (self.isOpen) guard.allow(DEADLINE_MS);
  }

  function event(kind: number, value: unknown): void {
    if (!self.isOpen) return;
    if (kind === RADIO_PASSKEY) {
      hasPasskey = true;
      self.isKeyUsed = true;
      speak(value as string);
    } else if (kind === RADIO_SECURED) hasBond = value === true;
    else if (kind === RADIO_BOND && value === "start") {
      isPairing = true;
      guard.allow(PAIRING_MS);
    } else if (kind === RADIO_BOND && value === "success" && !hasPasskey) {
      // A phone that is known already has encrypted: no attempt to pair.
      isPairing = false;
    } else if (kind === RADIO_BOND && value === "fail") {
      radio.refused++;
      attemptFailed();
      guard.putOff();
    }
  }

  function claim(identity: string): number {
    if (!self.isOpen && !hasPasskey && !hasBond) return phones.find(identity) >= 0 ? CLAIM_GRANTED : CLAIM_REFUSED;
    if (!self.isOpen || !hasPasskey || !hasBond) return CLAIM_REFUSED;
    // Who has no bond under his own address would not be known again: a private one is not resolved yet, or he has taken another's.
    if (identity.indexOf(BOND_MARK) < 0) return CLAIM_LATER;
    // Known by the address alone: the bond is a new one.
    let known = -1;
    for (let i = 0; i < phones.addresses.length; i++) if (phones.addresses[i].substr(0, ADDRESS_CHARS) === identity.substr(0, ADDRESS_CHARS)) known = i;
    if (phones.put(known >= 0 ? known : phones.addresses.indexOf(""), identity, "") !== OK) return CLAIM_REFUSED;
    isPairing = false;
    self.isOpen = false;
    radio.setPairing(false);
    journal.add(known >= 0 ? EVENT_REPLACED : EVENT_PAIRED, phones.find(identity));
    told(known >= 0 ? WINDOW_REPLACED : WINDOW_PAIRED);
    return CLAIM_GRANTED;
  }

  function open(): boolean {
    if (phones.addresses.indexOf("") < 0) return false;
    self.isOpen = true;
    failures = 0;
    isPairing = false;
    openedMs = clock.nowMs();
    untilMs = openedMs + WINDOW_MS;
    // There is one connection: whoever has it makes room.
    guard.putOff();
    radio.setPairing(true);
    journal.add(EVENT_WINDOW_OPENED, 0);
    return true;
  }

  function tick(): void {
    // A pairing that has begun in time may come to its end: the guard's deadline bounds it.
    if (!self.isOpen || isPairing || clock.nowMs() < untilMs) return;
    close();
    told(WINDOW_ENDED);
  }

  const self = { isOpen: false, isKeyUsed: false, open: open, close: close, event: event, linkChanged: linkChanged, claim: claim, tick: tick };
  return self;
}
