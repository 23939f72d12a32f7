// Every sample of both clips at three levels: the kernel's Thumb bytes encode and render them as their twin does.

import assert from "node:assert/strict";
import { BLOCK_SAMPLES } from "../../firmware/voice/abi.ts";
import { kernelImage } from "../../firmware/voice/kernel.generated.ts";
import { at, lena, spokenWords } from "../../tools/kernel/clips.ts";
import { createHarness, createTwinHarness } from "../../tools/kernel/harness.ts";

const MID = 2048;
/** Converter results in a call; two of them make a sample. */
const PORTION = 3994;
const VOLUME = 256;

describe("the kernel on whole clips", function () {
  this.timeout(600_000);

  for (const clip of [lena(), spokenWords()]) {
    for (const dbfs of [-6, -26, -36]) {
      it(`${clip ? clip.name : "alsa-utils"} at ${dbfs} dBFS`, async function () {
        if (!clip) return this.skip();
        const thumb = createHarness(Uint8Array.from(kernelImage.code, (character) => character.charCodeAt(0)), kernelImage.offsets);
        const twin = createTwinHarness();
        const results = Int16Array.from(await at(clip, 16000, dbfs), (x) => Math.round(MID + MID * x));
        for (const harness of [thumb, twin]) {
          harness.beginCapture({ mid: MID, full: MID, decimation: 2 });
          harness.beginRender({ wordsPerSample: 4, full: 500, volume: VOLUME });
        }
        let done = 0;
        for (let from = 0; from < results.length; from += PORTION) {
          const part = results.subarray(from, from + PORTION);
          const complete = thumb.capture(part);
          assert.equal(twin.capture(part), complete);
          for (; done < complete; done++) {
            const block = thumb.block(done & 1);
            assert.deepEqual(twin.block(done & 1), block);
            for (const harness of [thumb, twin]) harness.beginBlock(block, BLOCK_SAMPLES);
            assert.deepEqual(twin.render(4 * BLOCK_SAMPLES), thumb.render(4 * BLOCK_SAMPLES));
          }
        }
        const samples = thumb.flush();
        assert.equal(samples, Math.floor(results.length / 2));
        assert.equal(twin.flush(), samples);
        assert.deepEqual(twin.block(done & 1), thumb.block(done & 1));
      });
    }
  }
});
