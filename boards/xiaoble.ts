// Seeed XIAO nRF52840: the product board. Data only; every promise of the README is for this board.
// Pins, storage and image: espruino/Espruino boards/XIAOBLE.py. USB: boot loader ids from adafruit/Adafruit_nRF52_Bootloader
// boards/xiao_nrf52840_ble and SeeedJP's _Sense, Espruino's own id from its targets/nrf5x/app_config.h.
//
// Microphone: a MAX4466 breakout biases its output at half its supply and swings rail to rail. Reference supply/4 with
// gain 1/4 makes full scale (3.3 V / 4) / (1/4) = 3.3 V, the supply itself: silence reads half scale whatever the battery
// does, and 1.65 V +- 1.6 V = 0.05..3.25 V fits. Set the trimmer so that a loud child stays under it.
//
// P0.02, P0.03, P0.28, P0.29 and all of P1.10..P1.15 lie near the radio, where the chip's specification wants no fast
// edges: carrier and amplifier are on P0.05 and P0.04, the slow signals are elsewhere.

import type { Board } from "./board.ts";
import { nrf52840 } from "./nrf52.ts";

export const xiaoble: Board = {
  id: "XIAOBLE",
  title: "Seeed XIAO nRF52840",
  chip: nrf52840,
  role: "product",
  limits: [],
  espruino: {
    minimumVersion: "2v29",
    binary: "espruino_%v_xiaoble.uf2",
    variables: 14000,
    variableBytes: 14,
  },
  usb: [
    { vendorId: 0x1915, productId: 0x520f, name: "Espruino console" },
    { vendorId: 0x2886, productId: 0x0044, name: "boot loader, XIAO nRF52840" },
    { vendorId: 0x2886, productId: 0x0045, name: "boot loader, XIAO nRF52840 Sense" },
  ],
  btn1: { espruino: "D1", nrf: 3, isOnly: true },
  console: "USB",
  servicePad: { espruino: "D8", nrf: 45 },
  paw: { espruino: "D6", nrf: 43, on: 0 },
  heart: {
    recording: { espruino: "D2", nrf: 28, on: 1 },
    glow: { espruino: "D3", nrf: 29, on: 1 },
  },
  microphone: {
    input: { espruino: "D0", nrf: 2, ain: 0 },
    power: { espruino: "D2", nrf: 28, on: 1 },
    gain: 1 / 4,
    reference: "vdd/4",
    biasVolts: 1.65,
    peakVolts: 1.6,
    // The most that product.md's time budget allows; to be measured on the breakout.
    settleMs: 60,
  },
  speaker: {
    output: { espruino: "D5", nrf: 5 },
    amplifier: { espruino: "D4", nrf: 4, on: 1 },
    carrierHz: 32000,
  },
  audioBufferMs: 250,
  battery: {
    input: { espruino: "D32", nrf: 31, ain: 7 },
    enable: { espruino: "D14", nrf: 14, on: 0, negated: true },
    // 1 MOhm above 510 kOhm.
    divider: (1000 + 510) / 510,
    // A lithium cell's knee; the regulator still has 0.2 V to spare.
    lowMillivolts: 3500,
  },
  // Assumed, until a few units were measured. The trimmer makes a loud child at 10 cm, some 100 dB SPL, the full swing (a sine of 707).
  // Silence: 20 dB below that, 80 dB SPL, is louder than any workshop; a floating or humming input is above. Loopback: the tone
  // comes through the fur at 60 to 95 dB SPL, so 7 to 400; half of the least and a clipped sine are the bounds.
  selfTest: { silenceAtMost: 100, loopback: { atLeast: 4, atMost: 710 } },
  supplyVolts: 3.3,
  bootLoader: 0xf4000,
  storage: { kind: "external", base: 0x60000000, pages: 512 },
  // Class of such chips, not read from its data sheet: erase of a page, 256 bytes sent by Espruino bit by bit, then programmed, and erases.
  externalFlash: { part: "P25Q16H", pageEraseMs: 20, write256Ms: 2.5, eraseCycles: 100000 },
  // `log` is pages 0 to 506; page 506 is never written, 507 to 510 hold the boot files, 511 is blank. The key page is the last of
  // the boot loader's seven pages of "user data" that the radio stack's two bond pages, right below the boot loader at 0xf4000, leave.
  flashMap: {
    filePages: 507,
    slots: [
      { firstPage: 1, pages: 32 },
      { firstPage: 33, pages: 32 },
    ],
    hasPrompts: true,
    log: { kind: "flash", firstPage: 65, pages: 441 },
    keyPage: 0xf1000,
  },
  capabilities: {
    link: true,
    privateAddress: true,
    attMtu: 131,
    pwm3: true,
    stallMs: 200,
  },
  wiring: [
    { signal: "BTN1", pin: "D1", to: "GND, tied for good: held high at reset it skips the application and erases bonds" },
    { signal: "paw", pin: "D6", to: "push button to GND (pull-up inside the chip)" },
    { signal: "heart, red = microphone power", pin: "D2", to: "red LED through 2.2 kOhm to GND, and VCC of the MAX4466 breakout: one wire, no software can part light and microphone" },
    { signal: "heart, glow", pin: "D3", to: "yellow LED through 2.2 kOhm to GND" },
    { signal: "microphone", pin: "D0", to: "OUT of the MAX4466 breakout (its GND to GND)" },
    { signal: "speaker", pin: "D5", to: "1 kOhm and 10 nF low-pass (16 kHz), then the input of the class-D amplifier" },
    { signal: "amplifier on", pin: "D4", to: "shutdown pin of the amplifier (high = on), 100 kOhm to GND" },
    { signal: "service", pin: "D8", to: "open; bridged to GND at reset: key and voice destroyed, console on USB, yellow LED flickers" },
    { signal: "battery", pin: "BAT+, BAT-", to: "lithium cell 3.7 V; divider and charger are on the board. Its enable (D14) stays low once set: high while charging puts more than the supply on D32" },
  ],
};
