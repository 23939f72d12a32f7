// Writes WAV files: mono 16-bit PCM, and mono IMA ADPCM from blocks that are coded already. A file appears whole or not at
// all: nobody ever sees half of one, and a failure leaves what was there before.
// Facts: Microsoft, "New Multimedia Data Types" (1994): IMA ADPCM needs the extended format chunk and a fact chunk.

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { samplesInBlock } from "../../firmware/voice/adpcm.ts";
import { UserError } from "../errors.ts";
import { TAG_IMA_ADPCM, TAG_PCM } from "./formats.ts";

/** Full scale +-1 to 16 bit: rounded to nearest, clipped. */
export function toPcm16(samples: ArrayLike<number>): Int16Array {
  const pcm = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++) pcm[i] = Math.max(-32768, Math.min(32767, Math.round(samples[i] * 32768)));
  return pcm;
}

/** 16 bit to full scale +-1. */
export function fromPcm16(pcm: ArrayLike<number>): Float32Array {
  const samples = new Float32Array(pcm.length);
  for (let i = 0; i < pcm.length; i++) samples[i] = pcm[i] / 32768;
  return samples;
}

/** A RIFF file of the given chunks, each padded to an even length. */
function riff(chunks: readonly (readonly [id: string, content: Uint8Array])[]): Uint8Array {
  const total = 12 + chunks.reduce((sum, [, content]) => sum + 8 + content.length + (content.length & 1), 0);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  const ascii = (at: number, text: string): void => bytes.set(Array.from(text, (c) => c.charCodeAt(0)), at);
  ascii(0, "RIFF");
  view.setUint32(4, total - 8, true);
  ascii(8, "WAVE");
  let at = 12;
  for (const [id, content] of chunks) {
    ascii(at, id);
    view.setUint32(at + 4, content.length, true);
    bytes.set(content, at + 8);
    at += 8 + content.length + (content.length & 1);
  }
  return bytes;
}

function formatChunk(size: number, tag: number, rateHz: number, bytesPerSecond: number, blockAlign: number, bits: number): DataView {
  const view = new DataView(new ArrayBuffer(size));
  view.setUint16(0, tag, true);
  view.setUint16(2, 1, true);
  view.setUint32(4, rateHz, true);
  view.setUint32(8, bytesPerSecond, true);
  view.setUint16(12, blockAlign, true);
  view.setUint16(14, bits, true);
  return view;
}

const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer);

export function pcm16Wav(pcm: Int16Array, rateHz: number): Uint8Array {
  const data = new DataView(new ArrayBuffer(pcm.length * 2));
  for (let i = 0; i < pcm.length; i++) data.setInt16(2 * i, pcm[i], true);
  return riff([
    ["fmt ", bytesOf(formatChunk(16, TAG_PCM, rateHz, rateHz * 2, 2, 16))],
    ["data", bytesOf(data)],
  ]);
}

/**
 * `blocks` are whole standard mono blocks of `blockBytes`, one after the other; `sampleCount` of their samples count, the
 * rest of the last block is padding.
 */
export function adpcmWav(blocks: Uint8Array, blockBytes: number, sampleCount: number, rateHz: number): Uint8Array {
  const perBlock = samplesInBlock(blockBytes);
  if (sampleCount < 1 || blocks.length !== Math.ceil(sampleCount / perBlock) * blockBytes) {
    throw new RangeError(`${sampleCount} samples do not fill ${blocks.length} bytes in blocks of ${blockBytes}`);
  }
  const fmt = formatChunk(20, TAG_IMA_ADPCM, rateHz, Math.round((rateHz * blockBytes) / perBlock), blockBytes, 4);
  fmt.setUint16(16, 2, true);
  fmt.setUint16(18, perBlock, true);
  const fact = new DataView(new ArrayBuffer(4));
  fact.setUint32(0, sampleCount, true);
  return riff([
    ["fmt ", bytesOf(fmt)],
    ["fact", bytesOf(fact)],
    ["data", blocks],
  ]);
}

/** Writes beside the target, then renames: the target is whole, or as it was. */
export function writeFileAtomic(path: string, content: Uint8Array | string): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : content;
  try {
    const file = openSync(temporary, "wx");
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code;
    // EEXIST: the temporary file belongs to somebody else.
    if (why !== "EEXIST") rmSync(temporary, { force: true });
    throw new UserError(`${path} cannot be written (${why})`, "Check that its folder exists, may be written and has room.");
  }
}
