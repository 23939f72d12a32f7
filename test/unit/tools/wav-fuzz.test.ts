// Hostile WAV files (threat S09): whatever the bytes, the reader ends soon with samples that are numbers and no more of them
// than the bytes can hold, or with a UserError. Seeded.

import assert from "node:assert/strict";
import fc from "fast-check";
import { UserError } from "../../../tools/errors.ts";
import { decodeWav } from "../../../tools/audio/wav.ts";
import { ascii, extension, fmt, join, le, pcm16, riff, samplesPerBlock } from "./wav-bytes.ts";

function check(bytes: Uint8Array): "read" | "refused" {
  try {
    const { samples, rateHz, notes } = decodeWav(bytes, "in.wav");
    assert.ok(samples.length > 0 && samples.length <= 2 * bytes.length);
    assert.ok(samples.every(Number.isFinite));
    assert.ok(Number.isInteger(rateHz) && notes.every((note) => !note.includes("\n")));
    return "read";
  } catch (error) {
    if (error instanceof UserError) return "refused";
    throw error;
  }
}

const seeds = [
  riff(fmt(), ["data", pcm16(...Array.from({ length: 40 }, (_, i) => i * 700))]),
  riff(["LIST", ascii("abc")], fmt({ channels: 3, bits: 24 }), ["data", new Uint8Array(90)]),
  riff(fmt({ tag: 0xfffe, bits: 32, extra: extension(3, 32) }), ["data", new Uint8Array(64)]),
  riff(fmt({ tag: 0x11, bits: 4, blockAlign: 16, extra: samplesPerBlock(25) }), ["fact", le([4, 60])], ["data", new Uint8Array(48)]),
];

/** Values that sizes and counts like to lie with. */
const lies = fc.constantFrom(0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff7, 0xffffffff);

describe("WAV reader, given hostile files,", () => {
  it("survives any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void check(bytes)),
      { seed: 9, numRuns: 2000 },
    );
  });

  it("survives any content behind a true head", () => {
    const chunk = fc.tuple(fc.constantFrom("fmt ", "data", "fact", "junk"), fc.uint8Array({ maxLength: 60 }), fc.option(lies, { nil: undefined }));
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 8 }), (chunks) => void check(riff(...chunks.map(([id, content, lie]) => [id, content, lie ?? content.length] as const)))),
      { seed: 9, numRuns: 2000 },
    );
  });

  it("survives good files with bytes changed, cut and lied about, and reads some of them", () => {
    const outcomes = new Set<string>();
    const change = fc.tuple(fc.nat(200), fc.oneof(lies, fc.nat(255)), fc.constantFrom(1 as const, 2 as const, 4 as const));
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(change, { maxLength: 4 }), fc.nat(60), (seed, changes, cut) => {
        const bytes = join(seed, new Uint8Array(8));
        for (const [at, value, width] of changes) if (at + width <= seed.length) bytes.set(le([width, value]), at);
        outcomes.add(check(bytes.subarray(0, Math.max(0, seed.length - cut))));
      }),
      { seed: 9, numRuns: 4000 },
    );
    assert.deepEqual([...outcomes].sort(), ["read", "refused"]);
  });

  it("allocates by the bytes that are there, not by what they claim", () => {
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 50; i++) check(riff(fmt(), ["data", pcm16(1, 2), 0xfffffffe]));
    assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 20);
  });
});
