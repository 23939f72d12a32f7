// Every board that the toy's firmware is built for, and the way to find one by name. For tools and tests: the firmware of a
// board imports that board's file alone.

import type { Board } from "./board.ts";
import { microbit2 } from "./microbit2.ts";
import { nrf52840dk } from "./nrf52840dk.ts";
import { xiaoble } from "./xiaoble.ts";

export const boards: readonly Board[] = [xiaoble, nrf52840dk, microbit2];

/** The board of that id, whatever its case; undefined when there is none. */
export function findBoard(id: string): Board | undefined {
  return boards.filter((board) => board.id === id.toUpperCase())[0];
}
