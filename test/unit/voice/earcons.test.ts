// Earcons over a mock speaker: each plays its tones in turn and ends in silence; a new one replaces the old.

import assert from "node:assert/strict";
import sinon from "sinon";
import { EARCON_BATTERY, EARCON_NO, EARCON_REPLACED, EARCON_START, EARCON_VOLUME, createEarcons } from "../../../firmware/voice/earcons.ts";
import { FULL_VOLUME } from "../../../firmware/voice/player.ts";
import { ERR_BUSY } from "../../../hal/contract.ts";
import { mockSpeaker, type MockSpeaker } from "../../../hal/mock/audio.ts";
import { mockClock } from "../../../hal/mock/clock.ts";

describe("earcons", () => {
  let time: sinon.SinonFakeTimers;
  let loudest = FULL_VOLUME;
  let speaker: MockSpeaker;
  const make = () => createEarcons(speaker, mockClock(globalThis as never), () => loudest);
  const frequencies = (): number[] => speaker.tones.map(([hz]) => hz);
  beforeEach(() => {
    time = sinon.useFakeTimers();
    speaker = mockSpeaker();
  });
  afterEach(() => time.restore());

  it("all begin at once, are of one loudness, end in silence within two seconds and say so once", () => {
    for (let earcon = EARCON_START; earcon <= EARCON_REPLACED; earcon++) {
      speaker.tones.length = 0;
      const ended = sinon.spy();
      make().play(earcon, ended);
      assert.ok(frequencies()[0]! > 0, "silent at first");
      sinon.assert.notCalled(ended);
      time.tick(2000);
      sinon.assert.calledOnce(ended);
      assert.equal(frequencies().at(-1), 0);
      for (const [hz, volume] of speaker.tones) if (hz > 0) assert.equal(volume, EARCON_VOLUME);
    }
  });

  it("are as much softer as the family has set", () => {
    loudest = FULL_VOLUME / 4;
    make().play(EARCON_START);
    assert.equal(speaker.tones[0]![1], EARCON_VOLUME / 4);
    loudest = FULL_VOLUME;
  });

  it("are all different", () => {
    const heard = new Set<string>();
    for (let earcon = EARCON_START; earcon <= EARCON_REPLACED; earcon++) {
      speaker.tones.length = 0;
      make().play(earcon);
      time.tick(2000);
      heard.add(frequencies().join());
    }
    assert.equal(heard.size, EARCON_REPLACED - EARCON_START + 1);
  });

  it("give way to a new one, whose end alone is told", () => {
    const earcons = make();
    const first = sinon.spy();
    const second = sinon.spy();
    earcons.play(EARCON_BATTERY, first);
    time.tick(50);
    earcons.play(EARCON_NO, second);
    time.tick(2000);
    sinon.assert.notCalled(first);
    sinon.assert.calledOnce(second);
    assert.deepEqual(frequencies(), [784, 0, 392, 0]);
  });

  it("are cut off by stop, which may come twice", () => {
    const earcons = make();
    const ended = sinon.spy();
    earcons.play(EARCON_BATTERY, ended);
    time.tick(130);
    earcons.stop();
    earcons.stop();
    time.tick(2000);
    sinon.assert.notCalled(ended);
    assert.deepEqual(frequencies(), [784, 587, 0]);
  });

  it("end all the same when the speaker refuses", () => {
    speaker.tone = () => ERR_BUSY;
    const ended = sinon.spy();
    make().play(EARCON_START, ended);
    time.tick(2000);
    sinon.assert.calledOnce(ended);
  });
});
