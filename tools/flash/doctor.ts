// What may keep a computer from a board, looked at one by one, each with a remedy.

import { accessSync, constants } from "node:fs";
import { platform } from "node:os";
import { boards } from "../../boards/index.ts";
import { UserError } from "../errors.ts";
import { listPorts, openPort, type FoundPort } from "./serial-port.ts";

export interface Finding {
  readonly isGood: boolean;
  readonly what: string;
  readonly remedy?: string;
}

/** Looks at this computer; tests put another one in. */
export interface Computer {
  readonly platform: string;
  readonly listPorts: () => Promise<readonly FoundPort[]>;
  /** Whether this user may read and write the port. */
  readonly mayUse: (path: string) => boolean;
  /** Opens the port and closes it again. */
  readonly tryPort: (path: string) => Promise<void>;
}

const thisComputer: Computer = {
  platform: platform(),
  listPorts,
  mayUse(path) {
    try {
      accessSync(path, constants.R_OK | constants.W_OK);
      return true;
    } catch {
      return false;
    }
  },
  async tryPort(path) {
    await (await openPort(path, 115200)).close();
  },
};

/** For /etc/udev/rules.d: whoever sits at the computer may use these boards. */
export function udevRules(): string {
  const ids = new Set(boards.flatMap(({ usb }) => usb.map(({ vendorId }) => vendorId.toString(16).padStart(4, "0"))));
  return [...ids].map((id) => `SUBSYSTEM=="tty", ATTRS{idVendor}=="${id}", TAG+="uaccess"`).join("\n");
}

export async function diagnose(computer: Computer = thisComputer): Promise<Finding[]> {
  let found: readonly FoundPort[];
  try {
    found = await computer.listPorts();
  } catch (error) {
    return [{ isGood: false, what: `serial ports cannot be listed: ${(error as Error).message}`, remedy: "Run npm ci again; serialport brings machine code for Linux, macOS and Windows." }];
  }
  const ours = found.filter((port) => port.boards.length > 0);
  if (ours.length === 0) {
    const driver = computer.platform === "win32" ? " On Windows look in the device manager for a device without a driver." : "";
    return [
      { isGood: true, what: `${found.length} serial ports on USB, serialport works` },
      { isGood: false, what: "none of them is a board", remedy: `Use a cable that carries data: many only charge, and the board's light is on with them all the same. Plug it in directly, not through a hub.${driver}` },
    ];
  }
  const findings: Finding[] = [{ isGood: true, what: `${ours.length} of ${found.length} serial ports on USB may be boards` }];
  for (const port of ours) findings.push(...(await diagnosePort(computer, port)));
  return findings;
}

async function diagnosePort({ platform: system, mayUse, tryPort }: Computer, { path, boards: candidates, isBootLoader }: FoundPort): Promise<Finding[]> {
  if (isBootLoader) {
    const { binary, minimumVersion } = candidates[0]!.espruino;
    return [{ isGood: false, what: `${path} is in its boot loader`, remedy: `Drag ${binary.replace("%v", minimumVersion)} onto the drive that it shows, or press reset once to leave it.` }];
  }
  if (system === "linux" && !mayUse(path)) {
    return [{ isGood: false, what: `no permission to use ${path}`, remedy: `Either: sudo usermod -aG dialout $USER, and log in again. Or put this into /etc/udev/rules.d/60-pawlock.rules, then plug the board in again:\n${udevRules()}` }];
  }
  try {
    await tryPort(path);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [{ isGood: false, what: error.what, remedy: error.remedy }];
  }
  const findings: Finding[] = [{ isGood: true, what: `${path} opens: ${candidates.map(({ title }) => title).join(" or ")}` }];
  if (candidates.every(({ console }) => console !== "USB")) findings.push({ isGood: true, what: `its console runs at 9600 baud: 40 KB take about a minute` });
  return findings;
}
