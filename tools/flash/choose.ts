// Which ports a command means: the one that is named, the only board that is plugged in, or all of them.

import type { Board } from "../../boards/board.ts";
import { UserError } from "../errors.ts";
import { listPorts, type FoundPort } from "./serial-port.ts";

/** Ports with a board that Espruino may run on, boot loaders left out. */
export async function boardPorts(): Promise<FoundPort[]> {
  return (await listPorts()).filter(({ boards, isBootLoader }) => boards.length > 0 && !isBootLoader);
}

export async function choosePort(path: string | undefined): Promise<FoundPort> {
  const all = await listPorts();
  if (path !== undefined) return all.find((port) => port.path === path) ?? { path, usb: undefined, usbId: undefined, manufacturer: undefined, boards: [], isBootLoader: false };
  const found = all.filter(({ boards, isBootLoader }) => boards.length > 0 && !isBootLoader);
  if (found.length === 1) return found[0]!;
  if (found.length > 1) throw new UserError(`${found.length} boards are plugged in: ${found.map((port) => port.path).join(", ")}`, "Name one with --port, or take them all with --all.");
  const loader = all.find(({ isBootLoader }) => isBootLoader);
  if (loader) throw new UserError(`the board at ${loader.path} is in its boot loader`, `Drag Espruino (${loader.boards[0]!.espruino.binary.replace("%v", loader.boards[0]!.espruino.minimumVersion)}) onto the drive that it shows, then run the command again.`);
  throw new UserError("no board was found", "Plug one in by a cable that carries data; `pawlock doctor` says what this computer sees. --port names a port that is not recognised.");
}

/** For the line's speed before the board is known: consoles by serial chip are slow. */
export function baudRateOf(candidates: readonly Board[]): number {
  return candidates.some((board) => board.console === "USB") || candidates.length === 0 ? 115200 : 9600;
}
