// The serial layer of EspruinoTools (its Connection: a queue of writes, sent in chunks, held back while the board asks for a
// pause), in a context of its own: nothing else of that package is loaded, so nothing of it can fetch, print or reset a board.
//
// Its faults, and what is done about them here: XOFF and XON are seen only by its packet mode, so they are taken out here; its
// `write` of the older interface never reports short writes, so only the Connection's own is used; a write to a port that is
// gone never ends, so whoever waits is told by `onClose`. Its packets (files into Storage, or a text to evaluate) bear a length and
// no checksum, and Storage is not ours to write after the first installation: packets are our own expressions (board-side.ts).

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import vm from "node:vm";

const SOURCE = createRequire(import.meta.url).resolve("espruino/core/serial.js");
const XON = "\x11";
const XOFF = "\x13";
/** A board that asked for a pause and never says go on is written to again after so long. */
const LONGEST_PAUSE_MS = 10000;

interface EspruinoConnection {
  chunkSize: number;
  flowControlWait: number;
  write(data: string): Promise<void>;
  on(event: "data", listener: (text: string) => void): void;
  openHandler(): void;
  closeLowLevel: () => void;
  closeHandler(): void;
  rxDataHandler(data: ArrayBuffer): void;
  writeLowLevel: (text: string) => Promise<void>;
}

/** What bytes go through: a serial port, or what stands for one. */
export interface Port {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
  onBytes: (bytes: Uint8Array) => void;
  onClose: () => void;
}

/** Text to and from a board. */
export interface Line {
  /** Resolves when all of it is on its way. */
  write(text: string): Promise<void>;
  close(): Promise<void>;
  onText: (text: string) => void;
  onClose: () => void;
}

export function createLine(port: Port, chunkBytes: number): Line {
  const connection = loadConnection();
  connection.chunkSize = chunkBytes;
  connection.writeLowLevel = (text) => port.write(Buffer.from(text, "latin1"));
  const line: Line = {
    write: (text) => connection.write(text),
    close: async () => {
      connection.closeHandler();
      await port.close();
    },
    onText: () => undefined,
    onClose: () => undefined,
  };
  connection.on("data", (text) => {
    const last = Math.max(text.lastIndexOf(XON), text.lastIndexOf(XOFF));
    if (last >= 0) connection.flowControlWait = text[last] === XOFF ? LONGEST_PAUSE_MS : 0;
    line.onText(text.replaceAll(XON, "").replaceAll(XOFF, ""));
  });
  port.onBytes = (bytes) => connection.rxDataHandler(new Uint8Array(bytes).buffer);
  port.onClose = () => {
    connection.closeHandler();
    line.onClose();
  };
  // Of a write that failed: the port is gone.
  connection.closeLowLevel = () => {
    void port.close();
    line.onClose();
  };
  connection.openHandler();
  return line;
}

function loadConnection(): EspruinoConnection {
  const quiet = { log: () => undefined, warn: () => undefined, error: () => undefined };
  const Espruino = { Core: { Status: { incrementProgress: () => undefined } }, Config: {} } as { Core: { Serial?: { connection: EspruinoConnection } } };
  const context = vm.createContext({ Espruino, console: quiet, setTimeout, clearTimeout, setInterval, clearInterval });
  vm.runInContext(readFileSync(SOURCE, "utf8"), context, { filename: SOURCE });
  return Espruino.Core.Serial!.connection;
}
