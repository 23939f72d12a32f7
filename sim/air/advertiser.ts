// What the toy shows of itself: own address and its private ones, advertising data, starts and stops (libs/bluetooth/
// jswrap_bluetooth.c jswrap_ble_setAdvertising; targets/nrf5x/bluetooth.c jsble_advertising_start, jsble_setPrivacy).

import type { Clock } from "../clock.ts";
import type { Wire } from "../engine.ts";
import { addressOf, bytesOf, privateAddress, type Address } from "./address.ts";
import { advertisingData, defaultName, scanResponse, type AdvertisedService, type AdvertisingOptions } from "./advertising.ts";
import type { Air } from "./air.ts";
import type { Uuid } from "./attributes.ts";

export interface AdvertiserSite {
  readonly boardId: string;
  readonly hasPrivacy: boolean;
  readonly clock: Clock;
  readonly air: Air;
  readonly random: () => number;
  readonly factoryAddress: Address;
  readonly irk: Uint8Array;
  readonly emit: (name: string, args: readonly Wire[]) => void;
}

interface Privacy {
  readonly isOn: boolean;
  readonly cycleSeconds: number;
}

const UNIT_MS = 0.625;
const DEFAULT_MS = 375;
const LEAST_UNITS = 0x20;
const MOST_UNITS = 0x4000;
/** BLE_GAP_DEFAULT_PRIVATE_ADDR_CYCLE_INTERVAL_S; a cycle of 0 stands for it, but is not equal to it. */
const ADDRESS_CYCLE_SECONDS = 900;

export class Advertiser {
  isAdvertising = false;
  isWhenConnected = false;
  /** Set by setAddress; the factory's otherwise. */
  ownAddress: Address | undefined;
  #services: readonly AdvertisedService[] | undefined;
  #options: AdvertisingOptions = {};
  #intervalMs = DEFAULT_MS;
  #isConnectable = true;
  #isScannable = true;
  #privacy: Privacy = { isOn: false, cycleSeconds: ADDRESS_CYCLE_SECONDS };
  #applied = this.#privacy;
  #private: { readonly address: Address; readonly untilUs: number } | undefined;

  constructor(private readonly site: AdvertiserSite) {}

  get identity(): Address {
    return this.ownAddress ?? this.site.factoryAddress;
  }

  /** NRF.getAddress: without the kind. */
  getAddress(isCurrent: boolean): string {
    const bytes = bytesOf(isCurrent ? this.identity : this.site.factoryAddress);
    bytes[0]! |= 0xc0;
    return addressOf(bytes, "random").slice(0, 17);
  }

  get defaultName(): string {
    return defaultName(this.site.boardId, this.getAddress(true));
  }

  /** The GAP name that setAdvertising asks for: whoever sets one opens it to be written by everybody. */
  get writableName(): string | undefined {
    return this.#options.name;
  }

  set(services: readonly AdvertisedService[] | undefined, options: AdvertisingOptions): void {
    if (options.interval !== undefined) this.#intervalMs = Math.min(MOST_UNITS, Math.max(LEAST_UNITS, Math.floor(options.interval / UNIT_MS))) * UNIT_MS;
    if (options.connectable !== undefined) this.#isConnectable = options.connectable;
    if (options.scannable !== undefined) this.#isScannable = options.scannable;
    if (options.whenConnected !== undefined) this.isWhenConnected = options.whenConnected;
    this.#services = services;
    this.#options = options;
    // Data that is too long is refused here, not when it is advertised.
    this.#data();
  }

  /** Whether the setting differs from the last one: it takes effect when the stack starts again. */
  setPrivacy(option: unknown): boolean {
    if (!this.site.hasPrivacy) return false;
    const privacy = privacyOf(option);
    const isNew = privacy.isOn !== this.#privacy.isOn || privacy.cycleSeconds !== this.#privacy.cycleSeconds;
    this.#privacy = privacy;
    return isNew;
  }

  /** The stack starts: address and privacy hold from now on. */
  apply(): void {
    this.isAdvertising = false;
    this.#applied = this.#privacy;
    this.#private = undefined;
  }

  privacyStatus(): { readonly privacy?: Wire } {
    if (!this.site.hasPrivacy) return {};
    const { isOn, cycleSeconds } = this.#applied;
    return { privacy: isOn ? { mode: "device_privacy", addr_type: "random_private_resolvable", addr_cycle_s: cycleSeconds } : { mode: "off" } };
  }

  /** False where the stack refuses: connectable but not scannable asks for directed advertising, which needs a peer. */
  start(isConnected: boolean, advertised: readonly Uuid[]): boolean {
    if (this.isAdvertising || (isConnected && !this.isWhenConnected)) return true;
    const isConnectable = this.#isConnectable && !isConnected;
    if (isConnectable && !this.#isScannable) return false;
    this.isAdvertising = true;
    this.site.air.advertise({
      address: () => this.#airAddress(),
      data: this.#data(),
      scanResponse: this.#isScannable ? scanResponse(advertised) : undefined,
      intervalUs: this.#intervalMs * 1000,
      isConnectable,
    });
    this.site.emit("advertising", [true]);
    return true;
  }

  stop(): void {
    if (!this.isAdvertising) return;
    this.isAdvertising = false;
    this.site.air.advertise(undefined);
    this.site.emit("advertising", [false]);
  }

  /** Without data of its own the options count for nothing (jswrap_ble_getCurrentAdvertisingData). */
  #data(): Uint8Array {
    return advertisingData(this.#services ?? [], this.#services ? this.#options : {}, this.defaultName);
  }

  #airAddress(): Address {
    if (!this.#applied.isOn) return this.identity;
    const { clock, irk, random } = this.site;
    if (!this.#private || this.#private.untilUs <= clock.now) {
      const untilUs = clock.now + (this.#applied.cycleSeconds || ADDRESS_CYCLE_SECONDS) * 1e6;
      this.#private = { address: privateAddress(irk, Math.floor(random() * 2 ** 24)), untilUs };
    }
    return this.#private.address;
  }
}

function privacyOf(option: unknown): Privacy {
  if (typeof option !== "object" || option === null) return { isOn: Boolean(option), cycleSeconds: 0 };
  const { mode, addr_type: kind, addr_cycle_s: cycleSeconds } = option as { readonly mode?: unknown; readonly addr_type?: unknown; readonly addr_cycle_s?: unknown };
  if (mode === "off") return { isOn: false, cycleSeconds: 0 };
  if (mode !== "device_privacy" || kind !== "random_private_resolvable" || typeof cycleSeconds !== "number") {
    throw new Error("privacy: only device_privacy with random_private_resolvable addresses is modelled");
  }
  return { isOn: true, cycleSeconds };
}
