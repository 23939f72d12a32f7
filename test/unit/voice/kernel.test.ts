// The kernel's Thumb bytes and its twin do the same, bit for bit, and keep to the memory that they are handed.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as layout from "../../../firmware/messages/layout.ts";
import * as abi from "../../../firmware/voice/abi.ts";
import { STEPS, decodeBlock, decodeNibble } from "../../../firmware/voice/adpcm.ts";
import { kernelImage, voiceBytes } from "../../../firmware/voice/kernel.generated.ts";
import { budgets } from "../../../tools/build/budgets.ts";
import { sourceHash } from "../../../tools/kernel/build.ts";
import { at, lena } from "../../../tools/kernel/clips.ts";
import { crc32, createHarness, createTwinHarness, type CaptureSettings, type Harness } from "../../../tools/kernel/harness.ts";

const bytes = Uint8Array.from(kernelImage.code, (character) => character.charCodeAt(0));
const SETTINGS: CaptureSettings = { mid: 2048, full: 2048, decimation: 2 };

let thumb: Harness;
let twin: Harness;
let seed = 7;
const random = (below: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 0x100000000) * below);
};

function both<T>(what: (harness: Harness) => T): T {
  const a = what(thumb);
  assert.deepEqual(what(twin), a);
  return a;
}

/** Feeds both in calls of the given sizes, in turn; compares the ring after every call. */
function captureBoth(samples: Int16Array, settings: CaptureSettings, sizes: readonly number[]): { blocks: Uint8Array[]; samples: number } {
  both((h) => h.beginCapture(settings));
  const blocks: Uint8Array[] = [];
  for (let from = 0, turn = 0; from < samples.length; turn++) {
    const count = Math.min(sizes[turn % sizes.length]!, samples.length - from);
    const done = both((h) => h.capture(samples.subarray(from, from + count)));
    both((h) => [h.block(0), h.block(1)].map(crc32));
    while (blocks.length < done) blocks.push(thumb.block(blocks.length & 1).slice());
    from += count;
  }
  const total = both((h) => h.flush());
  both((h) => [h.block(0), h.block(1)].map(crc32));
  if (total > blocks.length * abi.BLOCK_SAMPLES) blocks.push(thumb.block(blocks.length & 1).slice());
  return { blocks, samples: total };
}

function toAdc(voice: Float32Array, settings: CaptureSettings): Int16Array {
  return Int16Array.from(voice, (x) => Math.round(settings.mid + settings.full * x));
}

function renderBoth(block: Uint8Array, samples: number, wordsPerSample: 1 | 4, full: number, volume: number, ask: number): number[] {
  both((h) => h.beginRender({ wordsPerSample, full, volume }));
  both((h) => h.beginBlock(block, samples));
  const words: number[] = [];
  for (;;) {
    const got = both((h) => h.render(ask));
    words.push(...got);
    if (got.length < ask) return words;
  }
}

describe("voice kernel", function () {
  // Tens of millions of instructions are executed one by one; a busy machine takes its time.
  this.timeout(60000);
  let voice16: Float32Array;
  before(async () => {
    voice16 = (await at(lena(), 16000, -6)).subarray(16000, 16000 + 40000);
  });
  beforeEach(() => {
    thumb = createHarness(bytes, kernelImage.offsets);
    twin = createTwinHarness();
    seed = 7;
  });

  it("is what its module says: checksum, known answer, sources", () => {
    assert.equal(crc32(bytes), kernelImage.crc32);
    const input = Int16Array.from({ length: 64 }, (_, i) => 2048 + (i & 8 ? 1 : -1) * i * 29);
    const { blocks } = captureBoth(input, { mid: 2048, full: 2048, decimation: 1 }, [64]);
    assert.equal(crc32(blocks[0]!), kernelImage.knownAnswer);
    const module = readFileSync(new URL("../../../firmware/voice/kernel.generated.ts", import.meta.url), "utf8");
    assert.ok(module.includes(sourceHash()), "the C sources are newer than the module: run the kernel build");
  });

  it("has the same constants in C and in TypeScript", () => {
    const header = readFileSync(new URL("../../../firmware/voice/kernel/kernel.h", import.meta.url), "utf8");
    const defined = [...header.matchAll(/^#define (\w+) (\d+|0x[0-9a-f]+)$/gm)].map(([, name, value]) => [name!, Number(value)] as const);
    const stated = { ...abi, ...layout } as unknown as Record<string, number>;
    assert.ok(defined.length >= 17);
    for (const [name, value] of defined) assert.equal(stated[name], value, name);
    for (const name of Object.keys(stated).filter((key) => /^(CAPTURE|RENDER)_/.test(key) && key !== "CAPTURE_MAX_SAMPLES")) {
      assert.ok(defined.some(([known]) => known === name), `${name} is not in kernel.h`);
    }
  });

  for (const decimation of [1, 2] as const) {
    for (const gain of [1, 0.1, 0.03, 1.99]) {
      it(`encodes a real voice alike at ${decimation} samples to one and gain ${gain}`, () => {
        const settings = { ...SETTINGS, decimation };
        const input = toAdc(voice16.map((x) => x * gain).subarray(0, 6000), settings);
        captureBoth(input, settings, [1999, 1, 2, 667].map((samples) => samples * decimation));
      });
    }
  }

  it("does not depend on how the samples are cut into calls", () => {
    const input = toAdc(voice16, SETTINGS).subarray(0, 8100);
    const whole = captureBoth(input, SETTINGS, [4000]);
    for (const sizes of [[2, 4, 6, 10, 14], [4002, 3998, 8, 250]]) assert.deepEqual(captureBoth(input, SETTINGS, sizes), whole);
    assert.equal(whole.samples, 4050);
    assert.equal(whole.blocks.length, 3);
  });

  it("tolerates up to 8000 samples in one call", () => {
    captureBoth(toAdc(voice16, { ...SETTINGS, decimation: 1 }).subarray(0, 9000), { ...SETTINGS, decimation: 1 }, [8000]);
  });

  it("ends a recording alike after any number of samples around word and block borders", () => {
    const settings = { ...SETTINGS, decimation: 1 } as const;
    const input = toAdc(voice16, settings);
    for (const length of [...Array.from({ length: 40 }, (_, i) => i + 1), 1999, 2000, 2001, 2002, 2003, 2010, 2025, 2026, 2027, 4001, 4002, 4003]) {
      const { samples, blocks } = captureBoth(input.subarray(0, length), settings, [1001]);
      assert.equal(samples, length);
      assert.equal(blocks.length, Math.ceil(length / abi.BLOCK_SAMPLES));
      const rest = length % abi.BLOCK_SAMPLES || abi.BLOCK_SAMPLES;
      assert.ok(blocks.at(-1)!.subarray(4 + Math.ceil((rest - 1) / 2)).every((byte) => byte === 0), `padding after ${length}`);
      assert.equal(both((h) => h.flush()), length);
    }
  });

  it("survives noise, full-scale steps, DC and words outside the converter's range", () => {
    const inputs = [
      Int16Array.from({ length: 1000 }, () => random(65536) - 32768),
      Int16Array.from({ length: 1000 }, (_, i) => (i % 2 ? 32767 : -32768)),
      Int16Array.from({ length: 1000 }, (_, i) => (i % 200 < 100 ? 0 : 4095)),
      new Int16Array(1000).fill(4095),
      Int16Array.from({ length: 1000 }, () => 2048 + random(3) - 1),
    ];
    for (const decimation of [1, 2] as const) {
      for (const full of [1, 2048, 32767, 0]) {
        for (const input of inputs) captureBoth(input, { mid: 2048, full, decimation }, [777]);
      }
    }
  });

  it("writes blocks that a plain decoder follows to the voice that was spoken", () => {
    const settings = { ...SETTINGS, decimation: 1 } as const;
    const input = toAdc(voice16, settings).subarray(0, 2 * abi.BLOCK_SAMPLES);
    const { blocks } = captureBoth(input, settings, [4000]);
    const decoded = blocks.flatMap((block) => [...decodeBlock(block)]);
    let power = 0;
    let error = 0;
    for (let i = 400; i < decoded.length; i++) {
      power += (16 * (input[i]! - 2048)) ** 2;
      error += (16 * (input[i]! - 2048) - decoded[i]!) ** 2;
    }
    // 13 dB and not 20: the DC block turns the phase of low tones, which a plain difference counts as error.
    assert.ok(10 * Math.log10(power / error) > 13, `${10 * Math.log10(power / error)} dB`);
  });

  it("decodes every index and nibble at the predictor's edges as the reference does", () => {
    const edges = [-32768, -32760, -20000, -1, 0, 1, 20000, 32760, 32767];
    for (const predictor of edges) {
      for (let index = 0; index < STEPS.length; index++) {
        for (let nibble = 0; nibble < 16; nibble++) {
          const block = new Uint8Array(abi.BLOCK_BYTES);
          block.set([predictor & 255, (predictor >> 8) & 255, index, 0, nibble]);
          both((h) => h.beginRender({ wordsPerSample: 1, full: 4096, volume: 256 }));
          both((h) => h.beginBlock(block, 2));
          both((h) => h.render(3));
          const state = { predictor, index };
          decodeNibble(state, nibble);
          assert.deepEqual([thumb.renderState[abi.RENDER_OWN], thumb.renderState[abi.RENDER_OWN + 1]], [state.predictor, 2 * state.index]);
          assert.deepEqual(twin.renderState, thumb.renderState);
        }
      }
    }
  });

  it("renders alike in calls of any size, for both rates and several volumes and full scales", () => {
    const { blocks } = captureBoth(toAdc(voice16, SETTINGS).subarray(0, 6000), SETTINGS, [4000]);
    for (const wordsPerSample of [1, 4] as const) {
      for (const [full, volume] of [[500, 256], [512, 40], [255, 0], [8191, 1024]] as const) {
        const whole = renderBoth(blocks[0]!, 700, wordsPerSample, full, volume, 8000);
        assert.equal(whole.length, 700 * wordsPerSample);
        assert.ok(whole.every((word) => word >= 0 && word <= full));
        assert.deepEqual(renderBoth(blocks[0]!, 700, wordsPerSample, full, volume, 37), whole);
      }
    }
  });

  it("renders rubbish alike and within the range", () => {
    for (let round = 0; round < 4; round++) {
      const block = Uint8Array.from({ length: abi.BLOCK_BYTES }, () => random(256));
      for (const wordsPerSample of [1, 4] as const) {
        assert.ok(renderBoth(block, abi.BLOCK_SAMPLES, wordsPerSample, 500, 256, 4001).every((word) => word <= 500));
      }
    }
  });

  it("renders silence as the exact middle", () => {
    const words = renderBoth(new Uint8Array(abi.BLOCK_BYTES), 1, 4, 500, 256, 100);
    assert.deepEqual(words, [250, 250, 250, 250]);
  });

  it("mixes a tone of the asked period, length and level into the voice", () => {
    both((h) => h.beginRender({ wordsPerSample: 4, full: 500, volume: 256 }));
    both((h) => h.renderState.set([2 ** 32 / 32, 64, 8192], abi.RENDER_TONE_STEP));
    both((h) => h.beginBlock(new Uint8Array(abi.BLOCK_BYTES), 1));
    both((h) => h.beginBlock(new Uint8Array(abi.BLOCK_BYTES).fill(0x08, 4), 40));
    const words = [...both((h) => h.render(160))];
    const level = (from: number): number => words.slice(from, from + 16).reduce((sum, word) => sum + word, 0) / 16;
    assert.deepEqual([0, 16, 32, 48].map((from) => Math.sign(level(from) - 250)), [1, -1, 1, -1]);
    assert.ok(Math.abs(Math.abs(level(16) - 250) - 62.5) < 2);
    assert.ok(words.slice(70).every((word) => Math.abs(word - 250) <= 2));
    assert.equal(thumb.renderState[abi.RENDER_TONE_LEFT], 0);
  });

  it("computes CRC-32, continued over pieces", () => {
    const data = Uint8Array.from({ length: 1000 }, () => random(256));
    const half = both((h) => h.crc32(data.subarray(0, 333), 0));
    assert.equal(both((h) => h.crc32(data.subarray(333), half)), crc32(data));
    assert.equal(both((h) => h.crc32(new Uint8Array(0), 0)), 0);
  });

  it("touches nothing but its state, its blocks and its stack", () => {
    const before = thumb.ram.slice();
    captureBoth(toAdc(voice16, SETTINGS).subarray(0, 12000), SETTINGS, [4000]);
    renderBoth(thumb.block(0).slice(), abi.BLOCK_SAMPLES, 4, 500, 256, 4000);
    const changed: number[] = [];
    for (let i = 0; i < before.length; i++) {
      const own = [[0x4000, abi.CAPTURE_STATE_WORDS * 4], [0x5000, abi.RENDER_STATE_WORDS * 4], [0x6000, 2 * abi.BLOCK_BYTES], [0x7000, abi.BLOCK_BYTES], [0x8000, 0x10000], [0x40000 - 512, 512]];
      if (before[i] !== thumb.ram[i] && !own.some(([from, length]) => i >= from! && i < from! + length!)) changed.push(i);
    }
    assert.deepEqual(changed, []);
  });

  it("is within its budgets of bytes", () => {
    assert.ok(voiceBytes <= budgets.kernel.voiceBytes && voiceBytes > 1000, `${voiceBytes} bytes of voice functions`);
    assert.ok(bytes.length <= budgets.kernel.allBytes, `${bytes.length} bytes in all`);
  });

  it("encodes in fewer instructions per sample than its budget", () => {
    const input = toAdc(voice16, SETTINGS).subarray(0, 24000);
    captureBoth(input, SETTINGS, [4000]);
    const perSample = thumb.spent.instructions / (input.length / 2);
    assert.ok(perSample < budgets.kernel.captureInstructions, `${perSample} instructions`);
  });
});
