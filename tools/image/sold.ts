// A toy as it leaves the line: firmware and boot files as `pawlock image` puts them, sealed, and the key page that it has made at its
// first boot. What demonstration, scenarios and figures boot.

import type { Board } from "../../boards/board.ts";
import type { BuiltBundle } from "../build/build.ts";
import { keyPage } from "./keys.ts";
import { lockedBoot, provisioned, type FlashPiece } from "./storage.ts";

export interface Past {
  /** Makes its key and address; without one it never ran. */
  readonly seed: number | undefined;
  /** Its console is closed for good. */
  readonly isSealed?: boolean;
}

/** A board that cannot be locked is none of this: it is as the bench has it. */
export function soldFlash(
  board: Board,
  { code, lockdown }: Pick<BuiltBundle, "code" | "lockdown">,
  { seed, isSealed = true }: Past,
): { readonly storage: Uint8Array; readonly flash: readonly FlashPiece[] } {
  const { storage, flash } = provisioned(board, code, { ...lockedBoot(lockdown), isSealed: isSealed && lockdown !== undefined });
  const address = board.flashMap.keyPage;
  return { storage, flash: address === undefined || seed === undefined ? flash : [...flash, { address, bytes: keyPage(seed) }] };
}
