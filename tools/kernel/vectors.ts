// Makes the ADPCM reference vectors in test/data/adpcm with sox and ffmpeg from a synthetic signal: nobody's voice, the same
// bytes each time. Run it only to renew them; tests read the committed files.

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { BLOCK_BYTES, BLOCK_SAMPLES, MESSAGE_RATE_HZ } from "../../firmware/voice/abi.ts";
import { encodeBlock } from "../../firmware/voice/adpcm.ts";
import { UserError } from "../errors.ts";

const FOLDER = fileURLToPath(new URL("../../test/data/adpcm/", import.meta.url));
/** Two whole blocks of ours and an odd rest. */
const SAMPLES = 2 * BLOCK_SAMPLES + 333;

/** A rising tone, noise that swells, silence, full-scale steps: what makes steps grow, shrink, saturate. */
export function signal(): Int16Array {
  let seed = 1;
  const noise = (): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 0x80000000 - 1;
  };
  return Int16Array.from({ length: SAMPLES }, (_, i) => {
    const part = Math.floor(i / 400) % 4;
    if (part === 0) return Math.round(9000 * Math.sin((i * i) / 9000));
    if (part === 1) return Math.round(((i % 400) ** 2 / 160000) * 20000 * noise());
    if (part === 2) return Math.round(3 * noise());
    return i % 50 < 25 ? 32767 : -32768;
  });
}

function chunk(id: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, "latin1");
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length & 1)]);
}

function riff(...chunks: readonly Buffer[]): Buffer {
  return chunk("RIFF", Buffer.concat([Buffer.from("WAVE"), ...chunks]));
}

function pcmWav(samples: Int16Array): Buffer {
  const fmt = Buffer.alloc(16);
  [1, 1].forEach((value, i) => fmt.writeUInt16LE(value, 2 * i));
  fmt.writeUInt32LE(MESSAGE_RATE_HZ, 4);
  fmt.writeUInt32LE(MESSAGE_RATE_HZ * 2, 8);
  [2, 16].forEach((value, i) => fmt.writeUInt16LE(value, 12 + 2 * i));
  return riff(chunk("fmt ", fmt), chunk("data", Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)));
}

/** The signal in blocks of ours by the reference encoder, as a WAV file with its fact chunk. */
function adpcmWav(samples: Int16Array): Buffer {
  const blocks: Buffer[] = [];
  let index = 0;
  for (let at = 0; at < samples.length; at += BLOCK_SAMPLES) {
    const block = new Uint8Array(BLOCK_BYTES);
    index = encodeBlock(samples.subarray(at, Math.min(at + BLOCK_SAMPLES, samples.length)), block, index);
    blocks.push(Buffer.from(block));
  }
  const fmt = Buffer.alloc(20);
  [0x11, 1].forEach((value, i) => fmt.writeUInt16LE(value, 2 * i));
  fmt.writeUInt32LE(MESSAGE_RATE_HZ, 4);
  fmt.writeUInt32LE(Math.floor((MESSAGE_RATE_HZ * BLOCK_BYTES) / BLOCK_SAMPLES), 8);
  [BLOCK_BYTES, 4, 2, BLOCK_SAMPLES].forEach((value, i) => fmt.writeUInt16LE(value, 12 + 2 * i));
  const fact = Buffer.alloc(4);
  fact.writeUInt32LE(samples.length);
  return riff(chunk("fmt ", fmt), chunk("fact", fact), chunk("data", Buffer.concat(blocks)));
}

function run(tool: string, ...args: string[]): void {
  const result = spawnSync(tool, args, { cwd: FOLDER, encoding: "utf8" });
  if (result.error || result.status !== 0) {
    throw new UserError(`${tool} failed: ${result.error?.message ?? result.stderr}`, `Install ${tool}; the vectors are made by it.`);
  }
}

function main(): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}signal.wav`, pcmWav(signal()));
  writeFileSync(`${FOLDER}ours.wav`, adpcmWav(signal()));
  run("sox", "-D", "signal.wav", "-e", "ima-adpcm", "sox.wav");
  for (const name of ["sox", "ours"]) {
    run("sox", "-D", `${name}.wav`, "-t", "s16", `${name}.sox.pcm`);
    run("ffmpeg", "-v", "error", "-y", "-i", `${name}.wav`, "-f", "s16le", `${name}.ffmpeg.pcm`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
