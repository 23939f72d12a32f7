// What native functions and the idle loop cost beyond the call's syntax (which instrument() charges): data only.
// Times of the flash chip itself (program, erase) and of machine code are not here: flash and native-code tables have them.
//
// "Linux": measured by tools/cost/measure.ts --boundary on Espruino 2v29.277, relative to the README loop of the same run;
// bulk work may scale otherwise on the board. "Derived": from the source named. "Estimate": nobody measured it.

import { TURN_MS } from "./model.ts";

export const TURN_US = TURN_MS * 1000;

export interface BoundaryCost {
  readonly turns: number;
  readonly perByteTurns?: number;
}

export const boundaryTurns: Readonly<Record<string, BoundaryCost>> = {
  // Estimate: a pass of jsiIdle with nothing due is some hundred tests and no JavaScript, as a tenth of a millisecond.
  idlePass: { turns: 0.4 },
  // Linux: 200 timers due in one pass, 0.8 to 1.2 turns each beyond what the callback's own text costs.
  callback: { turns: 1 },
  // Derived: as callback, and the event object with its four properties at the model's prices.
  watchCallback: { turns: 2.6 },

  // Linux: 0.2 to 0.3, of which little is the clock.
  getTime: { turns: 0.3 },
  // Linux: 0.7 for the pair.
  setTimeout: { turns: 0.5 },
  clearTimeout: { turns: 0.2 },
  // Estimate: an options object is read and a watch with eight properties is made.
  setWatch: { turns: 3 },
  clearWatch: { turns: 0.2 },

  // Board: 10000 x two digitalWrite take 6.96 s (README_JIT.md), 2.49 turns a pass; the loop's syntax is 2.7 by the model.
  digitalWrite: { turns: 0 },
  // Linux, pin without hardware: 0.1.
  digitalRead: { turns: 0.1 },
  pinMode: { turns: 0.1 },
  // Estimate: one conversion of some 10 us with set-up, a float result.
  analogRead: { turns: 0.3 },
  // Estimate: a PWM is looked for and set up.
  analogWrite: { turns: 0.5 },

  // As isNaN on Linux (peek32 and poke32 crash there): 0.2. An array of values is charged where it is made.
  peek32: { turns: 0.2 },
  poke32: { turns: 0.2 },
  // As isNaN: the same path into machine code (src/jsnative.c). The machine code's cycles come on top.
  nativeCall: { turns: 0.2 },
  getAddressOf: { turns: 0.2 },

  // Linux: 0.4 and 78 per 4096 bytes.
  crc32: { turns: 0.4, perByteTurns: 0.019 },
  // Estimate: as crc32, a table per character.
  base64: { turns: 0.4, perByteTurns: 0.019 },
  // Linux: 0.5 and 88 per 4096 bytes. Iterators on both sides: the same path for copies of typed arrays.
  typedArraySet: { turns: 0.5, perByteTurns: 0.0215 },
  // Memory of more than two variables is first sought as one piece along the list of free variables (src/jsvar.c
  // jsvNewFlatStringOfLength). Measured: an interpreter that counts what it walks over, in the scenarios of the link: 1,300 at the
  // median for 128 bytes, 1,000 to 2,900 for 1,016 to 4,096. Derived: 45 cycles each, counted in that loop compiled for Cortex-M4.
  flatAllocation: { turns: 4 },

  // Derived for XIAOBLE: 4 double-bit clocks a byte at about 16 cycles, 64 MHz = 1 us; a new Uint8Array at the model's price of
  // `construct`, less what the call's syntax has. A result of more than two variables is a flatAllocation besides.
  flashRead: { turns: 0.5, perByteTurns: 0.0036 },
  // Derived for XIAOBLE: 8 bits a byte at about 14 cycles = 1.8 us; write enable, command, address, read-back of four bytes.
  flashWrite: { turns: 0.6, perByteTurns: 0.0063 },
  flashErase: { turns: 0.3 },

  // Derived: a result of seven properties at the model's price of one, and their look-ups in C.
  getSecurityStatus: { turns: 3.5 },
  // Derived: two nested objects are walked, the characteristic is sought by UUID handle by handle (bleGetGATTHandle, a call into the
  // stack for each of some thirty), its bytes are copied twice at the price of typedArraySet.
  updateServices: { turns: 3, perByteTurns: 0.043 },
  // Estimate: an option object of the size that setServices and its like take; done at boot.
  nrfSetting: { turns: 10 },
  nrfCall: { turns: 0.5 },
  // Derived: an event object, an ArrayBuffer and its string are made, as for `construct` and a property; then a callback's dispatch.
  // Data of more than two variables are a flatAllocation besides.
  nrfCallback: { turns: 3.2 },
  hwRand: { turns: 0.3 },

  // 1.25 s for 32 KB on the board is 0.136 turns a byte in all (12 ms on Linux times 104, the ratio of one run). What
  // instrument() charges while a bundle of factories is evaluated is 0.10 of it (Linux: 911 to 1149 turns for 9.5 KB, 977 by the
  // model); here is the rest only.
  evaluate: { turns: 0, perByteTurns: 0.035 },
};
