// Record and play on every board: what is stored is what the converter gave, what sounds is what was stored, and both are the
// voice that was in front of the microphone.

import assert from "node:assert/strict";
import { boards } from "../../boards/index.ts";
import { compare } from "../../tools/audio/metrics.ts";
import { resample } from "../../tools/audio/resample.ts";
import { decodeMessage } from "../../tools/image/messages.ts";
import { loadVoice, type Voice } from "../../tools/sim/voice.ts";
import { encoded, firstDifference, joined, rendered } from "../support/reference.ts";
import { playbacks, sounds } from "../support/speaker.ts";
import { Toy, assertPromisesKept, tone } from "../support/toy.ts";

const RATE_HZ = 8000;
/** Signal to noise of the sung sample, converter to stored message: the simulated microphone's noise is at -70 dB. */
const LEAST_STORED_DB = 20;

describe("record and play", () => {
  let voice: Voice;
  before(async () => {
    voice = await loadVoice(undefined, -6);
  });
  afterEach(assertPromisesKept);

  for (const board of boards) {
    describe(`on ${board.id}`, () => {
      /** Records, taps, and returns what went in and what came out. */
      function recordAndPlay(toy: Toy, holdMs: number) {
        toy.captured.length = 0;
        const fromMs = toy.nowMs;
        toy.hold(holdMs).wait(1500);
        assert.deepEqual(sounds(toy, fromMs), ["start", "stop"]);
        const heard = encoded(board, joined(toy.captured), board.flashMap.log.kind === "ram" ? board.flashMap.log.seconds * RATE_HZ : 40 * RATE_HZ);
        const tappedMs = toy.nowMs;
        toy.tap().wait(holdMs + 1500);
        const played = playbacks(toy, tappedMs);
        assert.equal(played.length, 1, "one tap plays one message");
        return { heard, played: played[0]! };
      }

      it("stores what the converter gave, bit for bit, and plays what is stored, word for word", () => {
        const toy = Toy.awake({ board });
        toy.speak(tone(440, 3), 500);
        const { heard, played } = recordAndPlay(toy, 2200);
        assert.ok(heard.samples > 1.5 * RATE_HZ && heard.samples < 2 * RATE_HZ, `${heard.samples} samples`);
        if (board.flashMap.log.kind === "flash") {
          const [message, ...others] = toy.messages();
          assert.deepEqual(others, []);
          assert.equal(message!.isOwn, true);
          assert.equal(message!.samples, heard.samples);
          assert.deepEqual(message!.blocks, heard.blocks);
        }
        const expected = rendered(board, heard.blocks, heard.samples);
        assert.equal(firstDifference(expected, played.words), -1, "a word of the playback is not the message's");
        assert.ok(played.words.length - expected.length <= 2, "something follows the message");
        toy.assertHealthy();
      });

      it("keeps a message through a second recording, which becomes the one that a tap plays", () => {
        const toy = Toy.awake({ board });
        toy.speak(tone(440, 2), 500).hold(2000).wait(1500);
        toy.speak(tone(880, 2), 500);
        const { heard, played } = recordAndPlay(toy, 2000);
        assert.equal(firstDifference(rendered(board, heard.blocks, heard.samples), played.words), -1);
        if (board.flashMap.log.kind === "flash") assert.equal(toy.messages().length, 2);
        toy.assertHealthy();
      });

      if (board.flashMap.log.kind === "flash") {
        it("stores a sung voice as it was sung", async () => {
          const toy = Toy.awake({ board });
          toy.speak(voice.sound, 600).hold(6000).wait(1500);
          const [message] = toy.messages();
          const stored = Float32Array.from(decodeMessage(message!), (x) => x / 32768);
          const sung = await resample(Float32Array.from(voice.sound.samples).subarray(0, 6 * voice.sound.rateHz), voice.sound.rateHz, RATE_HZ);
          const { snrDb } = compare(sung, stored, { rateHz: RATE_HZ, maxDelayS: 1 });
          assert.ok(snrDb > LEAST_STORED_DB, `${snrDb.toFixed(1)} dB`);
          toy.assertHealthy();
        });
      }
    });
  }
});
