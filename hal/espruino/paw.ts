// Paw port: one debounced watch. Espruino reports the time of the last bounce, so holds are measured from the true edge.

import type { Board } from "../../boards/board.ts";
import type { Paw } from "../contract.ts";

/** Longer than a tactile switch bounces (typically under 5 ms), shorter than any tap. */
const DEBOUNCE_MS = 10;

export function createEspruinoPaw(board: Pick<Board, "paw">, bootSeconds: number, onError: (error: unknown) => void): Paw {
  const pin = new Pin(board.paw.espruino);
  // What a pressed paw reads: Espruino turns negated pins round, in readings and in watches.
  const pressed = board.paw.negated ? 1 - board.paw.on : board.paw.on;
  pinMode(pin, board.paw.on ? "input_pulldown" : "input_pullup", false);

  return {
    isPressed: function () {
      return digitalRead(pin) === pressed;
    },
    listen: function (onChange: (pressed: boolean, atMs: number) => void): void {
      setWatch(
        function (edge: { state: boolean; time: number }) {
          try {
            onChange((edge.state ? 1 : 0) === pressed, (edge.time - bootSeconds) * 1000);
          } catch (error) {
            onError(error);
          }
        },
        pin,
        { repeat: true, edge: "both", debounce: DEBOUNCE_MS },
      );
    },
  };
}
