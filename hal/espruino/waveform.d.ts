// Waveform as Espruino 2v29 has it; @types/espruino 1.95.0 lacks the constructor, the buffers and the events. Not in globals.d.ts:
// the bundle has no Waveform.

interface Waveform {
  readonly buffer: Uint8Array;
  readonly buffer2: Uint8Array;
  on(event: "buffer" | "finish", callback: (buffer: Uint8Array) => void): void;
}

interface WaveformConstructor {
  /** Undefined when there is no memory. */
  new (samples: number, options: { doubleBuffer?: boolean; bits?: 8 | 16 }): Waveform;
}
declare var Waveform: WaveformConstructor;
