// Not one sample dropped, repeated or out of place in the longest recording and its playback, with JavaScript standing still
// for as long as the board says that it survives: compared by the number of each sample and by each duty word.

import assert from "node:assert/strict";
import { boards } from "../../boards/index.ts";
import type { Board } from "../../boards/board.ts";
import { random } from "../support/random.ts";
import { RESULT_US, numberMicrophone } from "../support/numbered.ts";
import { encoded, firstDifference, joined, rendered } from "../support/reference.ts";
import { pair } from "../support/paired.ts";
import { playbacks } from "../support/speaker.ts";
import { Toy, assertPromisesKept, tone } from "../support/toy.ts";

const LONGEST_S = 40;
const RATE_HZ = 8000;
/** Instants relative to the end of a DMA buffer, in ms, at which a stall begins. The microphone's poll comes every 20 ms. */
const WORST_MS = [-21, -10, -1, -0.1, 0, 0.1, 1, 5, 10, 19, 21, 30, 45];

/** Given the instant at which samples began to flow and how long a DMA buffer lasts, the instants at which stalls begin. */
type Stalls = (board: Board, beganMs: number, seconds: number, bufferMs: number) => number[];

const none: Stalls = () => [];
const anytime =
  (seed: number): Stalls =>
  (board, beganMs, seconds, bufferMs) => {
    const next = random(seed);
    const found: number[] = [];
    // Two stalls are as far apart as it takes to catch up after one.
    for (let atMs = beganMs + 300 * next(); atMs < beganMs + seconds * 1000; atMs += board.capabilities.stallMs + bufferMs * (1 + next())) found.push(atMs);
    return found;
  };
/** A little later each time round: when a poll finds the end is its luck. */
const DRIFT_MS = 0.7;
const worst: Stalls = (_board, beganMs, seconds, bufferMs) =>
  Array.from({ length: Math.floor((seconds * 1000) / bufferMs / 3) - 1 }, (_, i) => beganMs + bufferMs * 3 * (i + 1) + WORST_MS[i % WORST_MS.length]! + DRIFT_MS * Math.floor(i / WORST_MS.length));

const longestS = (board: Board): number => (board.flashMap.log.kind === "ram" ? board.flashMap.log.seconds : LONGEST_S);

function runWithStalls(toy: Toy, stallsMs: readonly number[], untilMs: number): void {
  for (const atMs of stallsMs) {
    if (atMs >= untilMs || atMs < toy.nowMs) continue;
    toy.wait(atMs - toy.nowMs).stall(toy.board.capabilities.stallMs);
  }
  toy.wait(Math.max(0, untilMs - toy.nowMs));
}

/** A family phone that fetches an older message again and again, and asks for the toy's state in between; how often it was answered. */
function companion(toy: Toy): () => number {
  toy.speak(tone(440, 2)).hold(2000).wait(1500);
  const phone = pair(toy, { intervalMs: 7.5 });
  assert.equal(phone.open(), 0);
  const { sequence } = phone.list().value![0]!;
  const heard = phone.central.gatt.onNotification!;
  let answers = 0;
  phone.central.gatt.onNotification = (handle, data) => {
    answers++;
    heard(handle, data);
  };
  const again = (): void => phone.begin((client) => client.fetch(sequence, () => client.state(again)));
  again();
  toy.wait(500);
  return () => answers;
}

function check(board: Board, stalls: Stalls, company?: (toy: Toy) => () => number): void {
  const toy = Toy.awake({ board });
  const answers = company?.(toy);
  const before = answers?.();
  const kept = toy.messages().length;
  const seconds = longestS(board);
  const numbers = numberMicrophone(toy);
  toy.captured.length = 0;
  toy.press();
  toy.waitUntil("the converter runs", () => numbers.originUs() !== undefined);
  const beganMs = numbers.originUs()! / 1000;
  // Capture and playback use the same memory: results come at half the rate of duty words, so a buffer of them lasts longer.
  const captureMs = (board.audioBufferMs * board.speaker.carrierHz * RESULT_US) / 1e6;
  runWithStalls(toy, stalls(board, beganMs, seconds, captureMs), beganMs + seconds * 1000 + 1500);
  toy.release().wait(1500);

  const results = joined(toy.captured);
  assert.equal(numbers.firstWrong(results), -1, "a captured word is not what was before the microphone at its instant");
  assert.ok(results.length >= seconds * RATE_HZ * 2, `${results.length} results of ${RESULT_US} us`);
  const { blocks, samples } = encoded(board, results, pageLimit(board));
  if (board.flashMap.log.kind === "flash") {
    const message = toy.messages().at(-1);
    assert.equal(toy.messages().length, kept + 1);
    assert.equal(message!.samples, LONGEST_S * RATE_HZ);
    assert.deepEqual(message!.blocks, blocks);
  }

  const tappedMs = toy.nowMs;
  toy.tap();
  toy.waitUntil("the voice sounds", () => playbacks(toy, tappedMs).length > 0);
  const soundedMs = playbacks(toy, tappedMs)[0]!.atMs;
  runWithStalls(toy, stalls(board, soundedMs, seconds, board.audioBufferMs), soundedMs + seconds * 1000 + 1500);
  const expected = rendered(board, blocks, samples);
  const [played, ...more] = playbacks(toy, tappedMs);
  assert.deepEqual(more, []);
  assert.equal(firstDifference(expected, played!.words), -1, "a duty word is not the message's");
  assert.ok(played!.words.length - expected.length <= 2, `${played!.words.length - expected.length} words follow the message`);
  if (answers) assert.ok(answers() - before! > 20, `the phone was answered ${answers() - before!} times meanwhile`);
  toy.assertHealthy();
}

/** A board that keeps its message in RAM has whole pages of it, which hold a little more than a second each. */
function pageLimit(board: Board): number {
  return board.flashMap.log.kind === "ram" ? board.flashMap.log.seconds * 8004 : LONGEST_S * RATE_HZ;
}

describe("every sample", () => {
  afterEach(assertPromisesKept);

  for (const [seed, board] of boards.entries()) {
    const { stallMs } = board.capabilities;
    describe(`of ${longestS(board)} s on ${board.id}`, () => {
      it("is recorded and played in its place", () => check(board, none));
      it(`keeps its place when JavaScript stands still for ${stallMs} ms at any time`, () => check(board, anytime(seed + 1)));
      it(`keeps its place when JavaScript stands still for ${stallMs} ms around the end of a buffer`, () => check(board, worst));
      if (board.flashMap.hasPrompts) it("keeps its place, stalls and all, beside a family phone that fetches", () => check(board, anytime(seed + 1), companion));
    });
  }
});
