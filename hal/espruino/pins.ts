// Pins that switch something.

import type { SwitchPin } from "../../boards/board.ts";

/** What digitalWrite takes to switch it on: Espruino turns negated pins round. */
export function onLevel(wiring: SwitchPin): boolean {
  return (wiring.on === 1) !== (wiring.negated === true);
}
