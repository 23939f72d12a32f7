// A toy with a history: a phone of the family has paired with it by the spoken passkey, it holds what the child said and what the
// family sent. That is lived through once for each board; every further one begins with the flash and the bonds that came of it.

import assert from "node:assert/strict";
import type { Board } from "../../boards/board.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import type { CentralBond } from "../../sim/air/central.ts";
import { keyPageOf } from "../../tools/image/keys.ts";
import { logRegion } from "../../tools/image/messages.ts";
import { Phone, type PhoneOptions } from "../../tools/sim/phone.ts";
import { toneBlocks } from "./family.ts";
import { pair } from "./paired.ts";
import { Toy, tone, type ToyOptions } from "./toy.ts";

/** Of the first phone: `Phone`'s own. */
export const FAMILY_PHONE = "c0:11:22:33:44:55 random";

export interface FamilyToy {
  readonly toy: Toy;
  /** Accepted; not connected. */
  readonly phone: Phone;
}

export interface History {
  readonly log: Uint8Array;
  readonly keyPage: Uint8Array;
  readonly bond: CentralBond;
}

const histories = new Map<string, History>();

function live(board: Board): History {
  const toy = Toy.awake({ board });
  toy.speak(tone(440, 2), 400).hold(2000).wait(1500);
  const phone = pair(toy);
  assert.equal(phone.open(), 0);
  assert.equal(phone.send(toneBlocks(600, 8000), 8000).code, 0, "the phone has sent a message");
  phone.disconnect();
  toy.wait(3000).assertHealthy();
  assert.deepEqual(toy.messages().map(({ isOwn }) => isOwn), [true, false]);
  return { log: logRegion(board, toy.memories)!.slice(), keyPage: keyPageOf(board, toy.memories)!.slice(), bond: phone.central.bond! };
}

/** Lived through by whoever asks first; before all tests where it must be none of theirs. */
export function historyOf(board: Board): History {
  const history = histories.get(board.id) ?? live(board);
  histories.set(board.id, history);
  return history;
}

/** Awake, its paw alive and its radio on the air. */
export function familyToy({ board = xiaoble, ...options }: ToyOptions = {}, phoneOptions: PhoneOptions = {}): FamilyToy {
  const history = historyOf(board);
  const toy = new Toy({ board, ...options });
  logRegion(board, toy.memories)!.set(history.log);
  keyPageOf(board, toy.memories)!.set(history.keyPage);
  toy.bonds.store(history.bond);
  const phone = new Phone(toy, phoneOptions);
  phone.central.bond = history.bond;
  toy.powerOn();
  toy.wait(6000 - toy.nowMs);
  return { toy, phone };
}

/** What nobody but the family may change or hear: compared before and after an attack. */
export function kept(toy: Toy): string {
  return JSON.stringify(toy.messages().map(({ sequence, isOwn, isHeard, samples, blocks }) => [sequence, isOwn, isHeard, samples, blocks && Buffer.from(blocks).toString("base64")]));
}

/** Settings and phones as an accepted phone sees them; it connects for that and goes. */
export function settingsSeenBy(phone: Phone): string {
  assert.equal(phone.open(), 0, "the family gets in");
  const values = [1, 2, 3, 4].map((key) => phone.get(key));
  const phones = phone.phones();
  phone.disconnect();
  return JSON.stringify([values.map(({ code, value }) => [code, value && [...value]]), phones]);
}

