// A microphone whose every converter result tells its own number: a level drawn from a hash of it, far from the levels around.
// So a captured word proves which 62.5 us it was heard in, and a lost, repeated or moved one shows at once.

import type { Toy } from "./toy.ts";
import { converterScale } from "./reference.ts";

export const RESULT_US = 62.5;
/** Levels are so far apart that the converter's own noise (about 1 of 4096 after averaging) cannot take one for another. */
const LEVEL_STEP = 48;
const LEVELS = 64;
const TOLERANCE = 16;

function levelOf(number: number): number {
  let x = Math.imul(number + 1, 0x9e3779b1);
  x ^= x >>> 15;
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  return (x >>> 0) % LEVELS;
}

/** What the converter reads, less its noise. */
function resultOf(number: number, mid: number): number {
  return mid + (levelOf(number) - LEVELS / 2) * LEVEL_STEP;
}

export interface Numbered {
  /** The instant of result 0 of the capture that began last; undefined before. */
  originUs(): number | undefined;
  /** Checks words one by one from result `first` on: index of the first that is not what was heard then, or -1. */
  firstWrong(words: Int16Array, first?: number): number;
  /** The number of the first of these words, looking from `from` on, or -1. */
  locate(words: Int16Array, from: number): number;
}

/** Puts the numbers before the microphone of a toy that is on; they count from each start of the converter. */
export function numberMicrophone(toy: Toy): Numbered {
  const { board, world } = toy;
  const { mid } = converterScale(board);
  const { microphone } = board;
  const { ain } = microphone.input;
  const fullScaleVolts = (microphone.reference === "internal" ? board.chip.adc.referenceVolts : board.supplyVolts / 4) / microphone.gain;
  const volts = world.volts.bind(world);
  let originUs: number | undefined;
  world.volts = (input, fromUs, stepUs, out) => {
    // Keeps the world's own book of when somebody listened.
    const heard = world.listenedUs.length;
    volts(input, fromUs, stepUs, out);
    if (input !== ain) return;
    if (world.listenedUs.length > heard) originUs = fromUs;
    for (let i = 0; i < out.length; i++) {
      const number = Math.floor((fromUs + i * stepUs - originUs!) / RESULT_US + 1e-6);
      out[i] = (resultOf(number, mid) / 4096) * fullScaleVolts;
    }
  };
  const isRight = (word: number, number: number): boolean => Math.abs(word - resultOf(number, mid)) <= TOLERANCE;
  return {
    originUs: () => originUs,
    firstWrong: (words, first = 0) => words.findIndex((word, i) => !isRight(word, first + i)),
    locate(words, from) {
      const probe = Math.min(words.length, 32);
      for (let number = from; number < from + 1e6; number++) {
        let i = 0;
        while (i < probe && isRight(words[i]!, number + i)) i++;
        if (i === probe) return number;
      }
      return -1;
    },
  };
}
