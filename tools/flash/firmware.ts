// What `npm run build` made, as it is written to a board.

import type { Board } from "../../boards/board.ts";
import { application } from "../build/application.ts";
import { readBundle } from "../build/build.ts";
import { buildLockdown } from "../build/lockdown.ts";
import { bootFiles } from "../image/storage.ts";
import type { Installation } from "./install.ts";

export async function builtInstallation(board: Board): Promise<Installation> {
  const bundle = await readBundle(board);
  const { keyPage } = board.flashMap;
  const lockdown = keyPage === undefined ? undefined : await buildLockdown(board, keyPage);
  return { board, application: application(board, bundle), bootFiles: bootFiles(board, lockdown === undefined ? {} : { boot0: lockdown, boot1: lockdown }) };
}
