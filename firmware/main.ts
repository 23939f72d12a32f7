// Composition root: board data and Espruino's ports make a toy. The only file of firmware/ that sees hal/espruino.

import { board, image, isLinked } from "pawlock:build";
import { createSlotFlash } from "../hal/espruino/flash.ts";
import { createEspruinoHal } from "../hal/espruino/hal.ts";
import { createEspruinoRadio } from "../hal/espruino/radio.ts";
import { createLink } from "./link/link.ts";
import { ANSWER, BATTERY_LEVEL, BATTERY_SERVICE, VOICE_SERVICE, linkSecurity } from "./link/protocol.ts";
import { createSlot } from "./slot/slot.ts";
import { BROKEN, createToy, type Toy } from "./toy.ts";

const hal = createEspruinoHal(
  board,
  isLinked
    ? function (onError) {
        return createEspruinoRadio(
          { service: VOICE_SERVICE, answer: ANSWER, batteryService: BATTERY_SERVICE, batteryLevel: BATTERY_LEVEL, security: linkSecurity(true, board.capabilities.privateAddress) },
          onError,
        );
      }
    : undefined,
);
let toy: Toy | undefined;
const slotFlash = createSlotFlash(board);
const slot = slotFlash
  ? createSlot(slotFlash, hal.clock, function () {
      return toy !== undefined && toy.state() !== BROKEN;
    })
  : undefined;
toy = createToy(hal, image, { lowMillivolts: board.battery ? board.battery.lowMillivolts : 0, slot: slot, createLink: isLinked ? createLink : undefined });
