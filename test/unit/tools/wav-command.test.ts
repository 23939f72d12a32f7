// `pawlock wav`: what it writes, says and refuses. Exit codes: 0 done, 1 bad input, 2 wrong usage.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../../firmware/voice/abi.ts";
import { decodeBlock } from "../../../firmware/voice/adpcm.ts";
import { encodeBlocks } from "../../../tools/audio/encoder.ts";
import { runWav } from "../../../tools/audio/wav-command.ts";
import { decodeWav } from "../../../tools/audio/wav.ts";
import { pcm16Wav, toPcm16 } from "../../../tools/audio/wav-write.ts";
import { fmt, pcm16, riff } from "./wav-bytes.ts";

const tone = (count: number, rateHz: number): Int16Array => Int16Array.from({ length: count }, (_, i) => 12000 * Math.sin((2 * Math.PI * 440 * i) / rateHz));

describe("pawlock wav", () => {
  let folder: string;
  const at = (name: string): string => joinPath(folder, name);
  beforeEach(() => {
    folder = mkdtempSync(joinPath(tmpdir(), "wav-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function run(...args: string[]): Promise<{ code: number; out: string[]; err: string[] }> {
    const out: string[] = [];
    const err: string[] = [];
    const code = await runWav(args, { out: (line) => out.push(line), err: (line) => err.push(line) });
    return { code, out, err };
  }

  it("encodes a mono file at 8 kHz sample for sample and decodes it to what the decoder says", async () => {
    const samples = tone(BLOCK_SAMPLES + 501, 8000);
    writeFileSync(at("in.wav"), pcm16Wav(samples, 8000));
    assert.equal((await run("encode", at("in.wav"), at("message.wav"))).code, 0);
    assert.equal((await run("decode", at("message.wav"), at("back.wav"))).code, 0);
    const blocks = encodeBlocks(samples);
    const expected = [...decodeBlock(blocks.subarray(0, BLOCK_BYTES)), ...decodeBlock(blocks.subarray(BLOCK_BYTES), 501)];
    const back = decodeWav(readFileSync(at("back.wav")), "back.wav");
    assert.deepEqual([...toPcm16(back.samples)], expected);
    assert.deepEqual(readdirSync(folder).sort(), ["back.wav", "in.wav", "message.wav"]);
  });

  it("converts rate and channels and says so", async () => {
    const mono = tone(4410, 44100);
    const stereo = Int16Array.from({ length: 8820 }, (_, i) => mono[i >> 1]);
    writeFileSync(at("in.wav"), riff(fmt({ channels: 2, rateHz: 44100 }), ["data", pcm16(...stereo)]));
    const { code, out } = await run("encode", at("in.wav"), at("out.wav"));
    assert.equal(code, 0);
    assert.match(out.join("\n"), /2 channels were mixed down to mono\n.*44100 Hz was converted to 8000 Hz\n.*out\.wav: IMA ADPCM, mono, 8000 Hz, 0\.10 s/);
    assert.equal(decodeWav(readFileSync(at("out.wav")), "out.wav").samples.length, 800);
  });

  it("answers --json with one line", async () => {
    writeFileSync(at("in.wav"), pcm16Wav(tone(801, 8000), 8000));
    const { code, out, err } = await run("encode", "--json", at("in.wav"), at("out.wav"));
    assert.deepEqual([code, out.length, err], [0, 1, []]);
    const answer = JSON.parse(out[0]) as { command: string; input: unknown; output: unknown; notes: string[] };
    assert.deepEqual(answer, {
      command: "encode",
      input: { path: at("in.wav"), kind: "pcm", channels: 1, rateHz: 8000, bits: 16, blockAlign: 2, samples: 801 },
      output: { path: at("out.wav"), format: "IMA ADPCM", rateHz: 8000, samples: 801, seconds: 801 / 8000, bytes: 1064 },
      notes: [],
    });
  });

  it("shows the progress of a long file, on the error stream", async () => {
    writeFileSync(at("in.wav"), pcm16Wav(new Int16Array(31 * 8000), 8000));
    const { out, err } = await run("encode", at("in.wav"), at("out.wav"));
    assert.deepEqual([err[0], err.at(-1)], ["encoding 0%", "encoding 100%"]);
    assert.equal(err.length, 11);
    assert.equal(out.length, 2);
  });

  it("leaves the output alone when the input is bad", async () => {
    writeFileSync(at("in.wav"), "no audio");
    writeFileSync(at("out.wav"), "precious");
    const { code, err } = await run("encode", at("in.wav"), at("out.wav"));
    assert.equal(code, 1);
    assert.match(err.join("\n"), /^pawlock wav: in\.wav is not a WAV file\n {2}Convert it/);
    assert.equal(readFileSync(at("out.wav"), "utf8"), "precious");
  });

  it("tells a bad input in JSON too", async () => {
    const { code, out } = await run("encode", at("none.wav"), at("out.wav"), "--json");
    assert.equal(code, 1);
    assert.deepEqual(Object.keys(JSON.parse(out[0]) as object), ["error", "remedy"]);
    assert.equal(existsSync(at("out.wav")), false);
  });

  it("does not decode what is not coded", async () => {
    writeFileSync(at("in.wav"), pcm16Wav(tone(10, 8000), 8000));
    const { code, err } = await run("decode", at("in.wav"), at("out.wav"));
    assert.equal(code, 1);
    assert.match(err[0], /16-bit PCM, mono, 8000 Hz: there is nothing to decode/);
  });

  const misuse: [string, string[], RegExp][] = [
    ["no verb", [], /say encode or decode/],
    ["an unknown verb", ["play", "a", "b"], /not "play"/],
    ["one file name", ["encode", "a.wav"], /two file names, not 1/],
    ["three file names", ["encode", "a", "b", "c"], /two file names, not 3/],
    ["an unknown option", ["encode", "a", "b", "--fast"], /no option --fast/],
    ["the same file twice", ["encode", "a.wav", "./a.wav"], /same file/],
  ];
  for (const [name, args, what] of misuse) {
    it(`exits with 2 on ${name}`, async () => {
      const { code, err } = await run(...args);
      assert.equal(code, 2);
      assert.match(err[0], what);
    });
  }

  it("prints its usage when asked", async () => {
    const { code, out } = await run("--help");
    assert.equal(code, 0);
    assert.match(out[0], /pawlock wav encode IN\.wav OUT\.wav/);
  });
});
