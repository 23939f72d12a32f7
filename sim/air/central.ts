// A Bluetooth central in virtual time, for phones and for strangers alike: it may do whatever a radio can, right or wrong. It
// knows GATT and nothing of our protocol. Callbacks run on the board's clock; what is refused is told by its ATT error.

import type { Address } from "./address.ts";
import { kindOf, privateAddress, resolves } from "./address.ts";
import type { Air, Listener, Sighting } from "./air.ts";
import type { BondKeys } from "./bonds.ts";
import { GattClient } from "./gatt-client.ts";
import { INTERVAL_US, type CentralEnd, type Link } from "./link.ts";
import type { IoCaps } from "./pairing.ts";
import type { PairOutcome, PairRequest } from "./smp.ts";

export interface CentralOptions {
  /** Its identity: on the air as it is, unless it has a resolving key and hides. */
  readonly identity: Address;
  /** Makes its private addresses. */
  readonly irk?: Uint8Array;
  readonly isPrivate?: boolean;
  /** Connection interval that it starts with, and the shortest that it agrees to. */
  readonly intervalMs?: number;
  readonly leastIntervalMs?: number;
}

/** What a central keeps of a toy that it has paired with. */
export interface CentralBond extends BondKeys {
  readonly toyIdentity: Address;
  readonly toyIrk: Uint8Array;
}

export interface PairOptions {
  readonly ioCaps?: IoCaps;
  readonly oob?: boolean;
  readonly bond?: boolean;
  readonly mitm?: boolean;
  readonly sc?: boolean;
  readonly maxKeyBytes?: number;
  /** Six digits, or who finds them out; nobody enters anything when not given. */
  readonly passkey?: string | PairRequest["passkey"];
  /** Claims another identity than its own; none at all with null. */
  readonly identity?: Address | null;
  readonly irk?: Uint8Array;
  readonly hasBadPublicKey?: boolean;
}

const DEFAULT_INTERVAL_MS = 30;
const LEAST_INTERVAL_MS = 7.5;

export class Central implements Listener {
  readonly identity: Address;
  readonly gatt = new GattClient((pdu) => this.#send(pdu));
  bond: CentralBond | undefined;
  /** Takes another address for the next connection: a spoofer's. */
  claimedAddress: Address | undefined;
  onSighting: ((sighting: Sighting) => void) | undefined;
  onConnect: (() => void) | undefined;
  onDisconnect: ((reason: number) => void) | undefined;
  /** The toy asks for security; phones then start encryption or pairing. */
  onSecurityRequest: (() => void) | undefined;
  #link: Link | undefined;
  #wanted: ((sighting: Sighting) => boolean) | undefined;
  #isScanning = false;
  #addresses = 0;

  constructor(
    readonly air: Air,
    private readonly options: CentralOptions,
  ) {
    this.identity = options.identity;
  }

  get isConnected(): boolean {
    return this.#link !== undefined;
  }

  get isEncrypted(): boolean {
    return this.#link !== undefined && this.#link.level > 1;
  }

  get intervalMs(): number {
    return ((this.#link?.intervalUnits ?? 0) * INTERVAL_US) / 1000;
  }

  /** Listens for advertisements, across boots of the toy. */
  scan(onSighting: (sighting: Sighting) => void): this {
    this.onSighting = onSighting;
    this.#isScanning = true;
    this.air.listen(this);
    return this;
  }

  stopScanning(): this {
    this.#isScanning = false;
    this.#rest();
    return this;
  }

  /** Calls the next toy that is wanted, at its first advertisement; keeps trying until then, across boots. */
  connect(isWanted: (sighting: Sighting) => boolean = (sighting) => this.knows(sighting.address)): this {
    this.#wanted = isWanted;
    this.air.listen(this);
    return this;
  }

  /** Gives up calling. */
  cancel(): this {
    this.#wanted = undefined;
    this.#rest();
    return this;
  }

  /** Whether this is the toy that it has paired with; any toy while it knows none. */
  knows(address: Address): boolean {
    if (!this.bond) return true;
    return kindOf(address) === "private-resolvable" ? resolves(address, this.bond.toyIrk) : address === this.bond.toyIdentity;
  }

  hears(sighting: Sighting): ReturnType<Listener["hears"]> {
    if (this.#isScanning) this.onSighting?.(sighting);
    if (this.#link || !this.#wanted?.(sighting)) return undefined;
    return { end: this.#end(), intervalUnits: this.#units(this.options.intervalMs ?? DEFAULT_INTERVAL_MS), connected: (link) => this.#connected(link) };
  }

  /** Another time in `us` from now on the board's clock. */
  after(us: number, then: () => void): void {
    this.air.clock.after(us, then);
  }

  disconnect(): void {
    this.#link?.hangUp();
  }

  /** Out of range: the toy finds out by the supervision time. */
  vanish(): void {
    this.#link?.vanish();
  }

  /** A raw ATT packet, whatever it is. */
  raw(pdu: Uint8Array): void {
    this.#link?.send(pdu);
  }

  pair(options: PairOptions, tell: (outcome: PairOutcome) => void): void {
    const link = this.#linked();
    const { passkey } = options;
    const irk = options.irk ?? this.options.irk;
    const identity = options.identity === null ? undefined : (options.identity ?? this.identity);
    const request: PairRequest = {
      ioCaps: options.ioCaps ?? "KeyboardDisplay",
      oob: options.oob ?? false,
      bond: options.bond ?? true,
      mitm: options.mitm ?? true,
      sc: options.sc ?? true,
      maxKeyBytes: options.maxKeyBytes ?? 16,
      hasBadPublicKey: options.hasBadPublicKey ?? false,
      ...(passkey === undefined ? {} : { passkey: typeof passkey === "string" ? (answer: (digits: string) => void): void => answer(passkey) : passkey }),
      ...(identity ? { identity } : {}),
      ...(irk && identity ? { irk } : {}),
    };
    link.pair(request, (outcome) => {
      if (outcome.isPaired && outcome.keys && outcome.toy) this.bond = { ...outcome.keys, toyIdentity: outcome.toy.identity, toyIrk: outcome.toy.irk };
      tell(outcome);
    });
  }

  /** Encrypts with the bond's key, or with one made up. */
  encrypt(tell: (isEncrypted: boolean) => void, keys: BondKeys | undefined = this.bond): void {
    if (!keys) throw new Error("there is no key to encrypt with");
    this.#linked().encrypt(keys, tell);
  }

  #linked(): Link {
    if (!this.#link) throw new Error("not connected");
    return this.#link;
  }

  #send(pdu: Uint8Array): void {
    this.#linked().send(pdu);
  }

  #rest(): void {
    if (!this.#isScanning && !this.#wanted) this.air.deafen(this);
  }

  #units(ms: number): number {
    return Math.round((ms * 1000) / INTERVAL_US);
  }

  #address(): Address {
    if (this.claimedAddress) return this.claimedAddress;
    const { irk, isPrivate } = this.options;
    return isPrivate && irk ? privateAddress(irk, 0x1000 + this.#addresses++) : this.identity;
  }

  #end(): CentralEnd {
    return {
      address: this.#address(),
      received: (pdu) => this.gatt.received(pdu),
      disconnected: (reason) => this.#disconnected(reason),
      chooseInterval: (least, most) => {
        const shortest = this.#units(this.options.leastIntervalMs ?? LEAST_INTERVAL_MS);
        return most < shortest ? shortest : Math.max(least, shortest);
      },
      securityRequested: () => this.onSecurityRequest?.(),
    };
  }

  #connected(link: Link): void {
    this.#link = link;
    this.#wanted = undefined;
    this.#rest();
    this.gatt.reset();
    this.onConnect?.();
  }

  #disconnected(reason: number): void {
    this.#link = undefined;
    this.gatt.reset();
    this.onDisconnect?.(reason);
  }
}
