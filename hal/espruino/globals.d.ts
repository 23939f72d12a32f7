// What @types/espruino 1.95.0 lacks or gets wrong, as Espruino 2v29 has it.
//   lacks: setTimeout, setInterval, Pin's constructor, require, E.on, E.getAddressOf(flat), E.toFlatString, E.CRC32,
//          E.enableWatchdog, E.kickWatchdog, Waveform's constructor
//   wrong: peek32's count is optional; setWatch returns a number; analogWrite's options have a type

declare function setTimeout(callback: () => void, ms: number): number;
declare function setInterval(callback: () => void, ms: number): number;
/** The count is optional: without it one number comes back, with it a Uint32Array. */
declare function peek32(address: number): number;

interface PinConstructor {
  new (name: string): Pin;
}
declare var Pin: PinConstructor;

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
  function getAddressOf(value: ArrayBuffer | string, isFlat: true): number;
  /** Undefined when no flat memory can be had. */
  function toFlatString(value: string): string | undefined;
  function CRC32(data: Uint8Array | string): number;
  function enableWatchdog(seconds: number, isAutomatic: boolean): void;
  function kickWatchdog(): void;
}
