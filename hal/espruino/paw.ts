// Paw port: one debounced watch. Espruino reports the time of the last bounce, so holds are measured from the true edge. An edge is
// lost when the queue of interrupts is full, as a flood over the air may fill it: so the pin is looked at now and then besides.

import type { Board } from "../../boards/board.ts";
import type { Paw } from "../contract.ts";

/** Longer than a tactile switch bounces (typically under 5 ms), shorter than any tap. */
const DEBOUNCE_MS = 10;
/** What two looks in a row see that nobody told has happened. */
const LOOK_MS = 500;

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
      let told = digitalRead(pin);
      let isDoubtful = false;

      function tell(edge: { state: boolean; time: number }): void {
        told = edge.state ? 1 : 0;
        try {
          onChange(told === pressed, (edge.time - bootSeconds) * 1000);
        } catch (error) {
          onError(error);
        }
      }

      setWatch(tell, pin, { repeat: true, edge: "both", debounce: DEBOUNCE_MS });
      setInterval(function () {
        const now = digitalRead(pin);
        if (isDoubtful && now !== told) tell({ state: now === 1, time: getTime() });
        isDoubtful = now !== told;
      }, LOOK_MS);
    },
  };
}
