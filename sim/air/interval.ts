// The connection interval that the toy asks for: 7.5 ms while something happens, 200 ms after half a minute of nothing
// (targets/nrf5x/bluetooth.c DYNAMIC_INTERVAL_ADJUSTMENT), unless NRF.setConnectionInterval took it over.

import type { AlarmId, Clock } from "../clock.ts";
import { INTERVAL_US, type Link } from "./link.ts";

const HIGH_RATE_MS = 7.5;
const LOW_RATE_MS = 200;
const IDLE_MS = 30000;
const HIGH_TIME_MS = 500;
/** What one activity takes off the count of idle milliseconds. */
const COUNTDOWN_MS = 10000;
/** ble_conn_params: asks for the preferred parameters so long after a connection with others. */
const FIRST_UPDATE_US = 100_000;

const unitsOf = (ms: number): number => Math.floor(0.5 + (ms * 1000) / INTERVAL_US);

export class ConnectionInterval {
  isAutomatic = true;
  #link: Link | undefined;
  #isHighRate = true;
  #preferred = { least: unitsOf(HIGH_RATE_MS), most: unitsOf(HIGH_RATE_MS) };
  #idleMs = 0;
  #countedUs = 0;
  #alarm: AlarmId | undefined;

  constructor(private readonly clock: Clock) {}

  connected(link: Link): void {
    this.#link = link;
    this.#isHighRate = true;
    this.#idleMs = 0;
    this.#countedUs = this.clock.now;
    this.#watch();
    this.clock.after(FIRST_UPDATE_US, () => {
      const { least, most } = this.#preferred;
      if (this.#link === link && (link.intervalUnits < least || link.intervalUnits > most)) link.requestInterval(least, most);
    });
  }

  disconnected(): void {
    this.#link = undefined;
    if (this.#alarm !== undefined) this.clock.cancel(this.#alarm);
  }

  /** NRF.setConnectionInterval with one number, or two. */
  set(leastMs: number, mostMs: number): void {
    this.isAutomatic = false;
    this.#ask(leastMs, mostMs);
  }

  /** jsble_peripheral_activity. */
  activity(): void {
    this.#count();
    if (this.#link && this.isAutomatic && this.#idleMs < HIGH_TIME_MS && !this.#isHighRate) {
      this.#isHighRate = true;
      this.#ask(HIGH_RATE_MS, HIGH_RATE_MS);
    }
    this.#idleMs = Math.max(0, this.#idleMs - COUNTDOWN_MS);
    this.#watch();
  }

  #ask(leastMs: number, mostMs: number): void {
    const [least, most] = [unitsOf(leastMs), unitsOf(mostMs)];
    if (this.#link) this.#link.requestInterval(least, most);
    else this.#preferred = { least, most };
  }

  /** Each radio event adds its interval. */
  #count(): void {
    this.#idleMs = Math.min(IDLE_MS, this.#idleMs + (this.clock.now - this.#countedUs) / 1000);
    this.#countedUs = this.clock.now;
  }

  #watch(): void {
    if (this.#alarm !== undefined) this.clock.cancel(this.#alarm);
    this.#alarm = this.#link && this.clock.after((IDLE_MS - this.#idleMs) * 1000, () => this.#idle());
  }

  #idle(): void {
    this.#count();
    if (!this.#link || !this.isAutomatic || !this.#isHighRate) return;
    this.#isHighRate = false;
    this.#ask(LOW_RATE_MS, LOW_RATE_MS);
  }
}
