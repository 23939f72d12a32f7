// Somebody whom the family does not know, beside a toy, with all that a radio can do; what he gets is kept. `Central` callbacks made
// into calls that return when the toy has answered.

import { ANSWER, REQUEST } from "../../firmware/link/protocol.ts";
import { Central, type CentralOptions } from "../../sim/air/central.ts";
import type { FoundCharacteristic, GattAnswer } from "../../sim/air/gatt-client.ts";
import type { Toy } from "./toy.ts";

const STEP_MS = 5;
const uuidOf = (text: string): string => text.replaceAll("-", "");
export const STRANGER = "c9:66:00:00:00:13 random";

export class Stranger {
  readonly central: Central;
  /** Every notification and indication that reached him, ever. */
  readonly notified: Uint8Array[] = [];
  /** When he was put off, in ms after he had connected. */
  heldMs: number[] = [];
  #connectedMs = 0;

  constructor(
    readonly toy: Toy,
    options: Partial<CentralOptions> = {},
  ) {
    this.central = new Central(toy.air, { identity: STRANGER, intervalMs: 7.5, ...options });
    this.central.gatt.onNotification = (_handle, data) => void this.notified.push(data.slice());
    this.central.onDisconnect = () => void this.heldMs.push(toy.nowMs - this.#connectedMs);
  }

  get isConnected(): boolean {
    return this.central.isConnected;
  }

  /** Connects to whatever toy advertises, and looks at its table. */
  connect(): this {
    this.central.connect(() => true);
    this.#until(() => this.isConnected, 5000);
    this.#connectedMs = this.toy.nowMs;
    let found: readonly FoundCharacteristic[] | undefined;
    if (this.isConnected) this.central.gatt.discover((all) => (found = all));
    this.#until(() => found !== undefined || !this.isConnected, 3000);
    return this;
  }

  handle(uuid: string): number {
    return this.central.gatt.find(uuidOf(uuid))!.handle;
  }

  /** With response. */
  write(frame: readonly number[] | Uint8Array, handle = this.handle(REQUEST)): GattAnswer | undefined {
    return this.#answer((tell) => this.central.gatt.write(handle, Uint8Array.from(frame), tell));
  }

  /** Without. */
  command(frame: readonly number[] | Uint8Array, handle = this.handle(REQUEST)): void {
    if (this.isConnected) this.central.gatt.writeCommand(handle, Uint8Array.from(frame));
  }

  read(handle: number): GattAnswer | undefined {
    return this.#answer((tell) => this.central.gatt.read(handle, tell));
  }

  subscribe(): GattAnswer | undefined {
    return this.#answer((tell) => this.central.gatt.subscribe(this.central.gatt.find(uuidOf(ANSWER))!.cccd!, tell));
  }

  leave(): this {
    this.central.disconnect();
    this.#until(() => !this.isConnected, 2000);
    this.toy.wait(50);
    return this;
  }

  #answer(ask: (tell: (answer: GattAnswer) => void) => void): GattAnswer | undefined {
    if (!this.isConnected) return undefined;
    let answer: GattAnswer | undefined;
    ask((given) => (answer = given));
    this.#until(() => answer !== undefined || !this.isConnected, 2000);
    return answer;
  }

  #until(hasHappened: () => boolean, withinMs: number): void {
    for (let ms = 0; ms < withinMs && !hasHappened(); ms += STEP_MS) this.toy.wait(STEP_MS);
  }
}
