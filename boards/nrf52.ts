// Facts of the chips, stated once and spread into the boards: data only. What a board solders to a chip is not here.
// PS = Nordic's product specification of the chip. Nothing here was measured by us.

export interface Chip {
  readonly name: "nRF52840" | "nRF52833";
  /** Core clock in Hz. PS, CPU. */
  readonly coreHz: number;
  /** Clock of PWM counters and of the SAADC's sample timer, in Hz. PS, PWM and SAADC. */
  readonly peripheralHz: number;
  /** First address and size of RAM, in bytes. PS, Memory. */
  readonly ramBase: number;
  readonly ramBytes: number;
  /** Internal flash in bytes; a page is what one erase clears. PS, Memory and NVMC. */
  readonly flashBytes: number;
  readonly pageBytes: number;
  /** Erase of one page and write of one 32-bit word: the CPU stands still meanwhile. PS, NVMC, tERASEPAGE and tWRITE (maximum). */
  readonly pageEraseMs: number;
  readonly wordWriteUs: number;
  /** Erases that a page bears, and writes of one word between two of them. PS, NVMC, nENDURANCE (minimum) and nWRITE (maximum). */
  readonly eraseCycles: number;
  readonly wordWrites: number;
  /** Configuration word that forbids a debug probe to read memory; only erasing the whole chip lifts it. PS, UICR.APPROTECT: 0x00 in its low byte. */
  readonly readbackProtection: { readonly address: number; readonly value: number };
  readonly adc: {
    /** Finest result in bits, and inputs AIN0..AIN(n-1). PS, SAADC. */
    readonly bits: number;
    readonly inputs: number;
    /** Bits that carry signal without oversampling (effective number of bits of a 12-bit result). PS, SAADC, ENOB about 9 to 10. */
    readonly effectiveBits: number;
    /** Internal reference in volts. PS, SAADC. */
    readonly referenceVolts: number;
    /** Gains that the channel configuration offers. PS, SAADC, CH[n].CONFIG. */
    readonly gains: readonly number[];
    /** Longest EasyDMA transfer in samples (15 bits). PS, SAADC, RESULT.MAXCNT. */
    readonly maxSamples: number;
  };
  /** PWM units with EasyDMA; Espruino's analogWrite takes the first three. PS, PWM; espruino targets/nrf5x/jshardware.c. */
  readonly pwmUnits: number;
  /** A pin may carry 0..portPins-1 (P1.0 is 32). PS, Pin assignments. */
  readonly portPins: number;
}

const saadc: Chip["adc"] = {
  bits: 14,
  inputs: 8,
  effectiveBits: 10,
  referenceVolts: 0.6,
  gains: [1 / 6, 1 / 5, 1 / 4, 1 / 3, 1 / 2, 1, 2, 4],
  maxSamples: 32767,
};

const approtect: Chip["readbackProtection"] = { address: 0x10001208, value: 0xffffff00 };

/** PS v1.11. */
export const nrf52840: Chip = {
  name: "nRF52840",
  coreHz: 64000000,
  peripheralHz: 16000000,
  ramBase: 0x20000000,
  ramBytes: 256 * 1024,
  flashBytes: 1024 * 1024,
  pageBytes: 4096,
  pageEraseMs: 85,
  wordWriteUs: 41,
  eraseCycles: 10000,
  wordWrites: 2,
  readbackProtection: approtect,
  adc: saadc,
  pwmUnits: 4,
  portPins: 48,
};

/** PS v1.6; the NVMC's figures are quoted from memory of it: check them before a hardware run depends on them. */
export const nrf52833: Chip = {
  name: "nRF52833",
  coreHz: 64000000,
  peripheralHz: 16000000,
  ramBase: 0x20000000,
  ramBytes: 128 * 1024,
  flashBytes: 512 * 1024,
  pageBytes: 4096,
  pageEraseMs: 87.5,
  wordWriteUs: 42.5,
  eraseCycles: 10000,
  wordWrites: 2,
  readbackProtection: approtect,
  adc: saadc,
  pwmUnits: 4,
  portPins: 42,
};
