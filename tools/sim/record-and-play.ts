// The demonstration: a sealed toy boots on a simulated board, its paw is held while a voice speaks, and tapped to
// hear it again. Returns what happened, measured from outside the firmware: pins, flash, converter, speaker.

import type { Board } from "../../boards/board.ts";
import { MESSAGE_RATE_HZ } from "../../firmware/voice/abi.ts";
import type { Drive } from "../../sim/signals.ts";
import { Stage } from "../../sim/stage.ts";
import { compare, type Comparison } from "../audio/metrics.ts";
import { reconstruct, type DriveEvent } from "../audio/reconstruct.ts";
import { resample } from "../audio/resample.ts";
import { decimate } from "../audio/retime.ts";
import type { BuiltBundle } from "../build/build.ts";
import { UserError } from "../errors.ts";
import { keyOf } from "../image/keys.ts";
import { decodeMessage, storedMessages, type StoredMessage } from "../image/messages.ts";
import { soldFlash } from "../image/sold.ts";
import { nativeTable } from "../native-table.ts";
import type { Voice } from "./voice.ts";

/** Longest hold: a little more than the toy records. */
const LONGEST_HOLD_MS = 41000;
const AWAKE_MS = 6000;
/** The voice begins when the chirp is over. */
const VOICE_AFTER_MS = 700;
/** The product's figure: a press becomes a hold. */
const HOLD_MS = 300;
const PLAYED_RATE_HZ = 32000;
const MICROPHONE_RATE_HZ = 16000;

export interface Step {
  readonly atMs: number;
  readonly what: string;
}

export interface Stages {
  /** What the converter gave against what was spoken. */
  readonly converter: Comparison;
  /** What was stored against what the converter gave. */
  readonly codec: Comparison;
  /** What the speaker played against what was stored. */
  readonly pwm: Comparison;
  /** What was played against what was spoken. */
  readonly endToEnd: Comparison;
}

export interface Outcome {
  readonly board: Board;
  readonly steps: readonly Step[];
  readonly samplesCaptured: number;
  readonly samplesStored: number;
  readonly samplesDropped: number;
  readonly bytesStored: number;
  /** When the paw lived after power-on. */
  readonly bootedMs: number;
  readonly firstSampleMs: number;
  readonly firstSoundMs: number;
  readonly stages: Stages;
  readonly message: StoredMessage;
  /** 8 kHz, full scale +-1. */
  readonly spoken: Float32Array;
  readonly played: Float32Array;
  readonly playedRateHz: number;
  readonly stage: Stage;
  /** What the simulation itself took, on this machine. */
  readonly wallMs: number;
  readonly voiceFromMs: number;
}

export interface Conditions {
  readonly seed: number;
  /** Noise of room and microphone. */
  readonly noiseDbfs?: number;
}

export interface Progress {
  (what: string, atMs: number): void;
}

export async function recordAndPlay(board: Board, firmware: Pick<BuiltBundle, "code" | "lockdown">, voice: Voice, conditions: Conditions, progress: Progress): Promise<Outcome> {
  const steps: Step[] = [];
  const captured: Int16Array[] = [];
  const stage: Stage = new Stage({
    board,
    ...soldFlash(board, firmware, conditions),
    native: (bus) => nativeTable(bus, { onCapture: (samples) => captured.push(samples) }),
    ...conditions,
  });
  const step = (what: string): void => {
    steps.push({ atMs: stage.nowMs, what });
    progress(what, stage.nowMs);
  };

  const wallFrom = performance.now();
  stage.powerOn();
  step(`${board.title} has booted: the paw lives`);
  const bootedMs = stage.nowMs;
  // The boot's known-answer test is a capture too.
  captured.length = 0;
  stage.wait(Math.max(0, AWAKE_MS - stage.nowMs));

  const holdMs = Math.min(voice.seconds * 1000 + VOICE_AFTER_MS + 300, LONGEST_HOLD_MS);
  const pressedMs = stage.nowMs;
  const voiceFromMs = pressedMs + VOICE_AFTER_MS;
  step(`paw held for ${(holdMs / 1000).toFixed(1)} s while ${voice.name} speaks`);
  stage.speak(voice.sound, VOICE_AFTER_MS).hold(holdMs).wait(1500);
  const message = storedMessages(board, stage.memories, keyOf(board, stage.memories, stage.roots)).at(-1);
  if (!message?.blocks) throw new UserError("the toy kept no message", "Speak longer than half a second, or see the timeline.");
  const stored = decodeMessage(message);
  step(`message ${message.sequence} stored: ${stored.length} samples, ${message.blocks.length} bytes of IMA ADPCM`);

  const tappedMs = stage.nowMs + 100;
  stage.tap();
  step("paw tapped");
  stage.wait((stored.length / MESSAGE_RATE_HZ) * 1000 + 1000);
  const drives = stage.world.changes.get(board.speaker.output.nrf) ?? [];
  const sound = drives.filter(({ atUs, drive }) => drive.kind === "duties" && atUs > tappedMs * 1000);
  if (sound.length === 0) throw new UserError("the toy played nothing", "See the timeline.");
  step("message played");
  const wallMs = performance.now() - wallFrom;

  const pcm = joined(captured);
  const playedFromUs = sound[0]!.atUs;
  // A duty word is the part of the period in which the pin is low (hal/espruino/dma-speaker.ts): nobody hears it, but a picture
  // and a comparison of periodic sounds would show it.
  const played = reconstruct(drives as DriveEvent[], {
    fromUs: playedFromUs,
    toUs: playedFromUs + (stored.length / MESSAGE_RATE_HZ) * 1e6,
    rateHz: PLAYED_RATE_HZ,
  }).map((x) => -x);
  const spoken = await resample(Float32Array.from(voice.sound.samples), voice.sound.rateHz, MESSAGE_RATE_HZ);
  const heard = decimate(played, PLAYED_RATE_HZ / MESSAGE_RATE_HZ);
  const converter = decimate(Float32Array.from(pcm, (x) => x / 2048), MICROPHONE_RATE_HZ / MESSAGE_RATE_HZ);
  const kept = Float32Array.from(stored, (x) => x / 32768);
  // From the beginning of the voice to that of the playback; the stages behind the converter add less than a millisecond.
  const measure = (reference: ArrayLike<number>, observed: ArrayLike<number>, maxDelayS: number): Comparison =>
    compare(reference, observed, { rateHz: MESSAGE_RATE_HZ, maxDelayS });
  const blocksBytes = message.blocks.length;
  return {
    board,
    steps,
    samplesCaptured: pcm.length,
    samplesStored: stored.length,
    samplesDropped: Math.max(0, Math.min(pcm.length >> 1, 40 * MESSAGE_RATE_HZ) - stored.length),
    bytesStored: blocksBytes,
    bootedMs,
    firstSampleMs: stage.world.listenedUs[0]! / 1000 - pressedMs - HOLD_MS,
    firstSoundMs: playedFromUs / 1000 - tappedMs,
    stages: {
      converter: measure(spoken, converter, 1),
      codec: measure(converter, kept, 0.002),
      pwm: measure(kept, heard, 0.002),
      endToEnd: measure(spoken, heard, 1),
    },
    message,
    spoken,
    played,
    playedRateHz: PLAYED_RATE_HZ,
    stage,
    wallMs,
    voiceFromMs,
  };
}

function joined(parts: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Whether a drive switches on what is wired as `on`. */
export function isOn(drive: Drive, on: 0 | 1): boolean {
  return (drive.kind === "level" && drive.level === on) || (drive.kind === "pwm" && (on ? drive.duty : 1 - drive.duty) > 0);
}

