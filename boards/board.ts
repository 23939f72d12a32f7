// What every board file states, and nothing else: data, no functions, no conditions.
// A fact of the chip lives in nrf52.ts; a fact of the product lives in firmware/.

import type { Chip } from "./nrf52.ts";

/** One pin: the name that Espruino gives it and the nRF52 port pin (P0.n = n, P1.n = 32 + n) that PSEL registers take. */
export interface Pin {
  readonly espruino: string;
  readonly nrf: number;
  /** Espruino inverts this pin in digitalRead, digitalWrite and setWatch; registers and `SwitchPin.on` stay electrical. */
  readonly negated?: true;
}

/** A pin that the SAADC can sample: `ain` is the analog input 0..7 (PSELP = ain + 1). */
export interface AnalogPin extends Pin {
  readonly ain: number;
}

/** A pin that switches something: `on` is the electrical level (0 or 1) that switches it on. */
export interface SwitchPin extends Pin {
  readonly on: 0 | 1;
}

/** A run of pages, counted from `base`: an address that Espruino's Flash module takes, Storage's own where none is given. */
export interface FlashPart {
  readonly base?: number;
  readonly firstPage: number;
  readonly pages: number;
}

/** What lies where once the board is provisioned (flash-map.ts turns parts into addresses). */
export interface FlashMap {
  /** Pages of `log`, the first file of Storage, its header included: its first page is never erased, Storage never touches the rest. */
  readonly filePages: number;
  /** Application slots: two, or one where there is no room: an update then leaves the board without firmware until it is done. */
  readonly slots: readonly FlashPart[];
  /** A slot has room for spoken digits beside the application; elsewhere passkeys are counted in beeps. */
  readonly hasPrompts: boolean;
  /** Messages, settings, counters and security log; or seconds of voice in RAM. */
  readonly log: ({ readonly kind: "flash" } & FlashPart) | { readonly kind: "ram"; readonly seconds: number };
  /** Address of the page of internal flash for the at-rest key and the own radio address; absent where neither is kept. */
  readonly keyPage?: number;
}

/** A run of pages by the address of its first byte, as Espruino's Flash module takes it. */
export interface PageRun {
  readonly base: number;
  readonly pages: number;
}

/** Where recorded and received messages live. */
export type MessageMemory =
  | ({ readonly kind: "flash" } & PageRun)
  | { readonly kind: "ram"; readonly seconds: number };

export interface Board {
  /** Espruino's name of the board: `process.env.BOARD`. */
  readonly id: string;
  readonly title: string;
  readonly chip: Chip;
  /** "product" boards keep every promise of the README; "bench" boards state what they lack in `limits`. */
  readonly role: "product" | "bench";
  readonly limits: readonly string[];
  readonly espruino: {
    /** Lowest Espruino release that the firmware was checked against, as `process.env.VERSION` prints it. */
    readonly minimumVersion: string;
    /** File name of the release binary; `%v` is the version. */
    readonly binary: string;
    /** Number and size in bytes of the interpreter's variables. */
    readonly variables: number;
    readonly variableBytes: number;
  };
  readonly usb: readonly { readonly vendorId: number; readonly productId: number; readonly name: string }[];
  /**
   * The pin that Espruino calls BTN1; held at reset it skips the application, so the paw is never here. Where it is the only button
   * that Espruino knows, it erases all bonds as well.
   */
  readonly btn1: Pin & { readonly isOnly?: true };
  /** Where the interpreter's console is while the board is not sealed. */
  readonly console: "USB" | "Serial1";
  /** Bridged to ground at reset it destroys the key and opens the console; absent where the board is for the bench only. */
  readonly servicePad?: Pin;
  /** The paw button. `on` is its level when pressed; the opposite pull is switched on inside the chip. */
  readonly paw: SwitchPin;
  readonly heart: {
    /** Red: lit if and only if the microphone has power. */
    readonly recording: SwitchPin;
    /** Any other colour: glows while unheard messages wait. */
    readonly glow: SwitchPin;
  };
  readonly microphone: {
    readonly input: AnalogPin;
    /** Powers the microphone. The same pin as `heart.recording` where the board allows: then no software can part them. */
    readonly power: SwitchPin;
    /** SAADC gain: input x gain is compared with the reference. */
    readonly gain: number;
    /** SAADC reference: the internal 0.6 V or a quarter of the supply. */
    readonly reference: "internal" | "vdd/4";
    /** Output voltage in silence, and its swing (peak, in volts) for the loudest speech that the front end passes unclipped. */
    readonly biasVolts: number;
    readonly peakVolts: number;
    /** From power to a settled output, in milliseconds. */
    readonly settleMs: number;
  };
  readonly speaker: {
    readonly output: Pin;
    /** Switches the amplifier on; absent where the speaker hangs on the pin. */
    readonly amplifier?: SwitchPin;
    /** PWM carrier in Hz: above hearing, a divisor of the 16 MHz counter clock and a multiple of the 8 kHz of messages. */
    readonly carrierHz: number;
  };
  /** One of the two DMA buffers in milliseconds; capture and playback share their memory, allocated once at boot. */
  readonly audioBufferMs: number;
  /** How battery voltage is read; absent where the board has none. millivolts = reading / 2^14 * fullScaleMillivolts * divider. */
  readonly battery?: {
    readonly input: AnalogPin;
    readonly enable?: SwitchPin;
    readonly divider: number;
    /** Below this a full recording might not end safely. */
    readonly lowMillivolts: number;
  };
  /** What a good unit measures in the self-test: root mean square, in thousandths of the microphone's largest swing. */
  readonly selfTest: {
    /** Most that a quiet second gives. */
    readonly silenceAtMost: number;
    /** How much of the speaker's tone the microphone hears, above what it heard at that frequency before. */
    readonly loopback: { readonly atLeast: number; readonly atMost: number };
  };
  /** Supply of the pins in volts. */
  readonly supplyVolts: number;
  /** Where a boot loader begins at the end of the chip's flash, as UICR names it: bonds lie below; at the end where there is none. */
  readonly bootLoader?: number;
  /** Area that Espruino's Storage manages. */
  readonly storage: { readonly kind: "external" | "internal"; readonly base: number; readonly pages: number };
  /** The flash chip beside the nRF52 where storage is external: how long a page erase and the write of 256 bytes block JavaScript, and erases that a page bears. */
  readonly externalFlash?: { readonly part: string; readonly pageEraseMs: number; readonly write256Ms: number; readonly eraseCycles: number };
  readonly flashMap: FlashMap;
  readonly capabilities: {
    /** BLE link to accepted phones. */
    readonly link: boolean;
    /** Resolvable private addresses. */
    readonly privateAddress: boolean;
    readonly attMtu: number;
    /** PWM3 exists: playback by DMA without taking a PWM from Espruino. */
    readonly pwm3: boolean;
    /** Longest time in milliseconds without JavaScript that a recording survives. */
    readonly stallMs: number;
  };
  /** What the engineer solders: signal, board pin as printed on it, what it goes to. */
  readonly wiring: readonly { readonly signal: string; readonly pin: string; readonly to: string }[];
}

/** What the build puts into the firmware: the rest is for people and tools. */
export interface FirmwareBoard extends Pick<
  Board,
  "id" | "paw" | "heart" | "microphone" | "speaker" | "battery" | "supplyVolts" | "capabilities" | "audioBufferMs"
> {
  /** In RAM they begin at 0. */
  readonly messages: PageRun;
  readonly slots: readonly PageRun[];
  readonly keyPage?: number;
}
