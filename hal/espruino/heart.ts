// Heart port: the free colour. Steady levels need no PWM at their ends, so a dark heart costs no power.

import type { Board } from "../../boards/board.ts";
import type { Heart } from "../contract.ts";
import { onLevel } from "./pins.ts";

/** Above flicker, far below the speaker's carrier. */
const CARRIER_HZ = 200;

export function createEspruinoHeart(board: Pick<Board, "heart">): Heart {
  const pin = new Pin(board.heart.glow.espruino);
  // Espruino turns negated pins round in analogWrite as well.
  const isOnHigh = onLevel(board.heart.glow);

  return {
    glow: function (level: number): void {
      if (level <= 0 || level >= 255) digitalWrite(pin, level > 0 === isOnHigh);
      else analogWrite(pin, isOnHigh ? level / 255 : 1 - level / 255, { freq: CARRIER_HZ });
    },
  };
}
