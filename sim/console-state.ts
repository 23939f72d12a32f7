// Which transport owns the interpreter's console, and whether anybody gets in: E.setConsole, E.setPassword, E.lockConsole
// (src/jsinteractive.c jsiSetConsoleDevice, jsiCtrlC; src/jswrap_espruino.c). What is typed and printed there is sim/console.ts's.

import type { Wire } from "./engine.ts";
import type { IoQueue } from "./io-queue.ts";

export type ConsoleDevice = "USB" | "Bluetooth" | "Serial1";

const DEVICES: readonly string[] = ["USB", "Bluetooth", "Serial1"];
const CTRL_C = 3;

export class ConsoleState {
  /** null: E.setConsole(null), nobody has it. */
  device: ConsoleDevice | null;
  isForced = false;
  isLocked = false;
  password: string | undefined;
  /** Ports that were switched off: nothing gets in there. */
  readonly closed = new Set<ConsoleDevice>();
  /** Bytes that reached the console, from the idle loop. */
  onInput: (device: ConsoleDevice, bytes: Uint8Array) => void = () => undefined;

  /** `preferred` is where the console goes when nobody is connected: the board's default. `interrupt` breaks what runs. */
  constructor(
    private readonly preferred: ConsoleDevice,
    private readonly interrupt: () => void,
  ) {
    this.device = preferred;
  }

  /** E.setConsole. */
  set(device: unknown, isForced: boolean): void {
    if (device !== null && !DEVICES.includes(String(device))) throw new Error(`Unknown device type "${String(device)}"`);
    this.device = device as ConsoleDevice | null;
    this.isForced = isForced;
  }

  /** Somebody connected by this transport: the console goes there unless it was forced elsewhere. */
  connected(device: ConsoleDevice): void {
    if (!this.isForced) this.device = device;
  }

  disconnected(device: ConsoleDevice): void {
    if (!this.isForced && this.device === device) this.device = this.preferred;
  }

  lock(): void {
    if (this.password !== undefined) this.isLocked = true;
  }

  /** In the interrupt that receives bytes: Ctrl-C acts at once, the rest waits for the idle loop. */
  receive(device: ConsoleDevice, bytes: Uint8Array, queue: IoQueue): void {
    if (this.closed.has(device)) return;
    if (this.device === device && !this.isLocked && bytes.includes(CTRL_C)) this.interrupt();
    queue.pushChars(device, bytes, (data) => {
      if (this.device === device) this.onInput(device, data);
    });
  }
}

/** E.setConsole, E.setPassword, E.lockConsole and Serial1.unsetup as operations of the board. */
export function consoleOperations(state: ConsoleState): Readonly<Record<string, (args: readonly Wire[]) => Wire | void>> {
  return {
    "console.set": ([device, isForced]) => state.set(device, isForced === true),
    "console.password": ([password]) => void (state.password = password === undefined ? undefined : String(password)),
    "console.lock": () => state.lock(),
    "console.unsetup": ([device]) => void state.closed.add(device as ConsoleDevice),
  };
}
