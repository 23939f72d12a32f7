// Composition root: board data and Espruino's ports make a toy. The only file of firmware/ that sees hal/espruino.

import { board, image } from "pawlock:build";
import { createEspruinoHal } from "../hal/espruino/hal.ts";
import { createToy } from "./toy.ts";

const hal = createEspruinoHal(board);
createToy(hal, image, board.battery ? board.battery.lowMillivolts : 0);
