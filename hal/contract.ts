// The ports between the toy and whatever it runs on: types and error codes, no behaviour.
//
// Rules for every port (after Tock's TRD3):
// - a call that starts something returns OK (0) or an error code. OK promises exactly one completion; anything else
//   promises none;
// - no callback runs inside the call that caused it;
// - a lent buffer belongs to the callee until its callback returns; nobody else touches it meanwhile;
// - stop is always allowed, also twice; it never throws;
// - nobody may ask whether he is simulated.

/** Outcome of a port call. Values are the toy's own and stable: they reach the log and, later, the link. */
export const OK = 0;
/** The proof that the call needs is missing or dead (no pressed paw). */
export const ERR_FORBIDDEN = 1;
/** The port is already in use. */
export const ERR_BUSY = 2;
/** The hardware did not do what it was told (converter that never starts, flash that does not read back). */
export const ERR_HARDWARE = 3;
/** No flat memory could be had at boot. */
export const ERR_MEMORY = 4;
/** An address, length or value is outside what the port takes. */
export const ERR_RANGE = 5;
/** No room left in the message store. */
export const ERR_FULL = 6;
/** Stored data fails its check. */
export const ERR_DAMAGED = 7;
/** The native kernel is missing, altered, or fails its known-answer test. */
export const ERR_KERNEL = 8;
/** The message store holds a newer layout than this firmware knows: it is left alone. */
export const ERR_LAYOUT = 9;

/** One of the ERR_ constants, or OK. */
export type Code = number;

declare const minted: unique symbol;
/**
 * Proof that the paw is held. Only firmware/paw/gesture mints one, at the moment that a hold is recognised;
 * it dies when the paw is released and never lives again.
 */
export interface PawToken {
  readonly [minted]: true;
  isLive(): boolean;
}

export type TimerId = number;

/** Monotonic time since boot, in milliseconds (fractional). Callbacks are late by as long as JavaScript is busy, never early. */
export interface Clock {
  nowMs(): number;
  after(ms: number, callback: () => void): TimerId;
  /** Fixed phase: a late call does not shift the following ones. */
  every(ms: number, callback: () => void): TimerId;
  cancel(timer: TimerId): void;
}

/** The one button. Bounces shorter than 10 ms are not reported. */
export interface Paw {
  isPressed(): boolean;
  /** `atMs` is the moment of the edge on the Clock's scale, not of the call. One listener; set once, at boot. */
  listen(onChange: (pressed: boolean, atMs: number) => void): void;
}

/** The heart's free colour. Red is not here: the Microphone lights it, before it powers the microphone. */
export interface Heart {
  /** Level 0 (off) to 255. */
  glow(level: number): void;
}

/**
 * A word-aligned piece of flat RAM for DMA and native code: `bytes` are the interpreter's view of it, `address` is what
 * registers and native functions take. Allocated once at boot, never freed, never moved.
 */
export interface FlatBuffer {
  readonly bytes: Uint8Array;
  readonly address: number;
}

/**
 * The microphone. Samples are 16-bit words in memory order at `rateHz`; silence is near `midScale`, the range is
 * midScale +- fullScale.
 */
export interface Microphone {
  readonly rateHz: number;
  readonly midScale: number;
  readonly fullScale: number;
  /** Milliseconds to wait between open and start: the microphone settles. */
  readonly settleMs: number;
  /** Lights the heart red, then powers the microphone. ERR_FORBIDDEN unless the token lives and the paw's pin says pressed. */
  open(token: PawToken): Code;
  /**
   * Starts converting. `onSamples(address, count)` lends each filled buffer in order; the last one, after stop, may be
   * short. `onEnd(code, dropped)` comes exactly once, after the last samples: `dropped` counts samples that were lost
   * because JavaScript came too late. A dead token ends the capture by itself.
   */
  start(onSamples: (address: number, count: number) => void, onEnd: (code: Code, dropped: number) => void): Code;
  /** Stops converting, then cuts the power as `close` does; samples and end follow. */
  stop(): void;
  /** Cuts the microphone's power, then the red light. Also stops; after it no callback comes. */
  close(): void;
}

/**
 * The speaker: PWM. Words are 16-bit duty values 0..fullScale at `rateHz`; `wordsPerSample` words make one 8 kHz sample.
 */
export interface Speaker {
  readonly rateHz: number;
  readonly wordsPerSample: number;
  readonly fullScale: number;
  /**
   * Plays what `fill(address, words)` writes: it returns how many words it wrote; fewer than asked ends the playback
   * after them. `onEnd(code, late)` comes exactly once: `late` counts buffers that were refilled too late.
   */
  play(fill: (address: number, words: number) => number, onEnd: (code: Code, late: number) => void): Code;
  /** A square tone of `hz` at `volume` 0..255, until `silence` or the next call. */
  tone(hz: number, volume: number): Code;
  /** Ends tone or playback: mid level, carrier off, amplifier off. A playback still gets its onEnd. */
  silence(): void;
}

/**
 * Flash for messages: addresses from 0 to `pages` x `pageBytes`, page 0 first. Erasing sets a page to 0xFF; writing clears
 * bits. The caller never writes a 1 over a 0: what that gives is not defined, not even an error everywhere.
 */
export interface Flash {
  readonly pageBytes: number;
  readonly pages: number;
  /** A copy of `length` bytes. */
  read(address: number, length: number): Uint8Array;
  /** Copies `count` pieces of `bytes` each, one behind the other: the first one at address 0, the next ones every `stride`. */
  gather(into: Uint8Array, bytes: number, stride: number, count: number): void;
  /**
   * Address and length are multiples of 4. Reads back: ERR_HARDWARE when the flash does not hold what was written. `isSame` tells
   * whether it does, from who knows cheaper.
   */
  write(address: number, bytes: Uint8Array, isSame?: (held: Uint8Array) => boolean): Code;
  /** Erases one page and reads back. Blocks JavaScript for tens of milliseconds, so never while audio runs. */
  erasePage(page: number): Code;
}

/** Battery voltage in millivolts; 0 where the board has no battery. Never called while the microphone converts. */
export interface Power {
  batteryMillivolts(): number;
}

/** What nobody can guess. */
export interface Entropy {
  /** 32 bits of hardware noise. */
  word(): number;
  /** One of eight words, 0..7, that were burnt into this chip and are in no flash. */
  root(index: number): number;
}

/** The board as a whole. */
export interface System {
  /** Begins anew, at once: nothing of the running program goes on. */
  reboot(): void;
}

/** A machine-code function: up to four 32-bit integers in, one out. */
export type NativeFunction = (a?: number, b?: number, c?: number, d?: number) => number;

/** Machine code and the flat memory that it works on. */
export interface NativeCode {
  /** Where the data of these bytes lie, for machine code; 0 when they are not in one piece. */
  addressOf(bytes: Uint8Array | ArrayBuffer, isOfData: true): number;
  /** Undefined when no flat memory can be had. Zeroed. */
  allocate(bytes: number): FlatBuffer | undefined;
  /** CRC-32 (IEEE 802.3). */
  crc32(bytes: Uint8Array | string): number;
  /** Loads position-independent Thumb code once and binds its functions by byte offset; undefined when it cannot be loaded. */
  load(code: string, offsets: readonly number[]): NativeFunction[] | undefined;
}

/** An address as the stack writes it: six bytes in hexadecimal, then its kind. */
export const ADDRESS_CHARS = 17;
/** Parts an identity's address from its bond. */
export const BOND_MARK = "#";

// Kinds of the events that the Radio tells its listener.
/** A central has connected; the value is its address as the stack writes it. */
export const RADIO_CONNECTED = 0;
export const RADIO_DISCONNECTED = 1;
/** The stack asks for a passkey to be shown: six digits, random, once for this attempt. */
export const RADIO_PASSKEY = 2;
/** A pairing has ended; true for a bond of the highest level (LE Secure Connections, authenticated, 128 bit). */
export const RADIO_SECURED = 3;
/** Pairing or encryption: "request", "start", "success", "fail". Success is told of old bonds as of new ones. */
export const RADIO_BOND = 4;
export const RADIO_ADVERTISING = 5;

/** The link as the stack itself sees it now: what counts when an event may have been lost. */
export interface RadioStatus {
  readonly connected: boolean;
  readonly advertising: boolean;
  readonly encrypted?: boolean;
  /** Authenticated against a man in the middle; true below the highest level as well. */
  readonly mitm_protected?: boolean;
  readonly connected_addr?: string;
  /** In units of 1.25 ms. */
  readonly connectionInterval?: number;
}

/**
 * The BLE peripheral. At boot it sleeps, with its table of services fixed. Events may be lost when too many come at once;
 * `notify` says nothing about success: one notification fits each connection interval, what exceeds that is dropped unseen.
 */
export interface Radio {
  /**
   * Set once, at boot. What belongs to pairing is told only while that is open. `onWritten` gets what came through the one
   * characteristic that may be written, which the stack opens at the highest level only.
   */
  listen(onEvent: (kind: number, value: unknown) => void, onWritten: (data: ArrayBuffer) => void): void;
  /** Attempts to pair that failed while it was not open, since the reader last set it to 0. */
  refused: number;
  /**
   * How many writes the listener still takes, one less with each: below zero they are dropped at the door, because a flood of them
   * costs the time that paw and sound need. When it goes on the radio sleeps, and this is far below zero.
   */
  room: number;
  wake(): void;
  /** Also ends a connection. */
  sleep(): void;
  status(): RadioStatus;
  /**
   * The lasting address of a bonded phone that connected under a private one, else what was given. With its bond, if one is stored,
   * BOND_MARK and what tells it from every other one follow: whoever pairs under another's address replaces its bond. That takes 20 ms.
   */
  identify(address: string, isWithBond: boolean): string;
  disconnect(): void;
  /** Whether the stack takes part in pairing. At once, without restart; a pairing under way goes on. */
  setPairing(isOpen: boolean): void;
  /** `bytes` may be reused at once. */
  notify(bytes: Uint8Array): void;
  /**
   * Calls `step`, which may notify once, as often as the connection has an interval, or whenever it is done when it takes longer;
   * until it returns false. Asked again meanwhile, it takes the interval that the connection has by now.
   */
  eachInterval(step: () => boolean): void;
  /** The battery level that phones may read, in percent. */
  setBattery(percent: number): void;
  /** Erases every bond. Only while nobody is connected; to be followed by a reboot. */
  eraseBonds(): void;
}

/** What keeping things takes: nothing that hears or speaks. */
export interface StorePorts {
  readonly clock: Clock;
  readonly flash: Flash;
  /** One page, off the flash of the messages where the board has one; absent where keys live in RAM. */
  readonly keyPage: Flash | undefined;
  readonly entropy: Entropy;
  readonly native: NativeCode;
  /** Flat memory that is sound's: free until the first sound of a boot. Undefined when there is none. */
  readonly scratch: FlatBuffer | undefined;
}

/** Everything that the firmware is given. */
export interface Hal extends StorePorts {
  readonly paw: Paw;
  readonly heart: Heart;
  readonly microphone: Microphone;
  readonly speaker: Speaker;
  readonly power: Power;
  readonly system: System;
  /** Absent on boards whose stack cannot keep strangers from pairing. */
  readonly radio: Radio | undefined;
  /** Whether the converter converts and the speaker's PWM runs: some milliseconds, the microphone unpowered, in silence. At boot. */
  selfTest(): Code;
}
