// Nordic nRF52840 DK: the engineer's bench board, for debugging with a probe. Data only.
// Pins, storage and image: espruino/Espruino boards/NRF52840DK.py. USB: native port from Espruino's targets/nrf5x/app_config.h;
// debug port as seen on such kits (newer probe firmware may show another product id).
//
// Microphone: as on the XIAO, with the kit's 3.0 V: full scale (3.0 V / 4) / (1/4) = 3.0 V; 1.5 V +- 1.45 V fits.
// Flash: Espruino's Flash.getFree() lists the internal flash between the end of the interpreter and Storage at 0xEC000.
// 68 pages (0xA8000 to 0xEBFFF) are taken: 17 for the application, 50 for messages, one for the key. Assumed: the interpreter
// ends below 0xA8000. `pawlock flash` asks getFree() before it erases anything.

import type { Board } from "./board.ts";
import { nrf52840 } from "./nrf52.ts";

export const nrf52840dk: Board = {
  id: "NRF52840DK",
  title: "Nordic nRF52840 DK",
  chip: nrf52840,
  role: "bench",
  limits: [
    "one application slot in internal flash: an interrupted update leaves no firmware until it is run again; updates by USB only",
    "the message store is 50 pages of internal flash: one full recording of 40 s and little more; at 50 messages a day they last three years",
    "voice and key share one chip: encryption at rest buys erasure only",
    "an erase of a page stops the whole chip for 85 ms, so none happens while audio runs",
    "no private Bluetooth address: the toy can be followed by its address",
    "no battery measurement; its console is a serial port, open to whoever holds the kit",
  ],
  espruino: {
    minimumVersion: "2v29",
    binary: "espruino_%v_nrf52840.hex",
    variables: 12500,
    variableBytes: 14,
  },
  usb: [
    { vendorId: 0x1366, productId: 0x1015, name: "J-Link (debug port, serial console)" },
    { vendorId: 0x1915, productId: 0x520f, name: "Espruino console (native port)" },
  ],
  btn1: { espruino: "D11", nrf: 11, negated: true },
  console: "Serial1",
  paw: { espruino: "D12", nrf: 12, on: 0, negated: true },
  heart: {
    recording: { espruino: "D26", nrf: 26, on: 1 },
    glow: { espruino: "D13", nrf: 13, on: 0, negated: true },
  },
  microphone: {
    input: { espruino: "D3", nrf: 3, ain: 1 },
    power: { espruino: "D26", nrf: 26, on: 1 },
    gain: 1 / 4,
    reference: "vdd/4",
    biasVolts: 1.5,
    peakVolts: 1.45,
    settleMs: 60,
  },
  speaker: {
    output: { espruino: "D4", nrf: 4 },
    amplifier: { espruino: "D27", nrf: 27, on: 1 },
    carrierHz: 32000,
  },
  audioBufferMs: 250,
  // Assumed as on the XIAO, whose breakout and amplifier it has.
  selfTest: { silenceAtMost: 100, loopback: { atLeast: 4, atMost: 710 } },
  supplyVolts: 3.0,
  storage: { kind: "internal", base: 0xec000, pages: 10 },
  flashMap: {
    filePages: 1,
    slots: [{ base: 0xa8000, firstPage: 0, pages: 17 }],
    hasPrompts: false,
    log: { kind: "flash", base: 0xa8000, firstPage: 17, pages: 50 },
    keyPage: 0xeb000,
  },
  capabilities: {
    link: true,
    privateAddress: false,
    attMtu: 131,
    pwm3: true,
    stallMs: 200,
  },
  wiring: [
    { signal: "paw", pin: "Button 2", to: "on board (D12)" },
    { signal: "BTN1", pin: "Button 1", to: "on board (D11): do not hold it at reset" },
    { signal: "heart, red = microphone power", pin: "P0.26", to: "red LED through 2.2 kOhm to GND, and VCC of the MAX4466 breakout: one wire" },
    { signal: "heart, glow", pin: "LED1", to: "on board (D13)" },
    { signal: "microphone", pin: "P0.03", to: "OUT of the MAX4466 breakout (its GND to GND)" },
    { signal: "speaker", pin: "P0.04", to: "1 kOhm and 10 nF low-pass (16 kHz), then the input of the class-D amplifier" },
    { signal: "amplifier on", pin: "P0.27", to: "shutdown pin of the amplifier (high = on), 100 kOhm to GND" },
  ],
};
