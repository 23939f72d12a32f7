// From whatever stands on a board to the new application: into the idle slot where the board has all the rest, or a first
// installation. At no instant of either could the board start half of something: a slot is committed when it has been read back.

import { crc32 } from "node:zlib";
import type { Board } from "../../boards/board.ts";
import { besideStorage, bondPages, slotRuns } from "../../boards/flash-map.ts";
import { LAYOUT_VERSION, MANIFEST_WORDS, PAGE0_LAYOUT_AT, WORD_COMMIT, WORD_TRIAL } from "../../firmware/boot/manifest.ts";
import { UserError } from "../errors.ts";
import { slotImage, type Application } from "../image/slot.ts";
import { LOG_FILE, logBytes } from "../image/storage.ts";
import type { BoardState } from "./board-state.ts";
import type { BoardConsole } from "./console.ts";
import type { FlashWriter } from "./writer.ts";

/** All that is written to a board but its identity and its seal. */
export interface Installation {
  readonly board: Board;
  readonly application: Application;
  /** In the order in which they are written. */
  readonly bootFiles: readonly { readonly name: string; readonly data: Uint8Array }[];
}

export type Plan =
  /** Blank, or to be blanked: `loses` says what stands there now. */
  | { readonly kind: "first"; readonly why: string; readonly loses: boolean }
  | { readonly kind: "update"; readonly slot: number; readonly version: number; readonly isOnTrial: boolean };

/** What closes console and radio before anything else runs. */
export const LOCKDOWN_FILE = ".boot0";
const ERASE_ALL_MS = 180000;

/** `isErasing`: start from a blank board whatever stands there. */
export function makePlan({ board, application, bootFiles }: Installation, state: BoardState, isErasing: boolean): Plan {
  const first = (why: string, loses = state.hasLog): Plan => ({ kind: "first", why, loses });
  if (isErasing) return first("asked for");
  if (!state.hasLog) return first(state.isBlank ? "the board is blank" : "its Storage is another's, or of another layout");
  if (state.isInService) return first("a board in service begins anew: the key to its messages is destroyed", false);
  if (state.isSealed) return first("it is sealed, and answers all the same");
  const changed = bootFiles.find(({ name, data }) => state.files[name] !== crc32(data));
  if (changed) return first(`${changed.name} has changed, and boot files are never replaced one by one`);
  const newest = Math.max(0, ...state.slots.filter(({ isCommitted }) => isCommitted).map(({ version }) => version));
  // What runs stays until the new one has worked; when nothing runs, BTN1 held at reset, what would.
  const kept = state.running ?? state.slots.findIndex(({ isCommitted, version }) => isCommitted && version === newest);
  const hasTwo = board.flashMap.slots.length > 1;
  // The loader prefers the greater version, so an update has one; on an unsealed board that counts builds, not releases.
  return { kind: "update", slot: hasTwo && kept === 0 ? 1 : 0, version: Math.max(application.version, newest + 1), isOnTrial: hasTwo && state.slots[kept]?.isCommitted === true };
}

/**
 * Erases the board, prepares `log`, writes the first slot, then the boot files, each read back. A cut leaves an unsealed console.
 * Factory defaults are the application's own, and hold where nothing is stored: so no setting, key, message or bond stays.
 */
export async function installFirst(installation: Installation, console: BoardConsole, writer: FlashWriter): Promise<void> {
  const { board, bootFiles } = installation;
  // Bonds lie in pages of the radio stack's; NRF.eraseBonds(true) leaves the lower one as it is, and a link would write there again.
  if (board.capabilities.link) {
    await console.evaluate("(NRF.sleep(),1)", ERASE_ALL_MS);
    await writer.erase(bondPages(board).base, bondPages(board).pages);
  }
  await console.evaluate('(require("Storage").eraseAll(),1)', ERASE_ALL_MS);
  const made = await console.evaluate(`(function(s){return s.read("${LOG_FILE}",0,1)===undefined?s.write("${LOG_FILE}","",0,${logBytes(board)}):true})(require("Storage"))`, ERASE_ALL_MS);
  if (made !== true) throw new UserError("the board's Storage has no room for the file `log`", `Is it a ${board.title} with its own Espruino?`);
  await writer.word(board.storage.base + PAGE0_LAYOUT_AT, LAYOUT_VERSION);
  for (const { base, pages } of besideStorage(board)) await writer.erase(base, pages);
  await writeSlot(board, 0, installation.application, false, writer);
  for (const { name, data } of bootFiles) await writer.file(name, data);
}

/** Erases the idle slot, its manifest first, writes it, reads it back, and only then commits it. */
export async function update(installation: Installation, { slot, version, isOnTrial }: Extract<Plan, { kind: "update" }>, writer: FlashWriter): Promise<void> {
  const { board, application } = installation;
  const { base, pages } = slotRuns(board)[slot]!;
  await writer.erase(base, pages);
  await writeSlot(board, slot, { ...application, version }, isOnTrial, writer);
}

async function writeSlot(board: Board, slot: number, application: Application, isOnTrial: boolean, writer: FlashWriter): Promise<void> {
  const { base } = slotRuns(board)[slot]!;
  const image = slotImage(board, application);
  const manifestBytes = MANIFEST_WORDS * 4;
  // The manifest comes when everything that it vouches for is there.
  await writer.write(base + manifestBytes, image.subarray(manifestBytes));
  await writer.write(base, image.subarray(0, manifestBytes));
  await writer.verify(base, image);
  if (isOnTrial) await writer.word(base + WORD_TRIAL * 4, 0);
  await writer.word(base + WORD_COMMIT * 4, 0);
}
