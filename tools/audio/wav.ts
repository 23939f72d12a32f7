// Reads WAV files of strangers: one mono signal in float, and notes of what was not as it should be. Memory and time are
// bounded by the bytes that are there, never by sizes that a header claims. What cannot be read right is a UserError.
// Writing is in wav-write.ts, the formats are in formats.ts.

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { basename } from "node:path";
import { decodeBlock, HEADER_BYTES, MAX_INDEX, samplesInBlock } from "../../firmware/voice/adpcm.ts";
import { UserError } from "../errors.ts";
import { asPcm, parseFormat, type WavFormat } from "./formats.ts";

/** Longest input: 512 MiB, 30 minutes. A message has 40 s; the rest is so that a whole session can be cut from. */
export const MAX_FILE_BYTES = 512 * 1024 * 1024;
export const MAX_SECONDS = 1800;
/** No honest writer makes so many chunks. */
const MAX_CHUNKS = 4096;

export interface Wav {
  readonly format: WavFormat;
  readonly rateHz: number;
  /** Mono, full scale +-1. 16-bit and ADPCM samples are exact: `toPcm16` gives them back. */
  readonly samples: Float32Array;
  /** What a user should know: mixed channels, missing data, clipping. */
  readonly notes: readonly string[];
}

interface Chunks {
  readonly fmt: DataView;
  readonly data: Uint8Array;
  /** Sample count that the `fact` chunk claims. */
  readonly fact: number | undefined;
}

const fourCc = (view: DataView, at: number): string =>
  String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));

function checkHead(view: DataView, name: string): void {
  if (view.byteLength === 0) throw new UserError(`${name} is empty`, "Record it again, or name another file.");
  const head = view.byteLength >= 4 ? fourCc(view, 0) : "";
  if (head === "RIFX" || head === "RF64" || head === "BW64") throw new UserError(`${name} is ${head}, not RIFF`, asPcm(name));
  if (view.byteLength < 12 || head !== "RIFF" || fourCc(view, 8) !== "WAVE") {
    throw new UserError(`${name} is not a WAV file`, `Convert it first, for example: ffmpeg -i ${name} -ac 1 -c:a pcm_s16le plain.wav`);
  }
}

function findChunks(bytes: Uint8Array, name: string, notes: string[]): Chunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  checkHead(view, name);
  let fmt: DataView | undefined;
  let data: Uint8Array | undefined;
  let fact: number | undefined;
  let count = 0;
  for (let at = 12; at + 8 <= bytes.length && data === undefined; count++) {
    if (count === MAX_CHUNKS) throw new UserError(`${name} has more than ${MAX_CHUNKS} chunks before its samples`, asPcm(name));
    const id = fourCc(view, at);
    const claimed = view.getUint32(at + 4, true);
    const size = Math.min(claimed, bytes.length - at - 8);
    if (id === "data") {
      if (size < claimed) notes.push(`cut off: ${size} of ${claimed} bytes of samples are there and were read`);
      data = bytes.subarray(at + 8, at + 8 + size);
    } else if (size < claimed) {
      throw new UserError(`${name} ends inside its "${id.replace(/[^ -~]/g, "?")}" chunk, before any sample`, "Copy or record it again.");
    } else if (id === "fmt ") {
      if (fmt !== undefined) throw new UserError(`${name} has two format chunks`, asPcm(name));
      fmt = new DataView(bytes.buffer, bytes.byteOffset + at + 8, size);
    } else if (id === "fact" && size >= 4) {
      fact = view.getUint32(at + 8, true);
    }
    at += 8 + claimed + (claimed & 1);
  }
  if (data === undefined) throw new UserError(`${name} has no data chunk`, "Copy or record it again.");
  if (fmt === undefined) throw new UserError(`${name} has no format chunk before its samples`, asPcm(name));
  if (data.length === 0) {
    throw new UserError(`${name} holds no samples`, `If a recorder was stopped hard, try: sox --ignore-length ${name} repaired.wav`);
  }
  return { fmt, data, fact };
}

type ReadSample = (view: DataView, at: number) => number;

function sampleReader(format: WavFormat): ReadSample {
  if (format.kind === "float") return format.bits === 32 ? (v, at) => v.getFloat32(at, true) : (v, at) => v.getFloat64(at, true);
  if (format.bits === 8) return (v, at) => (v.getUint8(at) - 128) / 0x80;
  if (format.bits === 16) return (v, at) => v.getInt16(at, true) / 0x8000;
  if (format.bits === 24) return (v, at) => (v.getUint8(at) + v.getInt16(at + 1, true) * 256) / 0x800000;
  return (v, at) => v.getInt32(at, true) / 0x80000000;
}

function readPlain(data: Uint8Array, format: WavFormat, name: string, notes: string[]): Float32Array {
  const { channels, blockAlign } = format;
  const frames = Math.floor(data.length / blockAlign);
  if (frames === 0) throw new UserError(`${name} holds less than one sample`, "Copy or record it again.");
  checkLength(frames, format, name);
  if (data.length % blockAlign !== 0) notes.push(`the last ${data.length % blockAlign} bytes are no whole sample and were left out`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const read = sampleReader(format);
  const width = format.bits / 8;
  const samples = new Float32Array(frames);
  let beyond = 0;
  for (let i = 0, at = 0; i < frames; i++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++, at += width) sum += read(view, at);
    samples[i] = sum / channels;
    if (!Number.isFinite(samples[i])) throw new UserError(`${name}: sample ${i} is not a number that can be played`, asPcm(name));
    if (samples[i] > 1 || samples[i] < -1) beyond++;
  }
  if (channels > 1) notes.push(`${channels} channels were mixed down to mono`);
  if (beyond > 0) notes.push(`${beyond} samples lie beyond full scale: they clip unless the level is lowered`);
  return samples;
}

function readAdpcm(data: Uint8Array, fact: number | undefined, format: WavFormat, name: string, notes: string[]): Float32Array {
  const { blockAlign } = format;
  const perBlock = samplesInBlock(blockAlign);
  const whole = Math.floor(data.length / blockAlign);
  const rest = data.length - whole * blockAlign;
  const held = whole * perBlock + (rest >= HEADER_BYTES ? samplesInBlock(rest) : 0);
  if (held === 0) throw new UserError(`${name} holds less than one ADPCM block header`, "Copy or record it again.");
  if (rest > 0 && rest < HEADER_BYTES) notes.push(`the last ${rest} bytes are no whole block header and were left out`);
  let frames = held;
  if (fact !== undefined && fact > 0 && fact < held) {
    // A claim that leaves a whole block unused cannot be the padding of the last one.
    if (held - fact < perBlock) frames = fact;
    else notes.push(`the fact chunk says ${fact} samples, the blocks hold ${held}: all were read`);
  } else if (fact !== undefined && fact > held) {
    notes.push(`the fact chunk says ${fact} samples, ${held} are there and were read`);
  }
  checkLength(frames, format, name);
  const samples = new Float32Array(frames);
  for (let from = 0, at = 0; from < frames; from += perBlock, at += blockAlign) {
    const block = data.subarray(at, Math.min(at + blockAlign, data.length));
    if (block[2] > MAX_INDEX) {
      throw new UserError(`${name} is damaged: block ${at / blockAlign} begins with step index ${block[2]}, the highest is ${MAX_INDEX}`, "Copy or record it again.");
    }
    const decoded = decodeBlock(block, Math.min(samplesInBlock(block.length), frames - from));
    for (let i = 0; i < decoded.length; i++) samples[from + i] = decoded[i] / 0x8000;
  }
  return samples;
}

function checkLength(frames: number, format: WavFormat, name: string): void {
  if (frames > MAX_SECONDS * format.rateHz) {
    throw new UserError(
      `${name} lasts ${Math.round(frames / format.rateHz)} s; at most ${MAX_SECONDS} are read`,
      `Cut a part out, for example: sox ${name} part.wav trim 0 40`,
    );
  }
}

/** Decodes a WAV file's bytes; `name` is for messages. */
export function decodeWav(bytes: Uint8Array, name: string): Wav {
  const notes: string[] = [];
  const { fmt, data, fact } = findChunks(bytes, name, notes);
  const format = parseFormat(fmt, name);
  const samples = format.kind === "ima-adpcm" ? readAdpcm(data, fact, format, name, notes) : readPlain(data, format, name, notes);
  return { format, rateHz: format.rateHz, samples, notes };
}

function readBounded(path: string, name: string): Uint8Array {
  let file: number;
  try {
    // Not blocking: a named pipe that nobody writes to would hang here. Windows has no such flag.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code;
    if (why === "ENOENT") throw new UserError(`${path} does not exist`, "Check the file's name and folder.");
    throw new UserError(`${path} cannot be opened (${why})`, "Check that it is a file that you may read.");
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new UserError(`${path} is not a file`, "Name a WAV file.");
    if (stat.size > MAX_FILE_BYTES) {
      throw new UserError(`${name} has ${Math.round(stat.size / 2 ** 20)} MiB; at most ${MAX_FILE_BYTES / 2 ** 20} are read`, `Cut a part out, for example: sox ${name} part.wav trim 0 40`);
    }
    const bytes = new Uint8Array(stat.size);
    let filled = 0;
    for (let got = -1; filled < bytes.length && got !== 0; filled += got) got = readSync(file, bytes, filled, bytes.length - filled, filled);
    return bytes.subarray(0, filled);
  } finally {
    closeSync(file);
  }
}

export function readWav(path: string): Wav {
  const name = basename(path);
  return decodeWav(readBounded(path, name), name);
}
