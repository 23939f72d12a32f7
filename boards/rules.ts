// What a board file must satisfy before anything is built for it: pure functions over data, one rule each, none of which
// knows a board by name. Numbers are product.md's promises, dma-audio.md's registers and the chip's facts.

import type { Board, PageRun, Pin } from "./board.ts";
import { messageMemory, runOf, slotRuns } from "./flash-map.ts";

export interface Violation {
  readonly board: string;
  readonly rule: string;
  readonly message: string;
}

/** What a rule found wrong: one line for each fault. */
type Rule = (board: Board) => readonly string[];

/** Highest frequency that a child hears, in Hz. */
const HEARING_HZ = 20000;
const MESSAGE_RATE_HZ = 8000;
/** 1004 bytes hold 2001 samples (firmware/voice/abi.ts). */
const MESSAGE_BYTES_PER_SECOND = Math.ceil((MESSAGE_RATE_HZ * 1004) / 2001);
/** Longest recording that the product promises, in seconds. */
const RECORDING_SECONDS = 40;
/** Until the playback port has seen a buffer's end; filling one anew takes up to this share of its length. */
const POLL_MS = 5;
const CODING_SHARE = 0.18;
/** What the firmware takes beside messages and audio buffers, at its worst instant: `npm run test:interpreter` counts it. */
const FIRMWARE_VARIABLES = 4300;

interface NamedPin {
  readonly signal: string;
  readonly pin: Pin;
}

function pinsOf(board: Board): NamedPin[] {
  const pins: NamedPin[] = [
    { signal: "btn1", pin: board.btn1 },
    { signal: "paw", pin: board.paw },
    { signal: "heart.recording", pin: board.heart.recording },
    { signal: "heart.glow", pin: board.heart.glow },
    { signal: "microphone.input", pin: board.microphone.input },
    { signal: "microphone.power", pin: board.microphone.power },
    { signal: "speaker.output", pin: board.speaker.output },
  ];
  if (board.speaker.amplifier) pins.push({ signal: "speaker.amplifier", pin: board.speaker.amplifier });
  if (board.servicePad) pins.push({ signal: "service pad", pin: board.servicePad });
  if (board.battery) pins.push({ signal: "battery.input", pin: board.battery.input });
  if (board.battery && board.battery.enable) pins.push({ signal: "battery.enable", pin: board.battery.enable });
  return pins;
}

/** Input voltage at which the converter reads full scale. */
function fullScaleVolts(board: Board): number {
  const reference = board.microphone.reference === "internal" ? board.chip.adc.referenceVolts : board.supplyVolts / 4;
  return reference / board.microphone.gain;
}

/** The two DMA buffers: 16-bit words at the carrier's rate. */
function audioBytes(board: Board): number {
  return (2 * board.audioBufferMs * board.speaker.carrierHz * 2) / 1000;
}

/** Bytes that the firmware leaves of the variables. */
function freeBytes({ espruino }: Board): number {
  return (espruino.variables - FIRMWARE_VARIABLES) * espruino.variableBytes;
}

function overlap(aBase: number, aPages: number, bBase: number, bPages: number, pageBytes: number): boolean {
  return aBase < bBase + bPages * pageBytes && bBase < aBase + aPages * pageBytes;
}

interface NamedRun extends PageRun {
  readonly name: string;
}

/** Everything that is written in the field, by name. */
function partsOf(board: Board): NamedRun[] {
  const parts: NamedRun[] = slotRuns(board).map((run, i) => ({ name: `slot ${i}`, ...run }));
  const { log, keyPage } = board.flashMap;
  if (log.kind === "flash") parts.push({ name: "log", ...runOf(board, log) });
  if (keyPage !== undefined) parts.push({ name: "key page", base: keyPage, pages: 1 });
  return parts;
}

const rules: Readonly<Record<string, Rule>> = {
  "pins-distinct": (board) => {
    const found: string[] = [];
    const pins = pinsOf(board);
    pins.forEach((a, i) => {
      pins.slice(i + 1).forEach((b) => {
        const shared = a.signal === "heart.recording" && b.signal === "microphone.power";
        const same = a.pin.nrf === b.pin.nrf || a.pin.espruino === b.pin.espruino;
        if (same && !shared) found.push(`${a.signal} and ${b.signal} are both on ${a.pin.espruino}/${a.pin.nrf}`);
      });
    });
    return found;
  },

  "pins-exist": (board) =>
    pinsOf(board)
      .filter(({ pin }) => !(pin.nrf >= 0 && pin.nrf < board.chip.portPins && pin.nrf % 1 === 0))
      .map(({ signal, pin }) => `${signal}: the ${board.chip.name} has no port pin ${pin.nrf}`),

  "paw-not-btn1": (board) =>
    board.paw.nrf === board.btn1.nrf || board.paw.espruino === board.btn1.espruino
      ? [`the paw is BTN1 (${board.btn1.espruino}): held at reset it would skip the application`]
      : [],

  "analog-inputs": (board) =>
    [board.microphone.input, ...(board.battery ? [board.battery.input] : [])]
      .filter((input) => !(input.ain >= 0 && input.ain < board.chip.adc.inputs && input.ain % 1 === 0) || analogPin(input.ain) !== input.nrf)
      .map((input) => `${input.espruino} (pin ${input.nrf}) is not analog input ${input.ain}`),

  "light-is-power": (board) => {
    const light = board.heart.recording;
    const power = board.microphone.power;
    if (light.nrf === power.nrf && light.espruino !== power.espruino) return ["heart.recording and microphone.power name one pin differently"];
    if (light.nrf === power.nrf && light.on !== power.on) return ["light and microphone power share a pin and must be on at the same level"];
    if (light.nrf !== power.nrf && board.role === "product") return ["a product lights the heart with the very pin that powers the microphone"];
    return [];
  },

  "microphone-range": (board) => {
    const { gain, biasVolts, peakVolts, settleMs } = board.microphone;
    const full = fullScaleVolts(board);
    const found: string[] = [];
    if (board.chip.adc.gains.indexOf(gain) < 0) found.push(`the converter has no gain ${gain}`);
    if (biasVolts - peakVolts < 0 || biasVolts + peakVolts > full) {
      found.push(`${biasVolts} V +- ${peakVolts} V leaves the converter's range of 0 to ${full} V`);
    }
    // The kernel's products hold twice the smaller side of the range.
    if (3 * Math.min(biasVolts, full - biasVolts) <= full) found.push(`a bias of ${biasVolts} V is not in the middle third of ${full} V`);
    if (biasVolts + peakVolts > board.supplyVolts) found.push("the microphone swings above the supply");
    if (peakVolts < full / 8) found.push(`a swing of ${peakVolts} V wastes two bits of a range of ${full} V: raise the gain`);
    // Set-up 15, chirp 80, stop 10, converter 20 of the 200 ms from a recognised hold to the first sample.
    if (!(settleMs >= 0 && settleMs <= 60)) found.push("the microphone settles for more than 60 ms: the child's first word is lost");
    return found;
  },

  carrier: (board) => {
    const hz = board.speaker.carrierHz;
    const found: string[] = [];
    if (hz <= HEARING_HZ) found.push(`a carrier of ${hz} Hz is audible`);
    if (hz % MESSAGE_RATE_HZ !== 0) found.push(`a carrier of ${hz} Hz is no multiple of ${MESSAGE_RATE_HZ} Hz`);
    if (board.chip.peripheralHz % hz !== 0) found.push(`a carrier of ${hz} Hz is no divisor of ${board.chip.peripheralHz} Hz`);
    return found;
  },

  "storage-fits": (board) => {
    const { base, kind, pages } = board.storage;
    const found: string[] = [];
    if (base % board.chip.pageBytes !== 0) found.push("Storage does not begin at a page");
    if (pages < 1 || pages % 1 !== 0) found.push("Storage has no whole number of pages");
    if (kind === "internal" && base + pages * board.chip.pageBytes > board.chip.flashBytes) found.push("Storage ends beyond the chip's flash");
    if (kind === "external" && base < board.chip.flashBytes) found.push("external Storage lies at the address of internal flash");
    if (kind === "external" && !board.externalFlash) found.push("external Storage on no chip: externalFlash is missing");
    return found;
  },

  "flash-map": (board) => {
    const { storage, flashMap, chip } = board;
    const page = chip.pageBytes;
    const storageEnd = storage.base + storage.pages * page;
    const isInStorage = (base: number): boolean => base >= storage.base && base < storageEnd;
    const found: string[] = [];
    const { filePages } = flashMap;
    // Behind `log` come the boot files; the size in its header is 24 bits wide.
    if (!(filePages >= 1 && filePages < storage.pages && filePages * page < 1 << 24)) found.push(`\`log\` of ${filePages} pages leaves no room for boot files`);
    const parts = partsOf(board);
    for (const { name, base, pages } of parts) {
      if (base % page !== 0) found.push(`${name} does not begin at a page`);
      if (pages < 1 || pages % 1 !== 0) found.push(`${name} has no whole number of pages`);
      // The header of `log` is never erased.
      if (isInStorage(base) && (base === storage.base || base + pages * page > storage.base + filePages * page)) found.push(`${name} leaves the file \`log\`, or touches its first page`);
      if (!isInStorage(base) && base + pages * page > chip.flashBytes) found.push(`${name} ends beyond the chip's flash`);
    }
    // The last page of `log` is never written when messages lie in it: a rotten file chain may land near its end.
    const log = parts.filter(({ name }) => name === "log")[0];
    if (log && isInStorage(log.base) && log.base + log.pages * page > storage.base + (filePages - 1) * page) found.push("messages reach the last page of `log`");
    const areas = [...parts, { name: "Storage", base: storage.base, pages: storage.pages }];
    parts.forEach((a, i) => {
      areas.slice(i + 1).forEach((b) => {
        if (b.name === "Storage" && isInStorage(a.base)) return;
        if (overlap(a.base, a.pages, b.base, b.pages, page)) found.push(`${a.name} and ${b.name} overlap`);
      });
    });
    if (flashMap.slots.length < 1 || flashMap.slots.length > 2) found.push("there are one or two application slots");
    if (flashMap.keyPage !== undefined && isInStorage(flashMap.keyPage)) found.push("the key lies on Storage's flash");
    if (flashMap.keyPage === undefined && flashMap.log.kind === "flash") found.push("messages in flash need a key page");
    return found;
  },

  "messages-fit": (board) => {
    const messages = messageMemory(board);
    if (messages.kind === "flash") return [];
    const needed = messages.seconds * MESSAGE_BYTES_PER_SECOND + audioBytes(board);
    const free = freeBytes(board);
    return needed > free ? [`messages and audio buffers take ${needed} bytes, the firmware leaves ${free}`] : [];
  },

  "variables-fit": (board) => {
    const bytes = board.espruino.variables * board.espruino.variableBytes;
    if (bytes >= board.chip.ramBytes) return [`${bytes} bytes of variables do not fit ${board.chip.ramBytes} bytes of RAM`];
    const audio = audioBytes(board);
    return audio > freeBytes(board) ? [`audio buffers of ${audio} bytes, the firmware leaves ${freeBytes(board)}`] : [];
  },

  "stall-fits-buffer": (board) => {
    const left = board.audioBufferMs - POLL_MS - board.audioBufferMs * CODING_SHARE;
    return board.capabilities.stallMs > left
      ? [`a stall of ${board.capabilities.stallMs} ms outlives a buffer of ${board.audioBufferMs} ms, its poll and its coding (${left} ms are left)`]
      : [];
  },

  "role-kept": (board) => {
    if (board.role === "bench") return board.limits.length > 0 ? [] : ["a bench board says what it lacks in `limits`"];
    const { capabilities } = board;
    const messages = messageMemory(board);
    const recordingPages = Math.ceil((RECORDING_SECONDS * MESSAGE_BYTES_PER_SECOND) / board.chip.pageBytes);
    const found: string[] = [];
    if (board.limits.length > 0) found.push("a product has no limits");
    if (!capabilities.link) found.push("a product has the link");
    if (!board.servicePad) found.push("a product has a service pad");
    if (!capabilities.privateAddress) found.push("a product has private addresses");
    // 160 KB in 20 s need a notification of more than 100 bytes (product.md, figures).
    if (capabilities.attMtu < 131) found.push("a product has an ATT MTU of 131 at least");
    if (!capabilities.pwm3) found.push("a product plays by PWM3");
    if (capabilities.stallMs < 200) found.push("a product survives 200 ms without JavaScript");
    if (!board.battery) found.push("a product measures its battery");
    if (board.flashMap.slots.length < 2) found.push("a product has two application slots");
    if (messages.kind !== "flash" || messages.pages < 3 * recordingPages) {
      found.push(`a product keeps two full recordings and an erased one (${3 * recordingPages} pages)`);
    }
    return found;
  },

  "pwm3-exists": (board) => (board.capabilities.pwm3 && board.chip.pwmUnits < 4 ? [`the ${board.chip.name} has no PWM3`] : []),

  "wiring-complete": (board) => {
    const told = board.wiring.map((wire) => wire.signal).join(" ");
    const wanted = ["paw", "BTN1", "heart, red", "heart, glow", "microphone", "speaker"];
    if (board.speaker.amplifier) wanted.push("amplifier");
    if (board.battery) wanted.push("battery");
    return wanted.filter((signal) => told.indexOf(signal) < 0).map((signal) => `the wiring table does not say where ${signal} goes`);
  },

  "usb-known": (board) => (board.usb.length > 0 ? [] : ["no USB id: the flashing tool could not find the board"]),
};

/** nRF52833 and nRF52840: AIN0..7 are P0.02 to P0.05 and P0.28 to P0.31. PS, Pin assignments. */
function analogPin(ain: number): number {
  return ain < 4 ? 2 + ain : 24 + ain;
}

export const ruleIds: readonly string[] = Object.keys(rules).concat("ids-unique");

export function boardViolations(board: Board): Violation[] {
  const found: Violation[] = [];
  Object.keys(rules).forEach((rule) => {
    rules[rule](board).forEach((message) => found.push({ board: board.id, rule, message }));
  });
  return found;
}

/** Every violated rule of every board, and ids that two of them share. */
export function violations(boards: readonly Board[]): Violation[] {
  const found: Violation[] = [];
  const seen: Record<string, boolean> = {};
  boards.forEach((board) => {
    boardViolations(board).forEach((violation) => found.push(violation));
    const id = board.id.toUpperCase();
    if (seen[id]) found.push({ board: board.id, rule: "ids-unique", message: `two boards are called ${id}` });
    seen[id] = true;
  });
  return found;
}
