// Composition root: board data and Espruino's ports make a toy. The only file of firmware/ that sees hal/espruino.

import { board, image, isInRam, isLinked } from "pawlock:build";
import { offerBench } from "../hal/espruino/bench.ts";
import { createEspruinoFlash, createRamFlash, createSlotFlash } from "../hal/espruino/flash.ts";
import { createEspruinoHal } from "../hal/espruino/hal.ts";
import { createEspruinoRadio } from "../hal/espruino/radio.ts";
import { createLink } from "./link/link.ts";
import { ANSWER, BATTERY_LEVEL, BATTERY_SERVICE, VOICE_SERVICE, linkSecurity } from "./link/protocol.ts";
import { createRamStore } from "./messages/ram-store.ts";
import { createStore } from "./messages/store.ts";
import { createSlot } from "./slot/slot.ts";
import { BROKEN } from "./states.ts";
import { createToy } from "./toy.ts";

const hal = createEspruinoHal(
  board,
  isInRam ? createRamFlash : createEspruinoFlash,
  isLinked
    ? function (onError) {
        const security = linkSecurity(true, board.capabilities.privateAddress);
        return createEspruinoRadio({ service: VOICE_SERVICE, answer: ANSWER, batteryService: BATTERY_SERVICE, batteryLevel: BATTERY_LEVEL, security: security }, onError);
      }
    : undefined,
);
const slotFlash = createSlotFlash(board);
const slot = slotFlash ? createSlot(slotFlash, hal.clock) : undefined;
const toy = createToy(hal, image, {
  lowMillivolts: board.battery ? board.battery.lowMillivolts : 0,
  createStore: isInRam ? createRamStore : createStore,
  slot: slot,
  createLink: isLinked ? createLink : undefined,
});
// Machine code by now: as text it would only take variables, one for every ten bytes.
image.code = "";

if (slot) {
  slot.confirmWhen(function () {
    return toy.state !== BROKEN;
  });
}

offerBench({
  hello: function () {
    return { board: board.id, state: toy.state };
  },
  hal: hal,
  toy: toy,
});
