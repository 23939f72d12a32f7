// The --board option of every command.

import type { Board } from "../../boards/board.ts";
import { boards, findBoard } from "../../boards/index.ts";
import { UserError } from "../errors.ts";

export function boardNamed(id: string): Board {
  const board = findBoard(id);
  if (!board) throw new UserError(`there is no board ${JSON.stringify(id)}`, `Boards: ${boards.map((known) => known.id).join(", ")}.`);
  return board;
}
