// Composition root: board data and Espruino's ports make a toy. The only file of firmware/ that sees hal/espruino.

import { board, image, isInRam } from "pawlock:build";
import { offerBench } from "../hal/espruino/bench.ts";
import { createEspruinoFlash, createRamFlash, createSlotFlash } from "../hal/espruino/flash.ts";
import { createEspruinoHal } from "../hal/espruino/hal.ts";
import { createRamStore } from "./messages/ram-store.ts";
import { createStore } from "./messages/store.ts";
import { createSlot } from "./slot/slot.ts";
import { BROKEN, createToy } from "./toy.ts";

const hal = createEspruinoHal(board, isInRam ? createRamFlash : createEspruinoFlash);
const toy = createToy(hal, image, board.battery ? board.battery.lowMillivolts : 0, isInRam ? createRamStore : createStore);
// Machine code by now: as text it would only take variables, one for every ten bytes.
image.code = "";

const slot = createSlotFlash(board);
if (slot) {
  createSlot(slot, hal.clock, function () {
    return toy.state() !== BROKEN;
  });
}

offerBench({
  hello: function () {
    return { board: board.id, state: toy.state() };
  },
  hal: hal,
  toy: toy,
});
