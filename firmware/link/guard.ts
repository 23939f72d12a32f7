// The one door: every request from the air passes `admit`; nothing comes of voice, and not a byte goes to the air, before `isSafe`. A
// link is believed for what the stack says of it at this very moment, never for what was true a while ago: an event may come late or
// not at all.

import { ADDRESS_CHARS, type Clock, type Radio, type TimerId } from "../../hal/contract.ts";
import { refill } from "../bucket.ts";
import type { Phones } from "./phones.ts";
import { LONGEST, OP_COUNT, OP_HELLO, SHORTEST } from "./protocol.ts";

/** A link that has not proven itself ends after this; a pairing that has begun in the window gets what SMP allows in all. */
export const DEADLINE_MS = 5000;
export const PAIRING_MS = 30000;
/** Each stranger of late costs the next one a second, down to one; one is forgotten in ten seconds. */
const STORM_STEP_MS = 1000;
const SHORTEST_MS = 1000;
const STORM_DECAY_MS = 10000;
const STORM_MOST = 30;

/** What a phone is that has reached the highest level for the first time on its link. */
export const CLAIM_REFUSED = 0;
export const CLAIM_GRANTED = 1;
/** Not known yet: the bond is not stored so far. */
export const CLAIM_LATER = 2;

/** What `admit` found. */
export const REFUSED = 0;
/** An accepted phone, by the highest level, a request of a known shape. */
export const ADMITTED = 1;
/** The same, but the request is not of a known shape: answered with a code. */
export const ADMITTED_MALFORMED = 2;

export interface Guard {
  /** Counts connections and their ends: what was begun under another number is void. */
  readonly epoch: number;
  /**
   * Address of who is connected, as the stack wrote it at the connection; empty when nobody is. And who it is: lasting address and
   * bond, empty before the highest level was shown.
   */
  readonly address: string;
  readonly identity: string;
  /** Whether this link has shown the highest level and belongs to an accepted phone. */
  readonly isProven: boolean;
  /** A link from that address has begun. */
  connected(address: string): void;
  disconnected(): void;
  /** Gives a link that is not proven so long from now. */
  allow(ms: number): void;
  /** Ends the link, if there is one. */
  putOff(): void;
  /** Asked once a link, when its phone reaches the highest level: one of the CLAIM_s. Until it is given nobody is let in. */
  claim: ((identity: string) => number) | undefined;
  /** Links that ended without having been proven, since the reader last set it to 0. */
  strangers: number;
  /** REFUSED, or what came in. Only the stack lets bytes through here, at the highest level; the rest is checked. */
  admit(frame: Uint8Array): number;
  /** Whether this link is, right now, that of an accepted phone, encrypted and authenticated. */
  isSafe(): boolean | undefined;
}

export function createGuard(clock: Clock, radio: Radio, phones: Phones): Guard {
  let deadline: TimerId | undefined;
  // Strangers that may still come until a storm is at its worst.
  const calm = { left: STORM_MOST, atMs: 0 };
  // Number of the phone that has proven itself.
  let place = 0;

  function putOff(): void {
    if (deadline !== undefined) clock.cancel(deadline);
    deadline = undefined;
    radio.disconnect();
  }

  function allow(ms: number): void {
    if (deadline !== undefined) clock.cancel(deadline);
    deadline = self.isProven || self.address === "" ? undefined : clock.after(ms, putOff);
  }

  function disconnected(): void {
    if (self.address === "") return;
    if (!self.isProven) {
      self.strangers++;
      if (calm.left > 0) calm.left--;
    }
    self.epoch++;
    self.address = "";
    self.identity = "";
    self.isProven = false;
    allow(0);
  }

  function connected(from: string): void {
    // The end of the link before was lost.
    disconnected();
    self.epoch++;
    self.address = from;
    const storm = STORM_MOST - refill(calm, clock.nowMs(), STORM_MOST, STORM_DECAY_MS);
    // By the address alone, which anybody may take: time is all that it gives.
    const isKnown = phones.addresses.join().indexOf(radio.identify(from, false).substr(0, ADDRESS_CHARS)) >= 0;
    allow(isKnown ? DEADLINE_MS : Math.max(SHORTEST_MS, DEADLINE_MS - storm * STORM_STEP_MS));
  }

  // Asked before every frame that goes out: the stack is, what was true for the last one need not be. The address that it tells is of
  // a link that there is, and whoever was revoked has lost his place.
  function isSafe(): boolean | undefined {
    "ram";
    const status = radio.status();
    return self.isProven && phones.addresses[place] === self.identity && status.connected_addr === self.address && status.encrypted && status.mitm_protected;
  }

  function admit(frame: Uint8Array): number {
    const status = radio.status();
    // Of a link that is gone: the one that is there now has not said this, and is left alone.
    if (status.connected_addr !== self.address) return REFUSED;
    let claimed = CLAIM_REFUSED;
    if (status.encrypted && status.mitm_protected) {
      if (self.isProven) claimed = phones.find(self.identity) >= 0 ? CLAIM_GRANTED : CLAIM_REFUSED;
      else {
        // A bond made on this link is known only now.
        self.identity = radio.identify(self.address, true);
        if (self.claim) claimed = self.claim(self.identity);
      }
    }
    if (claimed === CLAIM_REFUSED) putOff();
    if (claimed !== CLAIM_GRANTED) return REFUSED;
    if (!self.isProven) {
      self.isProven = true;
      place = phones.find(self.identity);
      allow(0);
    }
    const op = frame[0];
    if (!(op >= OP_HELLO && op < OP_COUNT)) return ADMITTED_MALFORMED;
    return frame.length >= SHORTEST[op] && frame.length <= LONGEST[op] ? ADMITTED : ADMITTED_MALFORMED;
  }

  const self: { -readonly [field in keyof Guard]: Guard[field] } = {
    epoch: 0,
    address: "",
    identity: "",
    isProven: false,
    claim: undefined,
    strangers: 0,
    connected: connected,
    disconnected: disconnected,
    allow: allow,
    putOff: putOff,
    admit: admit,
    isSafe: isSafe,
  };
  return self;
}
