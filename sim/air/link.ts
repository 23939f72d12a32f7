// One connection between a central and the toy: connection events in time, what is sent in them, the security that the link has.
// Packets lost on the air are repeated in the next event and delay what follows; a link that hears nothing for 4 s is gone.

import type { Clock } from "../clock.ts";
import { AttServer, ATT_MTU_DEFAULT, OPCODE, type AttLink } from "./att-server.ts";
import type { Attribute, AttributeTable } from "./attributes.ts";
import type { Address } from "./address.ts";
import type { BondKeys } from "./bonds.ts";
import type { SecurityLevel } from "./pairing.ts";
import type { PairOutcome, PairRequest } from "./smp.ts";

/** Connection intervals are counted in units of 1.25 ms. */
export const INTERVAL_US = 1250;
/** CONN_SUP_TIMEOUT (bluetooth.c). */
export const SUPERVISION_US = 4_000_000;
/** New parameters hold from the sixth event after the request on (Vol 6 Part B 5.1.1, instant). */
const UPDATE_EVENTS = 6;
const ROUNDING = 1e-6;
/** How long an event may last: as the SDK gives it (NRF_SDH_BLE_GAP_EVENT_LENGTH 6). Espruino itself sends one packet in it. */
const EVENT_US = 7500;
/** Around an ATT packet: preamble, access address, header, L2CAP, MIC, CRC, at 8 us a byte; two gaps, and the empty answer. */
const OVERHEAD_BYTES = 18;
const BYTE_US = 8;
const ANSWER_US = 380;

/** HCI reasons that Espruino's `disconnect` gives. */
export const REASON = { timeout: 8, remote: 19, local: 22, micFailure: 0x3d } as const;

/** The other end. */
export interface CentralEnd {
  /** The address on the air; an identity where the toy's stack resolves it. */
  readonly address: Address;
  received(pdu: Uint8Array): void;
  disconnected(reason: number): void;
  /** The toy asks for these parameters, in units of 1.25 ms: the one to use, or undefined. */
  chooseInterval(least: number, most: number): number | undefined;
  /** Security Request: the toy would like the link to be encrypted. */
  securityRequested(): void;
}

/** What the toy's stack does with the link's events. */
export interface ToyEnd {
  readonly table: AttributeTable;
  readonly attMtu: number;
  hasKeyOf(link: Link): boolean;
  readonly security: {
    pair(link: Link, request: PairRequest, tell: (outcome: PairOutcome) => void): void;
    encrypt(link: Link, keys: BondKeys, tell: (isEncrypted: boolean) => void): void;
  };
  written(link: Link, attribute: Attribute, data: Uint8Array): void;
  disconnected(link: Link, reason: number): void;
}

export interface Weather {
  /** Whether the packets of an event are lost now. */
  isLost(): boolean;
  /** When whoever disturbs the air stops; 0 while nobody does. */
  jammedUntilUs(): number;
}

export class Link implements AttLink {
  mtu = ATT_MTU_DEFAULT;
  level: SecurityLevel = 1;
  keyBytes = 0;
  /** Whose bond it claims or has; no proof. */
  peer: number | undefined;
  isUp = true;
  /** Subscriptions of this link, by the descriptor's handle. */
  readonly cccds = new Map<number, number>();
  readonly #att: AttServer;
  #anchorUs: number;
  #up: Uint8Array[] = [];
  #isNotifying = false;
  #isIndicating = false;
  #isVanished = false;
  #intervalUnits: number;

  constructor(
    readonly clock: Clock,
    readonly central: CentralEnd,
    private readonly toy: ToyEnd,
    private readonly weather: Weather,
    intervalUnits: number,
  ) {
    this.#intervalUnits = intervalUnits;
    this.#anchorUs = clock.now;
    this.#att = new AttServer(toy.table, this);
  }

  get intervalUnits(): number {
    return this.#intervalUnits;
  }

  get serverMtu(): number {
    return this.toy.attMtu;
  }

  get hasKey(): boolean {
    return this.toy.hasKeyOf(this);
  }

  /** Runs `then` in the count-th connection event from now that gets through, if the link lives so long. */
  after(events: number, then: () => void): void {
    const intervalUs = this.#intervalUnits * INTERVAL_US;
    let needed = events;
    for (let i = 0; i < events; i++) while (this.weather.isLost()) needed++;
    // An event that is now, but for the clock's rounding, is not the next one.
    const passed = Math.floor((this.clock.now - this.#anchorUs) / intervalUs + ROUNDING);
    const atUs = Math.max(this.#anchorUs + (passed + needed) * intervalUs, this.weather.jammedUntilUs());
    this.clock.at(atUs, () => {
      if (!this.isUp || this.#isVanished) return;
      if (this.weather.jammedUntilUs() > this.clock.now) this.after(1, then);
      else then();
    });
  }

  /** The central's ATT packet, as soon as an event has room for it. */
  send(pdu: Uint8Array): void {
    this.#up.push(pdu);
    if (this.#up.length === 1) this.after(1, () => this.#receive());
  }

  pair(request: PairRequest, tell: (outcome: PairOutcome) => void): void {
    this.toy.security.pair(this, request, tell);
  }

  encrypt(keys: BondKeys, tell: (isEncrypted: boolean) => void): void {
    this.toy.security.encrypt(this, keys, tell);
  }

  cccd(handle: number): number {
    return this.cccds.get(handle) ?? 0;
  }

  written(attribute: Attribute, data: Uint8Array): void {
    this.toy.written(this, attribute, data);
  }

  confirmed(): void {
    this.#isIndicating = false;
  }

  /**
   * sd_ble_gatts_hvx with a queue of one: the error's name where the stack refuses. The data is cut to what the MTU carries.
   */
  notify(value: Attribute, data: Uint8Array, isIndication: boolean): "INVALID_STATE" | "RESOURCES" | "BUSY" | undefined {
    const descriptor = this.toy.table.cccdOf(value);
    if (!descriptor || !(this.cccd(descriptor.handle) & (isIndication ? 2 : 1))) return "INVALID_STATE";
    if (isIndication && this.#isIndicating) return "BUSY";
    if (!isIndication && this.#isNotifying) return "RESOURCES";
    if (isIndication) this.#isIndicating = true;
    else this.#isNotifying = true;
    const opcode = isIndication ? OPCODE.indication : OPCODE.notification;
    const pdu = Uint8Array.of(opcode, value.handle & 255, value.handle >> 8, ...data.subarray(0, this.mtu - 3));
    this.after(1, () => {
      if (!isIndication) this.#isNotifying = false;
      this.central.received(pdu);
    });
    return undefined;
  }

  /** The toy asks for other connection parameters. */
  requestInterval(least: number, most: number): void {
    this.after(1, () => {
      const units = this.central.chooseInterval(least, most);
      if (units === undefined || units === this.#intervalUnits) return;
      this.after(UPDATE_EVENTS, () => {
        this.#anchorUs = this.clock.now;
        this.#intervalUnits = units;
      });
    });
  }

  requestSecurity(): void {
    this.after(1, () => this.central.securityRequested());
  }

  /** The central hangs up. */
  hangUp(): void {
    this.after(1, () => this.#end(REASON.remote, REASON.local));
  }

  /** The toy hangs up; a central that no longer listens is waited for until the supervision time is over. */
  disconnect(): void {
    if (this.#isVanished) return;
    this.after(1, () => this.#end(REASON.local, REASON.remote));
  }

  /** A key that only one side has: the first encrypted packet ends the link. */
  failIntegrity(): void {
    this.after(1, () => this.#end(REASON.micFailure, REASON.micFailure));
  }

  /** The central is out of range from now on: nobody tells the toy. */
  vanish(): void {
    this.#isVanished = true;
    this.#up = [];
    this.clock.after(SUPERVISION_US, () => this.#end(REASON.timeout, REASON.timeout));
  }

  /** The supervision time is over. */
  expire(): void {
    this.#end(REASON.timeout, REASON.timeout);
  }

  #receive(): void {
    let leftUs = EVENT_US;
    for (let pdu = this.#up[0]; pdu; pdu = this.#up[0]) {
      leftUs -= (OVERHEAD_BYTES + pdu.length) * BYTE_US + ANSWER_US;
      if (leftUs < 0) break;
      this.#up.shift();
      const answer = this.#att.handle(pdu);
      if (answer) this.after(1, () => this.central.received(answer));
    }
    if (this.#up.length > 0) this.after(1, () => this.#receive());
  }

  #end(toyReason: number, centralReason: number): void {
    if (!this.isUp) return;
    this.isUp = false;
    this.toy.disconnected(this, toyReason);
    this.central.disconnected(centralReason);
  }
}

/** What getSecurityStatus tells of a link: `bonded` is the claim, no proof (peer_manager.c pm_conn_sec_status_get). */
export const securityOf = ({ level, peer }: Link): { connected: true; encrypted: boolean; mitm_protected: boolean; bonded: boolean } => ({
  connected: true,
  encrypted: level > 1,
  mitm_protected: level > 2,
  bonded: peer !== undefined,
});
