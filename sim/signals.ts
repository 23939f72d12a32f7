// What crosses the board's edge: volts into analog inputs, and what the output pins drive.

/** The analog world in front of the converter. */
export interface AnalogWorld {
  /** Fills `out` with the volts at analog input `ain` at fromUs, fromUs + stepUs, ... */
  volts(ain: number, fromUs: number, stepUs: number, out: Float64Array): void;
}

/** What an output pin does from an instant on. Levels and duties are fractions of the supply. */
export type Drive =
  | { readonly kind: "floating" }
  | { readonly kind: "level"; readonly level: 0 | 1 }
  /** A carrier of one duty. */
  | { readonly kind: "pwm"; readonly hz: number; readonly duty: number }
  /** A carrier whose duty changes: one value per `periodUs`; after the last one it stays. */
  | { readonly kind: "duties"; readonly hz: number; readonly periodUs: number; readonly duties: Float32Array };

/** Takes what pins drive; `nrf` is the port pin number. Calls come in order of time. */
export interface OutputSink {
  drive(nrf: number, atUs: number, drive: Drive): void;
}
