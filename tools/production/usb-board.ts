// A real board on a serial port, for the station: the flashing session with its failures sorted into the kinds that reports count.

import { crc32 } from "node:zlib";
import type { Board } from "../../boards/board.ts";
import { RECORD_AT, RECORD_CHECK_AT, RECORD_LENGTH_AT } from "../../firmware/boot/manifest.ts";
import { UserError } from "../errors.ts";
import { readBytes, readIdentity, readState } from "../flash/board-state.ts";
import { LineClosed, NoAnswer } from "../flash/console.ts";
import { baudRateOf } from "../flash/choose.ts";
import * as serialPorts from "../flash/serial-port.ts";
import type { Port } from "../flash/serial-layer.ts";
import { runSelfTest } from "../flash/self-test.ts";
import { Session, type SessionOptions } from "../flash/session.ts";
import { FlashWriter } from "../flash/writer.ts";
import { BoardFault, type BoardIdentity, type BoardPort, type BoardPorts, type FaultKind } from "./board-port.ts";
import { MOST_RECORD_BYTES } from "./identity.ts";
import { installationOf } from "./image-contents.ts";
import type { VerifiedImage } from "./image-verify.ts";
import type { Measurement } from "./limits.ts";

const BLANK_WORD = 0xffffffff;

/** A port and how to open it, now and after a reboot. */
export interface UsbPlace extends Pick<serialPorts.FoundPort, "path" | "usbId"> {
  readonly open: () => Promise<Port>;
}

/** How long a board may take; the session's own when not given. */
export type Patience = Pick<SessionOptions, "pollMs" | "attentionMs">;

export class UsbBoard implements BoardPort {
  readonly path: string;
  readonly usbId: string | undefined;
  readonly #board: Board;
  readonly #session: Session;
  readonly #patience: Patience;
  #progress: (share: number) => void = () => undefined;

  constructor({ path, usbId, open }: UsbPlace, board: Board, patience: Patience = {}) {
    this.path = path;
    this.usbId = usbId;
    this.#board = board;
    const report = (_step: string, share?: number): void => void (share !== undefined && this.#progress(share));
    this.#patience = patience;
    this.#session = new Session({ open, board, report, ...patience });
  }

  connect(): Promise<void> {
    return sorted(() => this.#session.connect());
  }

  identify(): Promise<BoardIdentity> {
    return sorted(async () => {
      // Which board and version it must be is the station's to say.
      const { board, version, serial } = await readIdentity(this.#session.console);
      const record = board === this.#board.id ? await this.#record() : undefined;
      return { board, version, chip: serial.replace("-", "").toLowerCase(), record };
    });
  }

  install(image: VerifiedImage, progress: (share: number) => void): Promise<void> {
    this.#progress = progress;
    return sorted(async () => {
      const installation = installationOf(image);
      const { state, plan } = await this.#session.plan(installation, true);
      await this.#session.install(installation, plan, state);
    });
  }

  /** The length comes last: a record without it is none, and the next installation begins from a blank page. */
  provision(record: Uint8Array): Promise<Uint8Array> {
    return sorted(async () => {
      const { base } = this.#board.storage;
      if (!(await readState(this.#session.console, this.#board)).hasLog) throw new BoardFault("foreign", "its first page is not that of our firmware");
      const writer = new FlashWriter(this.#session.console, this.#board.chip.pageBytes, () => undefined);
      await writer.prepare();
      const padded = new Uint8Array((record.length + 3) & ~3).fill(0xff);
      padded.set(record);
      await writer.write(base + RECORD_AT, padded);
      await writer.word(base + RECORD_CHECK_AT, crc32(record));
      await writer.word(base + RECORD_LENGTH_AT, record.length);
      return (await this.#record()) ?? new Uint8Array(0);
    });
  }

  selftest(askToHold: () => void): Promise<readonly Measurement[]> {
    const { pollMs } = this.#patience;
    return sorted(() => runSelfTest({ console: this.#session.console, board: this.#board, operator: { askToHold }, ...(pollMs === undefined ? {} : { pollMs }) }));
  }

  seal(): Promise<void> {
    return sorted(() => this.#session.seal());
  }

  checkSealed(): Promise<boolean> {
    return sorted(async () => {
      await this.#session.close();
      try {
        await this.#session.connect();
      } catch (error) {
        if (error instanceof NoAnswer) return true;
        throw error;
      }
      await this.#session.close();
      return false;
    });
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  /** What stands behind the header of `log`; undefined when nothing does. Bytes that are no record are given as they are. */
  async #record(): Promise<Uint8Array | undefined> {
    const { base } = this.#board.storage;
    if (!(await readState(this.#session.console, this.#board)).hasLog) return undefined;
    const length = (await readBytes(this.#session.console, base + RECORD_LENGTH_AT, 4)).readUInt32LE();
    if (length === BLANK_WORD) return undefined;
    return readBytes(this.#session.console, base + RECORD_AT, Math.min(length, MOST_RECORD_BYTES));
  }
}

/** Boards of that kind that are plugged in. */
export function usbBoards(board: Board, { listPorts, openPort }: Pick<typeof serialPorts, "listPorts" | "openPort"> = serialPorts): BoardPorts {
  /** A board that has rebooted may come back at another path. */
  const reopen = async (path: string, usbId: string | undefined): Promise<Port> => {
    const now = usbId === undefined ? undefined : (await listPorts()).find((port) => port.usbId === usbId);
    return openPort(now?.path ?? path, baudRateOf([board]));
  };
  return {
    list: async () => {
      const found = (await listPorts()).filter(({ boards, isBootLoader }) => !isBootLoader && boards.includes(board));
      return found.map(({ path, usbId }) => new UsbBoard({ path, usbId, open: () => reopen(path, usbId) }, board));
    },
  };
}

async function sorted<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof UserError ? new BoardFault(kindOf(error), error.what) : error;
  }
}

function kindOf(error: UserError): FaultKind {
  if (error instanceof LineClosed || error.what.startsWith("there is no port")) return "vanished";
  if (error instanceof NoAnswer) return "silent";
  if (/read back|does not take|cannot be erased/.test(error.what)) return "damaged";
  if (/make no sense/.test(error.what)) return "garbled";
  if (/still answers/.test(error.what)) return "open";
  return "refused";
}
