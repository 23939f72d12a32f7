// NRF.setSecurity and what Espruino and the SDK's peer manager make of pairings and encryptions (targets/nrf5x/bluetooth.c
// get_gap_sec_params, jsble_update_security, pm_evt_handler; SDK12 components/ble/peer_manager/security_dispatcher.c).

import type { Wire } from "../engine.ts";
import type { Address } from "./address.ts";
import type { BondKeys, Bonds } from "./bonds.ts";
import type { Link } from "./link.ts";
import { espruinoAccepts, type IoCaps, type PairingFailure, type PairingFeatures, type SecurityLevel } from "./pairing.ts";
import type { PairRequest, PairOutcome, ToySecurity } from "./smp.ts";
import { Pairing } from "./smp.ts";

export interface SecurityOptions {
  readonly display?: boolean;
  readonly keyboard?: boolean;
  readonly bond?: boolean;
  readonly mitm?: boolean;
  readonly lesc?: boolean;
  readonly pair?: boolean;
  readonly passkey?: string;
  readonly encryptUart?: boolean;
  readonly privacy?: unknown;
}

/** What the board's stack does where boards differ. */
export interface StackTraits {
  /** Espruino's refusal reaches the stack before it answers: SDK15. SDK12's peer manager has answered by then. */
  readonly refusesPairing: boolean;
  /** Level 4 needs 128 bits: S140. */
  readonly checksKeySize: boolean;
  readonly hasPrivacy: boolean;
}

export interface SecuritySite {
  readonly bonds: Bonds;
  readonly random: () => number;
  readonly identity: () => Address;
  readonly irk: Uint8Array;
  /** Queues an event of the stack; its callbacks run in the idle loop. */
  readonly raise: (name: string, args: readonly Wire[], bytes: number) => void;
  readonly bondingDone: (isOk: boolean) => void;
  /** An exception in the event's handler: a line on the console. */
  readonly complain: (message: string) => void;
  /** JavaScript stands still: the handler runs in an interrupt. */
  readonly compute: (us: number) => void;
}

/** Multiplying a point in software, 64 MHz: estimated from published cycle counts of micro-ecc on Cortex-M4, not measured. */
const ECDH_US = 150_000;
/** Sizes of the queued events: 3 bytes and what comes with them (ble_gap_evt_auth_status_t, six digits). */
const EVENT_BYTES = { plain: 3, passkey: 9, authStatus: 9 };
/** kdist_own, kdist_peer: encryption key and identity. */
const KEYS_OF_A_BOND = 3;

export class Security implements ToySecurity {
  options: SecurityOptions = {};
  pairing: Pairing | undefined;

  constructor(
    private readonly site: SecuritySite,
    private readonly traits: StackTraits,
  ) {}

  /** `pair` and the passkey stay as they were where there is no object to say otherwise. */
  set(options: SecurityOptions | undefined): void {
    const { pair, passkey } = this.options;
    this.options = options ?? { ...(pair === undefined ? {} : { pair }), ...(passkey === undefined ? {} : { passkey }) };
  }

  get features(): PairingFeatures {
    const { display, keyboard, bond, mitm, lesc } = this.options;
    const ioCaps: IoCaps = display && keyboard ? "KeyboardDisplay" : display ? "DisplayOnly" : keyboard ? "KeyboardOnly" : "NoInputNoOutput";
    return { ioCaps, oob: false, bond: Boolean(bond ?? true), mitm: Boolean(mitm), sc: Boolean(lesc), maxKeyBytes: 16 };
  }

  get identity(): Address {
    return this.site.identity();
  }

  get irk(): Uint8Array {
    return this.site.irk;
  }

  get checksKeySize(): boolean {
    return this.traits.checksKeySize;
  }

  /** The console's UART wants encryption: level of its characteristics. */
  get uartLevel(): SecurityLevel {
    const { mitm, passkey, encryptUart } = this.options;
    return mitm || passkey ? 3 : encryptUart ? 2 : 1;
  }

  /** `pair:0` is as good as false. */
  get isPairable(): boolean {
    return Boolean(this.options.pair ?? true);
  }

  isUsable(peer: PairingFeatures): boolean {
    if (!this.traits.refusesPairing) return true;
    return this.isPairable && espruinoAccepts(this.features, peer);
  }

  /** The central asks to pair. */
  pair(link: Link, request: PairRequest, tell: (outcome: PairOutcome) => void): void {
    this.pairing = new Pairing(link, this, request, tell);
  }

  /** The central starts encryption with a key that it has of an earlier bond. */
  encrypt(link: Link, keys: BondKeys, tell: (isEncrypted: boolean) => void): void {
    link.after(1, () => {
      // Legacy keys are found by the numbers sent with the request, others by whose connection it is.
      const own = keys.isSc ? link.peer !== undefined && this.site.bonds.get(link.peer) : this.site.bonds.all.find(({ ltk, isSc }) => !isSc && ltk === keys.ltk);
      if (!own || own.isSc !== keys.isSc) {
        this.#bond("fail");
        // PM_CONN_SEC_ERROR_PIN_OR_KEY_MISSING: Espruino asks for a new pairing.
        if (!this.traits.refusesPairing || this.isPairable) link.requestSecurity();
        return link.after(1, () => tell(false));
      }
      this.#bond("start");
      if (own.ltk !== keys.ltk) return link.failIntegrity();
      link.after(2, () => {
        link.level = own.level;
        link.keyBytes = own.keyBytes;
        link.peer = own.peer;
        this.#bond("success");
        this.site.bonds.rankHighest(own.peer);
        tell(true);
      });
    });
  }

  /** NRF.startBonding: with pairing switched off nothing happens, and nobody is told. */
  startBonding(link: Link): void {
    this.#bond("request");
    if (this.traits.refusesPairing && !this.isPairable) return;
    link.requestSecurity();
  }

  /** The link is gone. */
  disconnected(): void {
    this.pairing?.abandon();
    this.pairing = undefined;
  }

  started(): void {
    this.#bond("start");
  }

  failed(reason: PairingFailure): void {
    this.#bond("fail");
    this.site.raise("security", [{ auth_status: reason, bonded: false, lv4: 0, kdist_own: 0, kdist_peer: 0 }], EVENT_BYTES.authStatus);
  }

  abandoned(): void {
    this.#bond("fail");
  }

  paired(link: Link, bond: { readonly peer: number } | undefined, level: SecurityLevel, isBonded: boolean): void {
    if (bond) {
      link.peer = bond.peer;
      this.site.bonds.subscribe(bond.peer, link.cccds);
    }
    this.#bond("success");
    if (bond) this.site.bonds.rankHighest(bond.peer);
    const kdist = isBonded ? KEYS_OF_A_BOND : 0;
    this.site.raise(
      "security",
      [{ auth_status: "SUCCESS", bonded: isBonded, lv4: level === 4 ? 1 : 0, kdist_own: kdist, kdist_peer: kdist }],
      EVENT_BYTES.authStatus,
    );
  }

  displayPasskey(): string {
    const digits = this.options.passkey ?? String(Math.floor(this.site.random() * 1e6)).padStart(6, "0");
    this.site.raise("passkey", [digits], EVENT_BYTES.passkey);
    return digits;
  }

  askForKey(): void {
    this.site.complain("Auth key requested, but NRF.setSecurity({oob}) not valid");
  }

  computeSharedSecret(): void {
    this.site.compute(ECDH_US);
  }

  store(keys: BondKeys): ReturnType<Bonds["store"]> {
    return this.site.bonds.store(keys);
  }

  newKey(): string {
    return Array.from({ length: 4 }, () => Math.floor(this.site.random() * 2 ** 32).toString(16).padStart(8, "0")).join("");
  }

  #bond(what: "request" | "start" | "success" | "fail"): void {
    this.site.raise("bond", [what], EVENT_BYTES.plain);
    if (what === "success" || what === "fail") this.site.bondingDone(what === "success");
  }
}
