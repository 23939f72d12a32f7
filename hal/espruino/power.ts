// Power port: the battery behind its divider. NRF.getBattery would only tell the regulated supply.

import type { Board } from "../../boards/board.ts";
import type { Power } from "../contract.ts";
import { onLevel } from "./pins.ts";

export function createEspruinoPower(board: Pick<Board, "battery" | "supplyVolts">): Power {
  const battery = board.battery;
  const enable = battery ? battery.enable : undefined;
  // Stays on for good: a divider that is cut off from ground puts the whole cell on the analog pin.
  if (enable) digitalWrite(new Pin(enable.espruino), onLevel(enable));

  return {
    batteryMillivolts: function (): number {
      if (!battery) return 0;
      // analogRead is ratiometric to the supply (gain 1/4, reference VDD/4).
      const share = analogRead(new Pin(battery.input.espruino));
      return Math.floor(share * board.supplyVolts * 1000 * battery.divider + 0.5);
    },
  };
}
