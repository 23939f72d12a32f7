// What @types/espruino 1.95.0 lacks or gets wrong, as Espruino 2v29 has it.
//   lacks: setTimeout, setInterval, Pin's constructor, require, E.on, E.getAddressOf(flat), E.toFlatString, E.CRC32, E.hwRand,
//          E.enableWatchdog, E.kickWatchdog, Waveform's constructor
//   wrong: peek32's count is optional; setWatch returns a number; analogWrite's options have a type

declare function setTimeout(callback: () => void, ms: number): number;
declare function setInterval(callback: () => void, ms: number): number;
/** The count is optional: without it one number comes back, with it a Uint32Array. */
declare function peek32(address: number): number;
declare function peek16(address: number, count: number): Uint16Array;

interface PinConstructor {
  new (name: string): Pin;
}
declare var Pin: PinConstructor;

/** Left by the boot loader: the index of the slot that runs. Absent when the firmware was not started from a slot. */
declare const pawlockSlot: number;

/** Built-in modules. Nothing that could write Storage is declared: the firmware may not. */
declare function require(module: "Flash"): {
  read(length: number, address: number): Uint8Array;
  write(data: Uint8Array, address: number): void;
  erasePage(address: number): void;
};
declare function require(module: "Storage"): {
  read(name: string, offset: number, length: number): string | undefined;
};

declare namespace E {
  function on(event: "kill" | "init", callback: () => void): void;
  function on(event: "errorFlag", callback: (flags: string[]) => void): void;
  /** Address of the data of a flat string or buffer; 0 when it is not flat. */
  function getAddressOf(value: ArrayBuffer | Uint8Array | string, isFlat: true): number;
  /** Undefined when no flat memory can be had. */
  function toFlatString(value: string): string | undefined;
  function CRC32(data: Uint8Array | string): number;
  /** The console's device, or none; forced, nothing that connects moves it. */
  function setConsole(device: Serial | null, options: { force: boolean }): void;
  /** At once. */
  function reboot(): void;
  /** 32 bits, signed. */
  function hwRand(): number;
  function enableWatchdog(seconds: number, isAutomatic: boolean): void;
  function kickWatchdog(): void;
}

interface NRFSecurityEvent {
  /** A word, or a number where the board's build has no words. */
  readonly auth_status: string | number;
  readonly bonded: boolean;
  readonly lv4: number;
}

// @types/espruino 1.95.0 knows NRF as it was before pairing.
declare namespace NRF {
  function on(event: string, callback: (value: never) => void): void;
  function getAddress(): string;
  function setAddress(address: string): void;
  function resolveAddress(address: string): string | undefined;
  function getSecurityStatus(): {
    connected: boolean;
    advertising: boolean;
    encrypted?: boolean;
    mitm_protected?: boolean;
    bonded?: boolean;
    connected_addr?: string;
    connectionInterval?: number;
  };
  function setSecurity(options: { display: number; keyboard: number; mitm: number; lesc: number; bond: number; privacy?: number; pair: boolean }): void;
  function setAdvertising(data: object, options: object): void;
  function setServices(data: object, options: object): void;
  function updateServices(data: object): void;
}

interface Serial {
  unsetup(): void;
}

/** The same as `global.air`, which takes the interpreter three times as long to find. */
declare const air: ((event: { data: ArrayBuffer }) => void) | undefined;

/** `air` is what the boot files' table of services calls, when the application has set it. */
declare var global: {
  air?: typeof air;
  /** Left by the boot files at a bridged service pad: no application is started. */
  pawlockStop?: boolean;
  /** For the tools at the console of a board that is not sealed. */
  pawlock?: object;
  /** The self-test that they bring along. */
  pawlockTest?: object;
};
