// Toys with phones of the family, as scenarios begin.

import assert from "node:assert/strict";
import { Phone, type PhoneOptions } from "../../tools/sim/phone.ts";
import { Toy, type ToyOptions } from "./toy.ts";

/** From the disconnection until a toy whose window was open has started anew and lives. */
const ANEW_MS = 12_000;

/** Five quick taps, the fifth held. */
export function openWindow(toy: Toy): void {
  toy.tap(4).wait(150).hold(3200).wait(800);
}

/** Pairs a phone with the toy and lets the toy start anew. */
export function pair(toy: Toy, options: PhoneOptions = {}): Phone {
  const phone = new Phone(toy, options);
  openWindow(toy);
  assert.equal(phone.pair(), 0, "paired");
  phone.disconnect();
  toy.wait(ANEW_MS);
  return phone;
}

/** A toy and its family's phone, connected; the phone has said hello. */
export function family(options: PhoneOptions = {}, toyOptions: ToyOptions = {}): { readonly toy: Toy; readonly phone: Phone } {
  const toy = Toy.awake(toyOptions);
  const phone = pair(toy, options);
  assert.equal(phone.open(), 0, "connected");
  return { toy, phone };
}
