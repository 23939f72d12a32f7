// Espruino's Bluetooth: what NRF's functions do to the stack and what the stack's events do to JavaScript, as in
// targets/nrf5x/bluetooth.c and libs/bluetooth/jswrap_bluetooth.c, restarts and silences included. Methods are named as there.

import type { Clock } from "../clock.ts";
import type { ConsoleState } from "../console-state.ts";
import type { EngineEvent, Wire } from "../engine.ts";
import type { IoQueue } from "../io-queue.ts";
import { isValidIdentity, resolves, type Address } from "./address.ts";
import { Advertiser } from "./advertiser.ts";
import type { AdvertisedService, AdvertisingOptions } from "./advertising.ts";
import type { Air, Peripheral } from "./air.ts";
import type { Attribute, AttributeTable, Uuid } from "./attributes.ts";
import type { Bonds } from "./bonds.ts";
import { ConnectionInterval } from "./interval.ts";
import { Link, securityOf, type CentralEnd, type ToyEnd, type Weather } from "./link.ts";
import { Security, type SecurityOptions, type StackTraits } from "./security.ts";
import { Server, type ServerOptions } from "./server.ts";
import type { ServiceOptions } from "./services.ts";

export interface BluetoothSite {
  readonly boardId: string;
  readonly attMtu: number;
  readonly traits: StackTraits;
  readonly clock: Clock;
  readonly queue: IoQueue;
  readonly console: ConsoleState;
  readonly air: Air;
  readonly bonds: Bonds;
  readonly random: () => number;
  /** Of the chip: DEVICEADDR, and the identity key made of IR. */
  readonly factoryAddress: Address;
  readonly irk: Uint8Array;
  /** Time of a function that JavaScript waits for. */
  readonly spend: (us: number) => void;
  /** Interrupts keep JavaScript from running. */
  readonly stall: (us: number) => void;
  readonly print: (text: string) => void;
}

/** The stack goes down and comes up, everything is set anew: an estimate, nobody measured it. */
const RESTART_US = 30_000;
/** Sizes of queued events: 3 bytes, and the peer's address where they have it. */
const EVENT_BYTES = { plain: 3, connected: 10 };

export class Bluetooth implements Peripheral, ToyEnd {
  readonly server: Server;
  readonly security: Security;
  readonly interval: ConnectionInterval;
  readonly advertiser: Advertiser;
  link: Link | undefined;
  isSleeping = false;
  needsRestart = false;
  #uartLevel = 1;
  /** Peers whose private addresses the stack itself resolves: those bonded at boot, until its first restart forgets them. */
  #identities: readonly { readonly identity: Address; readonly irk: Uint8Array | undefined }[] = [];
  #callbacks: EngineEvent[] = [];
  #isBonding = false;

  constructor(private readonly site: BluetoothSite) {
    const { boardId, bonds, clock, air, random, irk, queue, factoryAddress, traits } = site;
    const emit = (name: string, args: readonly Wire[]): void => this.#emit(name, args);
    this.advertiser = new Advertiser({ boardId, hasPrivacy: traits.hasPrivacy, clock, air, random, factoryAddress, irk, emit });
    this.security = new Security(
      {
        bonds,
        random,
        identity: () => this.advertiser.identity,
        irk,
        raise: (name, args, bytes) => void queue.push(bytes, () => emit(name, args)),
        bondingDone: (isOk) => this.#bondingDone(isOk, "Bonding failed"),
        complain: (message) => site.print(`Uncaught InternalError: ${message}`),
        compute: site.stall,
      },
      traits,
    );
    this.server = new Server(site.attMtu);
    this.interval = new ConnectionInterval(clock);
  }

  get clock(): Clock {
    return this.site.clock;
  }

  get table(): AttributeTable {
    return this.server.table;
  }
  get attMtu(): number {
    return this.site.attMtu;
  }

  /** jsble_init: before JavaScript, open and under the factory's name. With all buttons held it erases the bonds (peer_manager_init). */
  init(isErasingBonds: boolean): void {
    this.site.bonds.boot(isErasingBonds);
    this.#identities = this.site.bonds.all.slice(0, 8);
    this.site.air.attach(this);
    this.#initStack();
    this.wake();
  }

  /** Callbacks that the idle loop runs after timers: what came through the queue, and what calls of NRF left. */
  takeCallbacks(): EngineEvent[] {
    const callbacks = this.#callbacks;
    this.#callbacks = [];
    return callbacks;
  }

  sleep(): void {
    this.isSleeping = true;
    this.advertiser.stop();
    this.disconnect();
  }

  wake(): void {
    this.isSleeping = false;
    this.#startAdvertising();
  }

  disconnect(): void {
    this.link?.disconnect();
  }

  restart(): void {
    if (this.link) {
      this.site.print("BLE Connected, queueing BLE restart for later");
      this.needsRestart = true;
    } else this.#restartNow();
  }

  setAddress(address: Address): void {
    this.advertiser.ownAddress = address;
    this.restart();
  }

  setServices(services: readonly ServiceOptions[] | undefined, options: ServerOptions): void {
    if (this.server.set(services, options)) this.needsRestart = true;
    if (this.server.wereServicesSet || this.needsRestart) this.restart();
    else this.server.addServices();
  }

  /** One characteristic of updateServices. */
  update(uuid: Uuid, value: Uint8Array | undefined, isNotified: boolean, isIndicated: boolean): void {
    const failure = this.server.update(this.link, uuid, value, isNotified, isIndicated);
    if (failure) this.#fail(failure);
  }

  setAdvertising(services: readonly AdvertisedService[] | undefined, options: AdvertisingOptions): void {
    const isAdvertising = this.advertiser.isAdvertising || (options.whenConnected === true && this.link !== undefined);
    this.advertiser.set(services, options);
    this.#applyName();
    if (isAdvertising) this.#readvertise();
  }

  setSecurity(options: SecurityOptions | undefined): void {
    this.security.set(options);
    this.#updateSecurity(options);
    if (this.needsRestart) this.restart();
  }

  getSecurityStatus(): Wire {
    const { link, advertiser } = this;
    return {
      advertising: advertiser.isAdvertising,
      ...(link ? { connectionInterval: link.intervalUnits } : {}),
      ...advertiser.privacyStatus(),
      ...(link ? { ...securityOf(link), connected_addr: this.#shown(link.central.address) } : { connected: false }),
    };
  }

  eraseBonds(isHard: boolean): void {
    if (this.link) throw new Error("BLE Connected, can't erase bonds.");
    this.site.bonds.erase(isHard);
    if (!isHard && !this.isSleeping) this.site.queue.push(EVENT_BYTES.plain, () => this.#readvertise());
  }

  /** Of its promise one hears by the event nrfTask. */
  startBonding(): void {
    if (this.#isBonding) throw new Error("BLE task BONDING is already in progress");
    this.#isBonding = true;
    if (this.link) this.security.startBonding(this.link);
    else this.#bondingDone(false, "Not connected");
  }

  resolveAddress(address: Address): Address | undefined {
    return this.site.bonds.all.find(({ irk }) => irk && resolves(address, irk))?.identity;
  }

  connect(end: CentralEnd, intervalUnits: number, weather: Weather): Link {
    const { queue, console, bonds } = this.site;
    const link = new Link(this.clock, end, this, weather, intervalUnits);
    this.link = link;
    const bond = bonds.claimedBy(end.address);
    if (bond) {
      link.peer = bond.peer;
      bonds.rankHighest(bond.peer);
      // Applied on the claim alone, before any encryption.
      for (const [handle, value] of bond.cccds) link.cccds.set(handle, value);
    }
    this.interval.connected(link);
    queue.push(EVENT_BYTES.plain, () => this.advertiser.stop());
    if (!this.isSleeping && this.advertiser.isWhenConnected) queue.push(EVENT_BYTES.plain, () => this.#readvertise());
    if (this.server.hasUart) console.connected("Bluetooth");
    queue.push(EVENT_BYTES.connected, () => this.#emit("connect", [this.#shown(end.address)]));
    return link;
  }

  disconnected(_link: Link, reason: number): void {
    const { queue, console } = this.site;
    this.security.disconnected();
    this.interval.disconnected();
    this.link = undefined;
    console.disconnected("Bluetooth");
    queue.push(EVENT_BYTES.plain, () => this.#emit("disconnect", [reason]));
    if (!this.isSleeping) queue.push(EVENT_BYTES.plain, () => this.#readvertise());
    if (this.needsRestart) queue.push(EVENT_BYTES.plain, () => void (this.link ?? this.#restartNow()));
  }

  hasKeyOf(link: Link): boolean {
    return link.peer !== undefined && this.site.bonds.get(link.peer) !== undefined;
  }

  written(link: Link, attribute: Attribute, data: Uint8Array): void {
    const { queue, console, bonds } = this.site;
    if (attribute.kind === "cccd") {
      link.cccds.set(attribute.handle, data[0]! | (data[1]! << 8));
      if (link.peer !== undefined) bonds.subscribe(link.peer, link.cccds);
    }
    this.interval.activity();
    if (this.server.isUart(attribute)) return console.receive("Bluetooth", data, queue);
    // Every write takes its room in the queue, whether or not anybody listens.
    queue.push(3 + data.length, () => {
      if (attribute.onWrite !== undefined) this.#callbacks.push({ kind: "nrfWrite", id: attribute.onWrite, data });
    });
  }

  /** The power is gone, or the chip resets. */
  end(): void {
    this.site.air.detach();
  }

  #emit(name: string, args: readonly Wire[]): void {
    this.#callbacks.push({ kind: "nrf", id: 0, data: { name, args } });
  }

  #fail(message: string): never {
    this.#emit("error", [message]);
    throw new Error(message);
  }

  #bondingDone(isOk: boolean, why: string): void {
    if (!this.#isBonding) return;
    this.#isBonding = false;
    this.#callbacks.push({ kind: "nrfTask", id: 0, data: { isOk, why } });
  }

  /** What `connect` shows of the peer's address: an identity where the stack resolves it. */
  #shown(address: Address): Address {
    return this.#identities.find(({ irk }) => irk && resolves(address, irk))?.identity ?? address;
  }

  #initStack(): void {
    this.advertiser.apply();
    this.#uartLevel = this.security.uartLevel;
    this.server.start(this.advertiser.defaultName, this.security.uartLevel);
  }

  #restartNow(): void {
    const wasSleeping = this.isSleeping;
    this.needsRestart = false;
    this.sleep();
    this.site.spend(RESTART_US);
    if (!isValidIdentity(this.advertiser.identity)) this.site.print("pm_id_addr_set failed: 0x10");
    this.#identities = [];
    this.#initStack();
    this.#applyName();
    this.server.addServices();
    this.#updateSecurity(this.security.options);
    if (!wasSleeping) this.wake();
  }

  #updateSecurity(options: SecurityOptions | undefined): void {
    if (options && this.advertiser.setPrivacy(options.privacy)) this.needsRestart = true;
    if (this.security.uartLevel === this.#uartLevel) return;
    this.#uartLevel = this.security.uartLevel;
    if (this.server.hasUart) this.needsRestart = true;
  }

  #applyName(): void {
    if (this.advertiser.writableName !== undefined) this.server.openName(this.advertiser.writableName);
  }

  #readvertise(): void {
    this.advertiser.stop();
    this.#startAdvertising();
  }

  #startAdvertising(): void {
    if (!this.advertiser.start(this.link !== undefined, this.server.advertised)) this.#fail("ERR 0x7 (INVALID_PARAM)");
  }
}
