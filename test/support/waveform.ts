// Types of Espruino's Waveform for tests that use it as firmware would.

export type WaveformSamples = Uint8Array | Uint16Array;

export interface WaveformObject {
  buffer: WaveformSamples;
  buffer2: WaveformSamples;
  running?: boolean;
  currentBuffer?: number;
  startInput(pin: unknown, hz: number, options?: object): void;
  startOutput(pin: unknown, hz: number, options?: object): void;
  stop(): void;
  on(event: string, callback: (buffer: WaveformSamples) => void): void;
}

interface Globals {
  Waveform: new (samples: unknown, options?: object) => WaveformObject;
  Pin: new (name: string) => unknown;
  analogWrite(pin: unknown, value: number, options: { freq: number }): void;
  digitalWrite(pin: unknown, value: number): void;
}
/** Espruino's globals, which a bench puts there. */
export function waveformGlobals(): Globals {
  return globalThis as unknown as Globals;
}
