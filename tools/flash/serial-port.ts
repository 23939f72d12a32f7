// Serial ports of this computer: which there are, whose boards hang on them, and opening one.

import type { SerialPort as NodeSerialPort } from "serialport";
import type { Board } from "../../boards/board.ts";
import { boards } from "../../boards/index.ts";
import { UserError } from "../errors.ts";
import { printable } from "../production/files.ts";
import type { Port } from "./serial-layer.ts";

export interface FoundPort {
  readonly path: string;
  readonly usb: { readonly vendorId: number; readonly productId: number } | undefined;
  /** Serial number that USB tells. */
  readonly usbId: string | undefined;
  readonly manufacturer: string | undefined;
  /** Boards whose table of USB ids has this one; a boot loader's is marked. */
  readonly boards: readonly Board[];
  readonly isBootLoader: boolean;
}

/** Loaded when it is needed: it is machine code, and most commands do without. */
async function serialport(): Promise<typeof import("serialport")> {
  try {
    return await import("serialport");
  } catch (error) {
    throw new UserError(`serial ports cannot be used here: ${(error as Error).message}`, "Run npm ci again; serialport has ready-made parts for Linux, macOS and Windows on x64 and arm64.");
  }
}

export async function listPorts(): Promise<FoundPort[]> {
  const { SerialPort } = await serialport();
  const found = await SerialPort.list();
  return found.filter(({ vendorId }) => vendorId !== undefined).map((port) => describePort(port));
}

export function describePort({ path, vendorId, productId, serialNumber, manufacturer }: { path: string; vendorId?: string | undefined; productId?: string | undefined; serialNumber?: string | undefined; manufacturer?: string | undefined }): FoundPort {
  const usb = vendorId && productId ? { vendorId: Number.parseInt(vendorId, 16), productId: Number.parseInt(productId, 16) } : undefined;
  const matches = boards.flatMap((board) => board.usb.filter((id) => id.vendorId === usb?.vendorId && id.productId === usb.productId).map(({ name }) => ({ board, name })));
  return {
    path,
    usb,
    usbId: serialNumber === undefined ? undefined : printable(serialNumber, 60),
    manufacturer: manufacturer === undefined ? undefined : printable(manufacturer, 40),
    boards: matches.map(({ board }) => board),
    isBootLoader: matches.length > 0 && matches.every(({ name }) => name.includes("boot loader")),
  };
}

export async function openPort(path: string, baudRate: number): Promise<Port> {
  const { SerialPort } = await serialport();
  const serial = await new Promise<NodeSerialPort>((resolve, reject) => {
    const opened = new SerialPort({ path, baudRate }, (error) => (error ? reject(openError(path, error)) : resolve(opened)));
  });
  const port: Port = {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        serial.write(bytes, (error) => (error ? reject(error) : serial.drain(() => resolve())));
      }),
    close: () => new Promise((resolve) => (serial.isOpen ? serial.close(() => resolve()) : resolve())),
    onBytes: () => undefined,
    onClose: () => undefined,
  };
  serial.on("data", (bytes: Buffer) => port.onBytes(bytes));
  serial.on("close", () => port.onClose());
  // Followed by "close"; without a listener it would end the process.
  serial.on("error", () => serial.isOpen && serial.close());
  return port;
}

function openError(path: string, error: Error): UserError {
  // The path is in it, and may be called anything.
  const message = error.message.replaceAll(path, "it");
  if (/permission|access denied/i.test(message)) return new UserError(`no permission to use ${path}`, "On Linux: `pawlock doctor` prints the udev rule, or add yourself to the group dialout and log in again.");
  if (/lock|busy|temporarily/i.test(message)) return new UserError(`${path} is in use by another program`, "Close the other program (a terminal, an editor's serial monitor, a modem manager) and run the command again.");
  if (/no such file|not found|cannot find/i.test(message)) return new UserError(`there is no port ${path}`, "`pawlock ports` lists the boards that are plugged in.");
  return new UserError(`cannot open ${path}: ${message}`, "Unplug the board, plug it in and run the command again; `pawlock doctor` helps.");
}
