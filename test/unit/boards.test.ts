// The boards' data against the rules, and each rule against a board that breaks it. A rule without a breaking board fails.

import assert from "node:assert/strict";
import type { Board, FlashMap } from "../../boards/board.ts";
import { messageMemory, slotRuns } from "../../boards/flash-map.ts";
import { boards, findBoard } from "../../boards/index.ts";
import { microbit2 } from "../../boards/microbit2.ts";
import { nrf52840dk } from "../../boards/nrf52840dk.ts";
import { boardViolations, ruleIds, violations } from "../../boards/rules.ts";
import { xiaoble } from "../../boards/xiaoble.ts";

const { battery: _battery, ...withoutBattery } = xiaoble;
const { servicePad: _servicePad, ...withoutServicePad } = xiaoble;
const { externalFlash: _externalFlash, ...withoutExternalFlash } = xiaoble;

const { keyPage: _keyPage, ...withoutKey } = xiaoble.flashMap;
const withMap = (board: Board, parts: Partial<FlashMap>): Board => ({ ...board, flashMap: { ...board.flashMap, ...parts } });

/** Broken boards: [rule, what is wrong, the board]. */
const broken: [string, string, Board][] = [
  ["pins-distinct", "the speaker on the glow's pin", { ...xiaoble, speaker: { ...xiaoble.speaker, output: xiaoble.heart.glow } }],
  ["pins-distinct", "the paw on the microphone's input", { ...xiaoble, paw: { ...xiaoble.microphone.input, on: 0 } }],
  ["pins-distinct", "one port pin under two names", { ...xiaoble, paw: { espruino: "D7", nrf: xiaoble.heart.glow.nrf, on: 0 } }],
  ["pins-exist", "a port pin that the chip lacks", { ...microbit2, paw: { espruino: "D40", nrf: 42, on: 0 } }],
  ["paw-not-btn1", "the paw on BTN1", { ...xiaoble, paw: { ...xiaoble.btn1, on: 1 } }],
  ["analog-inputs", "the microphone on a digital pin", { ...xiaoble, microphone: { ...xiaoble.microphone, input: { espruino: "D7", nrf: 44, ain: 0 } } }],
  ["analog-inputs", "an analog input that does not exist", { ...xiaoble, microphone: { ...xiaoble.microphone, input: { espruino: "D7", nrf: 32, ain: 8 } } }],
  ["light-is-power", "a product whose light is apart from the power", { ...xiaoble, heart: { ...xiaoble.heart, recording: { espruino: "D7", nrf: 44, on: 1 } } }],
  ["light-is-power", "light and power on one pin at opposite levels", { ...microbit2, heart: { ...microbit2.heart, recording: { ...microbit2.heart.recording, on: 0 } } }],
  ["microphone-range", "a gain that clips the swing", { ...xiaoble, microphone: { ...xiaoble.microphone, gain: 1 / 3 } }],
  ["microphone-range", "a swing below zero", { ...xiaoble, microphone: { ...xiaoble.microphone, biasVolts: 1.5 } }],
  ["microphone-range", "a bias far off the middle", { ...xiaoble, microphone: { ...xiaoble.microphone, biasVolts: 0.8, peakVolts: 0.5 } }],
  ["microphone-range", "a swing lost in the range", { ...microbit2, microphone: { ...microbit2.microphone, gain: 1 / 6 } }],
  ["microphone-range", "a gain that the converter lacks", { ...xiaoble, microphone: { ...xiaoble.microphone, gain: 0.24 } }],
  ["microphone-range", "a microphone that settles for 61 ms", { ...xiaoble, microphone: { ...xiaoble.microphone, settleMs: 61 } }],
  ["carrier", "an audible carrier", { ...xiaoble, speaker: { ...xiaoble.speaker, carrierHz: 16000 } }],
  ["carrier", "a carrier off the sampling rate", { ...xiaoble, speaker: { ...xiaoble.speaker, carrierHz: 31250 } }],
  ["carrier", "a carrier off the counter's clock", { ...xiaoble, speaker: { ...xiaoble.speaker, carrierHz: 24000 } }],
  ["storage-fits", "Storage off a page's border", { ...microbit2, storage: { ...microbit2.storage, base: 0x6c004 } }],
  ["storage-fits", "Storage beyond the flash", { ...microbit2, storage: { ...microbit2.storage, pages: 21 } }],
  ["storage-fits", "external Storage without a chip", withoutExternalFlash],
  ["flash-map", "messages off a page's border", withMap(nrf52840dk, { log: { kind: "flash", base: 0xb9800, firstPage: 0, pages: 10 } })],
  ["flash-map", "messages that run into Storage", withMap(nrf52840dk, { log: { kind: "flash", base: 0xa8000, firstPage: 17, pages: 52 } })],
  ["flash-map", "messages in the first page of external Storage", withMap(xiaoble, { log: { kind: "flash", firstPage: 0, pages: 441 } })],
  ["flash-map", "messages in the last page of `log`", withMap(xiaoble, { log: { kind: "flash", firstPage: 65, pages: 442 } })],
  ["flash-map", "messages behind `log`", withMap(xiaoble, { log: { kind: "flash", firstPage: 65, pages: 443 } })],
  ["flash-map", "a file that leaves no room for boot files", withMap(xiaoble, { filePages: 512 })],
  ["flash-map", "slots that overlap", withMap(xiaoble, { slots: [{ firstPage: 1, pages: 33 }, { firstPage: 33, pages: 32 }] })],
  ["flash-map", "a slot that runs into messages", withMap(nrf52840dk, { slots: [{ base: 0xa8000, firstPage: 0, pages: 18 }] })],
  ["flash-map", "a slot over `log`'s header", withMap(microbit2, { slots: [{ firstPage: 0, pages: 9 }] })],
  ["flash-map", "a board without a slot", withMap(microbit2, { slots: [] })],
  ["flash-map", "a key on Storage's flash", withMap(xiaoble, { keyPage: 0x60000000 + 506 * 4096 })],
  ["flash-map", "a key beyond the flash", withMap(xiaoble, { keyPage: 0x100000 })],
  ["flash-map", "messages in flash without a key", { ...xiaoble, flashMap: withoutKey }],
  ["messages-fit", "a message in RAM that leaves no variables", withMap(microbit2, { log: { kind: "ram", seconds: 3 } })],
  ["variables-fit", "more variables than RAM", { ...microbit2, espruino: { ...microbit2.espruino, variables: 10083 } }],
  ["variables-fit", "audio buffers that take most variables", { ...microbit2, audioBufferMs: 180 }],
  ["stall-fits-buffer", "a stall that outlives the buffer", { ...xiaoble, capabilities: { ...xiaoble.capabilities, stallMs: 201 } }],
  ["role-kept", "a bench board that hides its limits", { ...microbit2, limits: [] }],
  ["role-kept", "a product with limits", { ...xiaoble, limits: ["none"] }],
  ["role-kept", "a product without the link", { ...xiaoble, capabilities: { ...xiaoble.capabilities, link: false } }],
  ["role-kept", "a product without a service pad", withoutServicePad],
  ["role-kept", "a product that can be followed", { ...xiaoble, capabilities: { ...xiaoble.capabilities, privateAddress: false } }],
  ["role-kept", "a product with a small MTU", { ...xiaoble, capabilities: { ...xiaoble.capabilities, attMtu: 53 } }],
  ["role-kept", "a product without PWM3", { ...xiaoble, capabilities: { ...xiaoble.capabilities, pwm3: false } }],
  ["role-kept", "a product that survives 199 ms", { ...xiaoble, capabilities: { ...xiaoble.capabilities, stallMs: 199 } }],
  ["role-kept", "a product without a battery", withoutBattery],
  ["role-kept", "a product with room for one recording", withMap(xiaoble, { log: { kind: "flash", firstPage: 65, pages: 117 } })],
  ["role-kept", "a product with one slot", withMap(xiaoble, { slots: [{ firstPage: 1, pages: 32 }] })],
  ["pwm3-exists", "PWM3 on a chip of three", { ...xiaoble, chip: { ...xiaoble.chip, pwmUnits: 3 } }],
  ["wiring-complete", "a wiring table without the amplifier", { ...xiaoble, wiring: xiaoble.wiring.filter((wire) => wire.signal !== "amplifier on") }],
  ["usb-known", "a board without USB ids", { ...xiaoble, usb: [] }],
];

describe("boards", () => {
  for (const board of boards) {
    it(`${board.id} satisfies every rule`, () => {
      assert.deepEqual(boardViolations(board), []);
    });
  }

  it("are found by their id in any case, and only then", () => {
    assert.equal(findBoard("xiaoble"), xiaoble);
    assert.equal(findBoard("MICROBIT2"), microbit2);
    assert.equal(findBoard("XIAO"), undefined);
  });

  it("have ids of their own", () => {
    assert.deepEqual(violations(boards), []);
    assert.deepEqual(
      violations([xiaoble, { ...nrf52840dk, id: "xiaoble" }]).map(({ rule }) => rule),
      ["ids-unique"],
    );
  });

  it("put the XIAO's slots at pages 1 and 33 of the external flash, and its messages at pages 65 to 505", () => {
    assert.deepEqual(slotRuns(xiaoble), [
      { base: 0x60001000, pages: 32 },
      { base: 0x60021000, pages: 32 },
    ]);
    assert.deepEqual(messageMemory(xiaoble), { kind: "flash", base: 0x60041000, pages: 441 });
  });

  describe("rules", () => {
    for (const [rule, wrong, board] of broken) {
      it(`${rule} refuses ${wrong}`, () => {
        const found = boardViolations(board).map((violation) => violation.rule);
        assert.ok(found.includes(rule), `found only: ${found.join(", ") || "nothing"}`);
      });
    }

    it("each have a board that breaks them", () => {
      const covered = new Set(broken.map(([rule]) => rule)).add("ids-unique");
      assert.deepEqual(ruleIds.filter((rule) => !covered.has(rule)), []);
    });
  });
});
