// The air between the toy and everybody else: advertising events, who hears them, who connects; losses and jamming. It outlives the
// toy's power, as those around it do. Deterministic: its chances come from a seed.

import type { Clock } from "../clock.ts";
import { Noise } from "../noise.ts";
import type { Address } from "./address.ts";
import { SUPERVISION_US, type CentralEnd, type Link, type Weather } from "./link.ts";

/** What the toy sends while it advertises. */
export interface Advertisement {
  readonly address: () => Address;
  readonly data: Uint8Array;
  readonly scanResponse: Uint8Array | undefined;
  readonly intervalUs: number;
  readonly isConnectable: boolean;
}

export interface Sighting {
  readonly atUs: number;
  readonly address: Address;
  readonly data: Uint8Array;
  readonly scanResponse: Uint8Array | undefined;
  readonly isConnectable: boolean;
}

/** Somebody who listens. */
export interface Listener {
  /** Called at each advertising event; an end to connect with, or undefined. */
  hears(sighting: Sighting): { readonly end: CentralEnd; readonly intervalUnits: number; connected(link: Link): void } | undefined;
}

/** The toy's stack: makes the link that a central asked for. */
export interface Peripheral {
  readonly clock: Clock;
  connect(end: CentralEnd, intervalUnits: number, weather: Weather): Link;
}

/** An advertising event comes up to so much later than its interval says (Vol 6 Part B 4.4.2.2.1). */
const ADVERTISING_DELAY_US = 10_000;
/** From the start of advertising, or from the connection request, to the first packet. */
const FIRST_EVENT_US = 1250;

export class Air implements Weather {
  /** Chance that a connection event's packets are lost. */
  loss = 0;
  #listeners: Listener[] = [];
  #toy: Peripheral | undefined;
  #advertisement: Advertisement | undefined;
  /** Counts what was advertised, so that an old alarm finds itself out. */
  #era = 0;
  #isArmed = false;
  #isPowered = false;
  #link: Link | undefined;
  #nextUs = 0;
  #jammedUntilUs = 0;
  readonly #noise: Noise;

  constructor(seed: number) {
    this.#noise = new Noise(seed);
  }

  /** A number in 0..1. */
  random(): number {
    return (this.#noise.bits() >>> 0) / 2 ** 32;
  }

  get clock(): Clock {
    if (!this.#toy) throw new Error("the toy has no power: its clock has not begun");
    return this.#toy.clock;
  }

  /** A board gets power. */
  attach(toy: Peripheral): void {
    this.detach();
    this.#toy = toy;
    this.#isPowered = true;
    this.#jammedUntilUs = 0;
  }

  /** The board has lost its power: its central hears nothing any more. */
  detach(): void {
    this.#isPowered = false;
    this.advertise(undefined);
    this.#link?.expire();
  }

  advertise(advertisement: Advertisement | undefined): void {
    this.#advertisement = advertisement;
    this.#era++;
    this.#isArmed = false;
    if (!advertisement) return;
    this.#nextUs = this.clock.now + FIRST_EVENT_US;
    this.#arm();
  }

  listen(listener: Listener): void {
    if (this.#listeners.includes(listener)) return;
    this.#listeners.push(listener);
    if (this.#advertisement && !this.#isArmed) {
      const { intervalUs } = this.#advertisement;
      // Where in its interval the toy is just now.
      this.#nextUs = Math.max(this.#nextUs, this.clock.now + this.random() * intervalUs);
      this.#arm();
    }
  }

  deafen(listener: Listener): void {
    this.#listeners = this.#listeners.filter((one) => one !== listener);
  }

  /** Nothing gets through for so long. */
  jam(us: number): void {
    this.#jammedUntilUs = Math.max(this.#jammedUntilUs, this.clock.now + us);
    const link = this.#link;
    this.clock.after(SUPERVISION_US, () => {
      if (this.#jammedUntilUs >= this.clock.now) link?.expire();
    });
  }

  isLost(): boolean {
    return this.loss > 0 && this.random() < this.loss;
  }

  jammedUntilUs(): number {
    return this.#jammedUntilUs;
  }

  #arm(): void {
    if (this.#listeners.length === 0) return;
    const era = this.#era;
    this.#isArmed = true;
    this.clock.at(this.#nextUs, () => {
      if (era !== this.#era) return;
      this.#isArmed = false;
      this.#event(this.#advertisement!);
    });
  }

  #event(advertisement: Advertisement): void {
    const era = this.#era;
    const { address, data, scanResponse, isConnectable, intervalUs } = advertisement;
    const atUs = this.clock.now;
    this.#nextUs = atUs + intervalUs + this.random() * ADVERTISING_DELAY_US;
    if (this.#jammedUntilUs <= atUs) {
      const sighting = { atUs, address: address(), data, scanResponse, isConnectable };
      // Who is first to call is a matter of chance.
      const from = Math.floor(this.random() * this.#listeners.length);
      const callers = [...this.#listeners.slice(from), ...this.#listeners.slice(0, from)].flatMap((listener) => listener.hears(sighting) ?? []);
      const [caller] = callers;
      if (caller && isConnectable && era === this.#era) return this.#connect(caller);
    }
    if (era === this.#era) this.#arm();
  }

  #connect({ end, intervalUnits, connected }: NonNullable<ReturnType<Listener["hears"]>>): void {
    // The stack stops advertising with the request itself.
    this.#era++;
    this.#advertisement = undefined;
    const toy = this.#toy!;
    toy.clock.after(FIRST_EVENT_US, () => {
      if (this.#toy !== toy || !this.#isPowered) return;
      this.#link = toy.connect(end, intervalUnits, this);
      connected(this.#link);
    });
  }
}
