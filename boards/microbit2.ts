// BBC micro:bit v2: the no-solder audio bench (microphone, speaker and buttons on board). Data only. Never a product: its radio
// stack cannot refuse pairing, and the firmware runs without the link.
// Pins, storage and image: espruino/Espruino boards/MICROBIT2.py (which builds for the nRF52832's stack; the chip is an
// nRF52833). USB id: the interface chip's DAPLink.
//
// Microphone: Espruino itself reads this pin with gain 4 against 0.6 V (targets/nrf5x/jshardware.c): full scale
// 0.6 V / 4 = 0.15 V. Where silence lies in it is not published; the middle is assumed, 0.075 V +- 0.07 V. The firmware
// removes the offset, so a wrong guess costs headroom only. To be measured.

import type { Board } from "./board.ts";
import { nrf52833 } from "./nrf52.ts";

export const microbit2: Board = {
  id: "MICROBIT2",
  title: "BBC micro:bit v2",
  chip: nrf52833,
  role: "bench",
  limits: [
    "no Bluetooth link: the radio stack of this build accepts pairing before JavaScript can refuse it",
    "one message of 2 s at most, in RAM, not encrypted: it is gone with the power",
    "40 KB of Storage hold one application of 32 KB: an interrupted update leaves no firmware until it is run again; updates by USB only",
    "survives 60 ms without JavaScript while recording, not 200 ms",
    "no battery measurement",
    "the glowing light is an LED that you clip to pin 1; without it only the red one shows",
  ],
  espruino: {
    minimumVersion: "2v29",
    binary: "espruino_%v_microbit2.hex",
    variables: 6000,
    variableBytes: 13,
  },
  usb: [{ vendorId: 0x0d28, productId: 0x0204, name: "DAPLink" }],
  btn1: { espruino: "D5", nrf: 14, negated: true },
  console: "Serial1",
  paw: { espruino: "D11", nrf: 23, on: 0, negated: true },
  heart: {
    recording: { espruino: "H5", nrf: 20, on: 1 },
    glow: { espruino: "D1", nrf: 3, on: 1 },
  },
  microphone: {
    input: { espruino: "H4", nrf: 5, ain: 3 },
    power: { espruino: "H5", nrf: 20, on: 1 },
    gain: 4,
    reference: "internal",
    biasVolts: 0.075,
    peakVolts: 0.07,
    settleMs: 60,
  },
  speaker: {
    output: { espruino: "H3", nrf: 0 },
    carrierHz: 32000,
  },
  audioBufferMs: 100,
  // Assumed as on the XIAO; speaker and microphone sit on one board, 3 cm apart, and the gain is fixed.
  selfTest: { silenceAtMost: 100, loopback: { atLeast: 4, atMost: 710 } },
  supplyVolts: 3.3,
  storage: { kind: "internal", base: 0x6c000, pages: 10 },
  // `log` is pages 0 to 8, with the application behind its header page; the boot files are on page 9.
  // 2 s are 8 KB; the firmware and 12.5 KB of audio buffers take most of the 78 KB of variables.
  flashMap: { filePages: 9, slots: [{ firstPage: 1, pages: 8 }], hasPrompts: false, log: { kind: "ram", seconds: 2 } },
  capabilities: {
    link: false,
    privateAddress: false,
    attMtu: 53,
    pwm3: true,
    stallMs: 60,
  },
  wiring: [
    { signal: "paw", pin: "button B", to: "on board (D11)" },
    { signal: "BTN1", pin: "button A", to: "on board (D5): do not hold it at reset" },
    { signal: "heart, red = microphone power", pin: "microphone light", to: "on board (H5): the line that powers the microphone lights it" },
    { signal: "heart, glow", pin: "1", to: "LED through 1 kOhm to GND (optional)" },
    { signal: "microphone", pin: "microphone", to: "on board (H4)" },
    { signal: "speaker", pin: "speaker", to: "on board (H3)" },
  ],
};
