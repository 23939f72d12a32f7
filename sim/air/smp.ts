// Pairing as it goes on a link: requests, answers, confirmations round by round, in the time that they take. What the two sides
// hold afterwards is decided here; the cryptography itself is not computed, as it only tells equal from unequal.

import type { Address } from "./address.ts";
import type { Bond, BondKeys } from "./bonds.ts";
import type { Link } from "./link.ts";
import { MIN_KEY_BYTES, associationOf, keyBytesOf, levelOf, type Association, type PairingFailure, type PairingFeatures, type SecurityLevel } from "./pairing.ts";

/** A pairing that makes no progress for so long is dead, and so is all pairing on this link (Vol 3 Part H 3.4). */
export const SMP_TIMEOUT_US = 30_000_000;
/** Each of the 20 bits of a passkey has a commitment of its own (Vol 3 Part H 2.3.5.6.3). */
export const PASSKEY_BITS = 20;

/** What the initiator does. */
export interface PairRequest extends PairingFeatures {
  /** Asked for the six digits; answers when it has them, or never. */
  readonly passkey?: (answer: (digits: string) => void) => void;
  /** What it distributes as its own: an identity address, and the key that resolves its private ones. */
  readonly identity?: Address;
  readonly irk?: Uint8Array;
  /** Sends a point that is not on the curve, or the toy's own back. */
  readonly hasBadPublicKey?: boolean;
}

export type PairOutcome =
  | {
      readonly isPaired: true;
      readonly association: Association;
      readonly level: SecurityLevel;
      readonly keyBytes: number;
      readonly keys: BondKeys | undefined;
      /** The toy's identity and the key that resolves its private addresses, where both sides bond. */
      readonly toy: { readonly identity: Address; readonly irk: Uint8Array } | undefined;
    }
  | {
      readonly isPaired: false;
      readonly reason: PairingFailure;
      readonly association: Association | undefined;
      /** How many bits of the passkey were right before the first wrong one: what an attempt tells. */
      readonly rightBits: number | undefined;
    };

export interface ToySecurity {
  readonly features: PairingFeatures;
  readonly identity: Address;
  readonly irk: Uint8Array;
  /** Whether any authenticated Secure Connections key is level 4, short ones too. */
  readonly checksKeySize: boolean;
  readonly isUsable: (peer: PairingFeatures) => boolean;
  started(): void;
  failed(reason: PairingFailure): void;
  abandoned(): void;
  paired(link: Link, bond: Bond | undefined, level: SecurityLevel, isBonded: boolean): void;
  /** Digits for the display: random, or the static ones. */
  displayPasskey(): string;
  /** The other side shows a number, or out-of-band data is wanted: Espruino has no answer to either. */
  askForKey(): void;
  computeSharedSecret(): void;
  store(keys: BondKeys): Bond;
  newKey(): string;
}

export class Pairing {
  isOver = false;
  #association: Association | undefined;
  #progress = 0;

  constructor(
    private readonly link: Link,
    private readonly toy: ToySecurity,
    private readonly request: PairRequest,
    private readonly tell: (outcome: PairOutcome) => void,
  ) {
    this.#step(1, () => this.#answer());
  }

  /** The link is gone. */
  abandon(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.toy.abandoned();
  }

  #step(events: number, then: () => void): void {
    const progress = ++this.#progress;
    this.link.after(events, () => {
      if (!this.isOver) then();
    });
    this.link.clock.after(SMP_TIMEOUT_US, () => {
      if (!this.isOver && this.#progress === progress && this.link.isUp) this.#fail("TIMEOUT");
    });
  }

  /** Nobody goes on: only the time-out ends it. */
  #stall(): void {
    this.#step(1, () => undefined);
  }

  #answer(): void {
    const { toy, request, link } = this;
    toy.started();
    if (!toy.isUsable(request)) return this.#fail("PAIRING_NOT_SUPP");
    if (keyBytesOf(request, toy.features) < MIN_KEY_BYTES) return this.#fail("ENC_KEY_SIZE");
    const isSc = request.sc && toy.features.sc;
    this.#association = associationOf(request, toy.features);
    // Response; public keys are 65 bytes in packets of 23.
    this.#step(isSc ? 8 : 2, () => {
      if (this.#association === "PasskeyInitiatorEnters") this.#passkey(toy.displayPasskey());
      else if (this.#association === "JustWorks") this.#step(4, () => this.#succeed());
      else {
        if (this.#association === "NumericComparison") toy.displayPasskey();
        else toy.askForKey();
        this.#stall();
      }
      if (isSc && link.isUp) toy.computeSharedSecret();
    });
  }

  #passkey(shown: string): void {
    this.#stall();
    this.request.passkey?.((digits) => {
      if (this.isOver) return;
      const difference = Number(digits) ^ Number(shown);
      const rightBits = difference === 0 ? PASSKEY_BITS : 31 - Math.clz32(difference & -difference);
      const isSc = this.request.sc && this.toy.features.sc;
      // Two packets each way for a bit; legacy pairing has one round for all.
      const rounds = isSc ? 2 * Math.min(rightBits + 1, PASSKEY_BITS) : 2;
      this.#step(rounds, () => (difference === 0 ? this.#succeed() : this.#fail("CONFIRM_VALUE", isSc ? rightBits : undefined)));
    });
  }

  #succeed(): void {
    const { toy, request, link } = this;
    // The check of the shared secret: a point off the curve, or one's own, does not pass it.
    if (request.hasBadPublicKey) return this.#fail("DHKEY_FAILURE");
    const isSc = request.sc && toy.features.sc;
    const keyBytes = keyBytesOf(request, toy.features);
    const level = levelOf(this.#association!, isSc, keyBytes, toy.checksKeySize);
    const isBonded = request.bond && toy.features.bond;
    this.#step(4, () => {
      link.level = level;
      link.keyBytes = keyBytes;
      this.#step(isBonded ? 4 : 1, () => {
        this.isOver = true;
        const identity = request.identity ?? link.central.address;
        const keys = isBonded ? { ltk: toy.newKey(), level, keyBytes, isSc, identity, irk: request.irk } : undefined;
        toy.paired(link, keys && toy.store(keys), level, isBonded);
        const own = isBonded ? { identity: toy.identity, irk: toy.irk } : undefined;
        this.tell({ isPaired: true, association: this.#association!, level, keyBytes, keys, toy: own });
      });
    });
  }

  #fail(reason: PairingFailure, rightBits?: number): void {
    this.isOver = true;
    this.toy.failed(reason);
    const tell = (): void => this.tell({ isPaired: false, reason, association: this.#association, rightBits });
    if (reason === "TIMEOUT") tell();
    else this.link.after(1, tell);
  }
}
