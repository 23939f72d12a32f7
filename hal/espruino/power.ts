// Power port: the battery behind its divider. NRF.getBattery would only tell the regulated supply.

import type { Board } from "../../boards/board.ts";
import type { Power } from "../contract.ts";

export function createEspruinoPower(board: Pick<Board, "battery" | "supplyVolts">): Power {
  const battery = board.battery;

  return {
    batteryMillivolts: function (): number {
      if (!battery) return 0;
      const enable = battery.enable;
      const enablePin = enable ? new Pin(enable.espruino) : undefined;
      if (enable && enablePin) digitalWrite(enablePin, enable.on === 1);
      // analogRead is ratiometric to the supply (gain 1/4, reference VDD/4).
      const share = analogRead(new Pin(battery.input.espruino));
      if (enable && enablePin) digitalWrite(enablePin, enable.on === 0);
      return Math.floor(share * board.supplyVolts * 1000 * battery.divider + 0.5);
    },
  };
}
