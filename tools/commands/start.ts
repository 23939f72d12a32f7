// `npm start`: builds the firmware and shows it recording and playing a real voice on the simulated board.

import { simulate } from "./simulate.ts";

export function start(args: string[]): Promise<number> {
  return simulate("npm start --", true, args);
}
