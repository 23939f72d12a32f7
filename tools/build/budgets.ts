// What the firmware may cost, in one place: the build refuses more, the bench shows how much is left.
// Source of the limits: product figures (350 functions and 64 outermost names: scope lookup is linear in Espruino).

export const budgets = {
  bundle: {
    /** Bytes of the minified bundle: a slot holds 31 pages of text, kernel and prompts. */
    bytes: 56 * 1024,
    functions: 350,
    outerNames: 64,
  },
  kernel: {
    /** Bytes of the voice functions. */
    voiceBytes: 1536,
    /** Of all functions, cipher included. */
    allBytes: 4096,
    /** Instructions per sample: 10% of a 64 MHz core at 8 kHz, were each one cycle; what it is in cycles the bench shows. */
    captureInstructions: 800,
    /** Of the ADPCM decoder alone, per sample. */
    decodeInstructions: 40,
  },
  /** Variables free in the worst state, as a share of the board's. */
  freeVariables: 0.4,
  /** And while somebody floods the toy: what the radio has to tell in one pass are variables all at once, up to 1024 bytes of its queue. */
  freeVariablesFlooded: 0.25,
} as const;
