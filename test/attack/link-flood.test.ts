// A phone of the family, in bad hands, that says more than a toy can hear: paw and sound lose nothing by it.

import assert from "node:assert/strict";
import { MOST_FRAME_BYTES, OP_DATA, OP_PULL, OP_STATE, REQUEST } from "../../firmware/link/protocol.ts";
import type { Phone } from "../../tools/sim/phone.ts";
import { observed } from "../support/attack-table.ts";
import { toneBlocks } from "../support/family.ts";
import { numberMicrophone } from "../support/numbered.ts";
import { family } from "../support/paired.ts";
import { firstDifference, joined, rendered } from "../support/reference.ts";
import { playbacks } from "../support/speaker.ts";
import { assertPromisesKept, tone, type Toy } from "../support/toy.ts";

const INTERVAL_MS = 7.5;
/** The radio sleeps for so long after a flood, and some. */
const FORGIVEN_MS = 20_000;
/** More of the shortest writes than fit a connection event. */
const ALL = 2000;

type Frame = (number: number) => number[];
const nothing: Frame = () => [];
const state: Frame = (number) => [OP_STATE, number & 0xff];
const pull: Frame = (number) => [OP_PULL, number & 0xff, 0, 0, 0, 1];
const voice: Frame = () => [OP_DATA, 0, 0, 0, 0];
const longVoice: Frame = () => [OP_DATA, 0, 0, 0, ...Array<number>(MOST_FRAME_BYTES - 4).fill(0)];

interface Flood {
  isOn: boolean;
  sent: number;
  links: number;
}

/** Writes so many frames a second whenever it is on; comes again at once whenever it is put off. */
function flooded({ central }: Phone, perSecond: number, frame: Frame): Flood {
  const handle = central.gatt.find(REQUEST.replaceAll("-", ""))!.handle;
  const flood: Flood = { isOn: false, sent: 0, links: 1 };
  let due = 0;
  const write = (): void => {
    due = flood.isOn && central.isEncrypted ? due + (perSecond * INTERVAL_MS) / 1000 : 0;
    for (; due >= 1; due--) central.gatt.writeCommand(handle, Uint8Array.from(frame(flood.sent++)));
    central.after(INTERVAL_MS * 1000, write);
  };
  central.onConnect = () => {
    flood.links++;
    central.encrypt(() => undefined);
  };
  central.onDisconnect = () => central.connect();
  write();
  return flood;
}

/** Records and plays while the flood comes in the midst of both: not a sample is lost, and afterwards the toy is there for everybody. */
function assertPerfect(toy: Toy, phone: Phone, flood: Flood): void {
  const numbers = numberMicrophone(toy);
  toy.captured.length = 0;
  toy.press();
  toy.waitUntil("the converter runs", () => numbers.originUs() !== undefined);
  toy.wait(1000);
  flood.isOn = true;
  toy.wait(3000);
  toy.release().wait(1500);
  flood.isOn = false;
  const results = joined(toy.captured);
  assert.equal(numbers.firstWrong(results), -1, "a captured word is not what was before the microphone at its instant");
  assert.ok(results.length > 4 * 16_000, String(results.length));
  assert.equal(toy.messages().length, 1);
  const { blocks, samples } = toy.messages()[0]!;

  toy.wait(FORGIVEN_MS);
  assert.equal(phone.central.isEncrypted, true, "it has come again");
  const tappedMs = toy.nowMs;
  toy.tap();
  toy.waitUntil("the voice sounds", () => playbacks(toy, tappedMs).length > 0);
  toy.wait(1000);
  flood.isOn = true;
  toy.wait(5000);
  flood.isOn = false;
  const [played, ...more] = playbacks(toy, tappedMs);
  assert.deepEqual(more, []);
  assert.equal(firstDifference(rendered(toy.board, blocks!, samples), played!.words), -1, "a duty word is not the message's");
  toy.wait(FORGIVEN_MS).assertHealthy();
  assert.equal(phone.central.isEncrypted, true, "and again");
}

describe("A phone of the family that floods the toy", () => {
  afterEach(assertPromisesKept);

  for (const [what, perSecond, frame] of [
    ["requests", 50, state],
    ["requests", 130, state],
    ["empty writes", 500, nothing],
    ["ranges", 1000, pull],
    ["empty writes", ALL, nothing],
    ["pieces of voice", ALL, voice],
    ["pieces of voice as long as a frame", ALL, longVoice],
  ] as const) {
    it(`T36 with ${perSecond} ${what} a second costs neither a recording nor a playback a sample`, () => {
      const { toy, phone } = family({ intervalMs: INTERVAL_MS });
      const flood = flooded(phone, perSecond, frame);
      assertPerfect(toy, phone, flood);
      observed("T36", `a family phone's ${perSecond} ${what} a second`, `${flood.sent} sent on ${flood.links} links, every sample in its place`);
    });
  }

  it("T36 in the midst of what it sends, with pieces that lie where they should, costs no sample", () => {
    const { toy, phone } = family({ intervalMs: INTERVAL_MS });
    phone.begin((client) => client.send(toneBlocks(600, 320_000), 320_000, () => undefined));
    toy.wait(300);
    const flood = flooded(phone, ALL, longVoice);
    assertPerfect(toy, phone, flood);
    observed("T36", "a family phone that floods in the midst of an upload", "every sample in its place, the upload gave way");
  });

  for (const [what, frame] of [["requests", state], ["voice", longVoice]] as const) {
    it(`T36 with ${what} all day long finds its master in the paw: the child's message is kept and played`, () => {
      const { toy, phone } = family({ intervalMs: INTERVAL_MS });
      flooded(phone, ALL, frame).isOn = true;
      toy.wait(2000).speak(tone(440, 3), 400).hold(3000).wait(2500);
      assert.equal(toy.messages().length, 1);
      const tappedMs = toy.nowMs;
      toy.tap().wait(6000);
      assert.equal(playbacks(toy, tappedMs).length, 1);
      toy.assertHealthy();
      observed("T36", `a family phone's flood of ${what} without an end`, "the message is recorded, and played by a tap");
    });
  }

  it("T60 that fills the queue in the moment of a press or release loses the edge, not its meaning", () => {
    const { toy } = family();
    const fill = (): void => {
      while (toy.machine.ioQueue.push(0, () => undefined));
    };
    toy.wait(1000).speak(tone(440, 4), 400);
    fill();
    toy.press().wait(3500);
    assert.equal(toy.isListening, true, "the press is found");
    fill();
    toy.release().wait(300);
    assert.equal(toy.isListening, false, "the microphone is off as if the release had been told");
    toy.wait(3000).hold(1500).wait(1500);
    assert.equal(toy.messages().length, 2, "and the next press is one");
    toy.assertHealthy();
    observed("T60", "the queue full at a press and at a release", "recorded all the same; the microphone off with the release");
  });
});
