// What the interpreter's work costs, as data: milli-turns of the README loop. Says nothing about where the work occurs in a
// program (features.ts) and is never tuned to a scenario: figures come from tools/cost/measure.ts or the sources stated here.

/** One turn of `for(i=0;i<1000;i=i+1)` with a global i takes 0.28 ms on the board (Espruino README_JIT.md; board not named). */
export const TURN_MS = 0.28;

/** Work that a program causes; every unit is counted statically, per block. */
export type Feature = keyof typeof COST_MILLITURNS;

/**
 * Milli-turns per unit. Fitted (non-negative least squares on relative errors) to the programs of tools/cost/programs.ts on
 * Espruino 2v29.277 for Linux, commit c5ff787b, each timed against the README loop in the same process:
 * `tools/cost/measure.ts --fit` prints it anew. What the fit found to cost nothing of its own (a statement, the table of
 * built-ins, entering a native function) has no entry.
 */
export const FITTED_MILLITURNS = {
  token: 6.1,
  character: 4.6,
  parsedToken: 15.6,
  constant: 55.8,
  number: 45.7,
  string: 316.4,
  identifier: 66.9,
  scope: 31.7,
  name: 3.7,
  builtInMember: 995.3,
  inheritedMember: 322.4,
  index: 209.9,
  unary: 77.1,
  binary: 100.4,
  concat: 128.1,
  logical: 8.5,
  conditional: 63,
  assignment: 69.5,
  compound: 246.3,
  update: 203.6,
  indexStore: 82.6,
  memberStore: 144.5,
  call: 312.4,
  argument: 245.7,
  entry: 383.2,
  parameter: 58.3,
  closureScope: 142.7,
  returnValue: 123.4,
  construct: 1283.8,
  array: 30.1,
  element: 143.1,
  object: 26,
  property: 385.1,
  function: 175.6,
  functionText: 382.2,
  captured: 129.7,
  declaredParameter: 71.1,
  declaration: 213,
  if: 36.4,
  loop: 40.5,
  iteration: 146.7,
  switch: 77,
  case: 239.1,
  try: 104.1,
  catch: 724,
} as const satisfies Record<string, number>;

/** What no program on Linux shows: see costsIn, and for the memory of a text in RAM `flatAllocation` in boundary.ts. */
const DERIVED_MILLITURNS = { flashCharacter: 0, ramText: 4000 } as const;

export const COST_MILLITURNS = { ...FITTED_MILLITURNS, ...DERIVED_MILLITURNS };

export type Costs = Readonly<Record<Feature, number>>;

/** Where the interpreter reads a program from. "memory" is internal flash or RAM; "spiFlash" is XIAOBLE's external chip. */
export type CodeMemory = "memory" | "spiFlash";

/**
 * Milli-turns more per character read from XIAOBLE's bit-banged flash. Derived, not measured: 16 characters per read
 * (src/jsvariterator.h) of 64 double-bit clocks at about 16 cycles, and for every other read 40 command bits at about 12 (a read
 * that goes on where the last ended needs none; targets/nrf5x/jshardware.c spiFlashRead2x, jshFlashRead), 64 MHz: 22 us per 16.
 */
const SPI_CHARACTER_MILLITURNS = 5;

/**
 * Functions evaluated from flash keep their text there, but those that say "ram" (src/jsparse.c jspeFunctionDefinitionInternal): it is
 * copied when such a function is made, after it was read once more for its length, into memory that is sought for it. That the copy has
 * fewer characters is not modelled. A program evaluated from
 * RAM copies it whenever it makes a function, at some 10 turns more per 50 characters (the search for contiguous variables):
 * not modelled, as nothing ships so.
 */
export function costsIn(memory: CodeMemory, costs: Costs): Costs {
  return memory === "memory" ? costs : { ...costs, flashCharacter: SPI_CHARACTER_MILLITURNS };
}
