// What `npm run build` made, as it is written to a board.

import type { Board } from "../../boards/board.ts";
import { application } from "../build/application.ts";
import { readBuilt } from "../build/build.ts";
import { bootFiles, lockedBoot } from "../image/storage.ts";
import type { Installation } from "./install.ts";

export async function builtInstallation(board: Board): Promise<Installation> {
  const { code, lockdown } = await readBuilt(board);
  return { board, application: application(board, code), bootFiles: bootFiles(board, lockedBoot(lockdown)) };
}
