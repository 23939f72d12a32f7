// What the station knows of a board on a port. Whoever speaks to real boards implements it; whatever a board says is untrusted
// until the station has looked at it.

import type { VerifiedImage } from "./image-verify.ts";
import type { Measurement } from "./limits.ts";

/** Why a board failed, as reports count it. */
export type FaultKind = "vanished" | "silent" | "timeout" | "foreign" | "damaged" | "garbled" | "refused" | "limits" | "serial" | "open" | "error";

export class BoardFault extends Error {
  constructor(
    readonly kind: FaultKind,
    message: string,
  ) {
    super(message);
    this.name = "BoardFault";
  }
}

export interface BoardIdentity {
  /** `process.env.BOARD` and `process.env.VERSION`. */
  readonly board: string;
  readonly version: string;
  /** The chip's own number: 16 hexadecimal digits. */
  readonly chip: string;
  /** The provisioning record that it bears already. */
  readonly record: Uint8Array | undefined;
}

/** One board, from plugged in to let go. Every call rejects with a BoardFault when the board fails. */
export interface BoardPort {
  /** As the operating system names it; may change when the board reboots. */
  readonly path: string;
  /** Serial number that USB tells without asking the board's console; a sealed board keeps it. */
  readonly usbId: string | undefined;
  /** Opens the port and waits for a prompt; "silent" when none answers. */
  connect(): Promise<void>;
  identify(): Promise<BoardIdentity>;
  /** Writes the image, reads it back, reboots and waits for the firmware's hello. */
  install(image: VerifiedImage, progress: (share: number) => void): Promise<void>;
  /** Writes the record, and gives what then stands there. */
  provision(record: Uint8Array): Promise<Uint8Array>;
  /** `askToHold` is called when the operator is to hold the paw: nothing else powers the microphone. */
  selftest(askToHold: () => void): Promise<readonly Measurement[]>;
  /** Writes the seal and reboots. */
  seal(): Promise<void>;
  /** Whether the board is there and no prompt answers any more. */
  checkSealed(): Promise<boolean>;
  close(): Promise<void>;
}

export interface BoardPorts {
  /** Boards that are plugged in now. */
  list(): Promise<readonly BoardPort[]>;
}
