// What 40 s of voice lose on their way through each implementation of the audio ports, while JavaScript stands still, the radio's
// interrupts run and pages of internal flash are rewritten: DMA, which ships, beside Espruino's Waveform, which does not.
// Counted at the converter and at the pin, not by ear.

import { xiaoble } from "../../boards/xiaoble.ts";
import type { Clock, Microphone, PawToken, Speaker } from "../../hal/contract.ts";
import { createEspruinoClock } from "../../hal/espruino/clock.ts";
import { createAudioMemory, type AudioMemory } from "../../hal/espruino/dma-memory.ts";
import { createDmaMicrophone } from "../../hal/espruino/dma-microphone.ts";
import { createDmaSpeaker } from "../../hal/espruino/dma-speaker.ts";
import { createWaveformMicrophone } from "../../hal/espruino/waveform-microphone.ts";
import { createWaveformSpeaker } from "../../hal/espruino/waveform-speaker.ts";
import type { Line, Section } from "../commands/bench.ts";
import { createSimBench, type SimBench } from "./adapter-bench.ts";

export interface Troubles {
  readonly stallMs: number;
  readonly everyMs: number;
}

/** What the board's data promise to survive, once a second. */
export const PROMISED: Troubles = { stallMs: xiaoble.capabilities.stallMs, everyMs: 1000 };
const SECONDS = 40;
/** A connection at the shortest interval; how long its interrupts block others is assumed. */
const RADIO = { everyUs: 7500, spreadUs: 500, blocksUs: 90, seed: 1 };
/** A page of bonds is rewritten so often, in ms: internal flash, which stops the processor. */
const BOND_PAGE_MS = 10_000;
const BOND_PAGE_US = 85_000;
/** Levels that words count through: far enough apart for eight bits, and a prime, so that a buffer played twice shows. */
const NUMBERS = 37;

const levelOf = (number: number): number => ((number % NUMBERS) + 1) / (NUMBERS + 2);
const numberAt = (level: number): number => Math.round(level * (NUMBERS + 2)) - 1;

export interface Ports {
  readonly name: string;
  readonly microphone: (clock: Clock, memory: AudioMemory) => Microphone;
  readonly speaker: (clock: Clock, memory: AudioMemory) => Speaker;
  /** The duty of a word of this share of full scale, and back. */
  readonly turned: (share: number) => number;
}

const isPressed = (): boolean => true;
export const DMA: Ports = {
  name: "DMA",
  microphone: (clock, memory) => createDmaMicrophone(xiaoble, clock, memory, isPressed),
  speaker: (clock, memory) => createDmaSpeaker(xiaoble, clock, memory),
  turned: (share) => 1 - share,
};
export const WAVEFORM: Ports = {
  name: "Waveform",
  microphone: (clock, memory) => createWaveformMicrophone(xiaoble, clock, memory, isPressed),
  speaker: (clock, memory) => createWaveformSpeaker(xiaoble, clock, memory),
  turned: (share) => share,
};

export interface Lost {
  /** Recording: samples of the time between first and last that never came. Playing: words that did not follow their predecessor. */
  readonly samples: number;
  /** What the port itself knows of that. */
  readonly reported: number;
  /** By how much the time between two neighbours is wrong at worst, in us. */
  readonly worstUs: number;
}

export function lostSamplesBench(): Section {
  const lines: Line[] = [];
  for (const [what, measure] of [
    ["recorded", recording],
    ["played", playing],
  ] as const) {
    const [ours, theirs] = [measure(DMA, PROMISED), measure(WAVEFORM, PROMISED)];
    const peer = `${WAVEFORM.name}: ${theirs.samples}, of which it knows ${theirs.reported}`;
    lines.push({ what: `${what} by ${DMA.name}: samples lost or out of place`, value: ours.samples, unit: "", goal: { atMost: 0 }, peer });
    const peerGap = `${WAVEFORM.name}: ${(theirs.worstUs / 1000).toFixed(1)} ms`;
    lines.push({ what: `${what} by ${DMA.name}: largest error between two neighbours`, value: ours.worstUs / 1000, unit: "ms", goal: { atMost: 0 }, peer: peerGap });
  }
  const { stallMs, everyMs } = PROMISED;
  const title = `What ${SECONDS} s of voice lose: no JavaScript for ${stallMs} of every ${everyMs} ms, a page of bonds rewritten every ${BOND_PAGE_MS / 1000} s, a connection`;
  return { title, lines };
}

/** Forty seconds into the microphone. */
export function recording(ports: Ports, troubles: Troubles): Lost {
  const instants = new Instants();
  const bench = createSimBench({ board: xiaoble, radio: RADIO, volts: (timeUs) => (instants.add(timeUs), 1) });
  try {
    const microphone = ports.microphone(...parts(bench));
    microphone.open({ isLive: () => true } as PawToken);
    let taken = 0;
    let reported = -1;
    microphone.start(
      (_address, count) => void (taken += count),
      (_code, dropped) => void (reported = dropped),
    );
    const fromUs = bench.machine.clock.now;
    bench.run(100);
    trouble(bench, troubles, fromUs);
    microphone.stop();
    bench.run(2000);
    return { samples: Math.floor(instants.spanUs * microphone.rateHz * 1e-6 + 1e-6) - taken, reported, worstUs: instants.worstUs };
  } finally {
    bench.dispose();
  }
}

/** Forty seconds out of the speaker. */
export function playing(ports: Ports, troubles: Troubles): Lost {
  const bench = createSimBench({ board: xiaoble, radio: RADIO });
  try {
    const [clock, memory] = parts(bench);
    const speaker = ports.speaker(clock, memory);
    const total = Math.floor(SECONDS * speaker.rateHz);
    let given = 0;
    let reported = -1;
    speaker.play(
      (address, words) => {
        const count = Math.min(words, total - given);
        const out = new Uint16Array(memory.bytes.buffer, memory.bytes.byteOffset + address - memory.address, words);
        for (let i = 0; i < count; i++) out[i] = Math.round(levelOf(given + i) * speaker.fullScale);
        given += count;
        return count;
      },
      (_code, late) => void (reported = late),
    );
    trouble(bench, troubles, bench.machine.clock.now);
    bench.run(3000);
    return { reported, ...heard(bench, ports, total) };
  } finally {
    bench.dispose();
  }
}

function parts(bench: SimBench): [Clock, AudioMemory] {
  const clock = createEspruinoClock(0, (error) => {
    throw error;
  });
  return [clock, createAudioMemory(xiaoble, { allocate: bench.flat })];
}

function trouble(bench: SimBench, { stallMs, everyMs }: Troubles, fromUs: number): void {
  const { machine } = bench;
  for (let atMs = everyMs; atMs < SECONDS * 1000; atMs += everyMs) {
    bench.run(fromUs / 1000 + atMs - machine.clock.now / 1000);
    if (atMs % BOND_PAGE_MS === 0) machine.stall(BOND_PAGE_US, true);
    machine.stall(stallMs * 1000);
  }
  bench.run(fromUs / 1000 + SECONDS * 1000 - machine.clock.now / 1000);
}

/** When the converter looked, without keeping all of it. */
class Instants {
  #firstUs: number | undefined;
  #lastUs = 0;
  #stepUs: number | undefined;
  worstUs = 0;

  add(timeUs: number): void {
    if (this.#firstUs === undefined) this.#firstUs = timeUs;
    else {
      const stepUs = timeUs - this.#lastUs;
      this.#stepUs ??= stepUs;
      this.worstUs = Math.max(this.worstUs, Math.abs(stepUs - this.#stepUs));
    }
    this.#lastUs = timeUs;
  }

  /** From the first to the end of the last. */
  get spanUs(): number {
    return this.#lastUs - (this.#firstUs ?? 0) + (this.#stepUs ?? 0);
  }
}

/** What the pin played of `total` numbered words. */
function heard({ drives }: SimBench, { turned }: Ports, total: number): Pick<Lost, "samples" | "worstUs"> {
  let [expected, samples, worstUs, nextUs] = [-1, 0, 0, 0];
  let left = total;
  for (const { nrf, atUs, drive } of drives) {
    if (nrf !== xiaoble.speaker.output.nrf || drive.kind !== "duties" || left === 0) continue;
    if (expected >= 0) worstUs = Math.max(worstUs, Math.abs(atUs - nextUs));
    nextUs = atUs + drive.duties.length * drive.periodUs;
    for (const duty of drive.duties) {
      if (left === 0) break;
      const number = numberAt(turned(duty));
      if (expected >= 0 && number !== expected) samples++;
      expected = (number + 1) % NUMBERS;
      left--;
    }
  }
  return { samples: samples + left, worstUs };
}
