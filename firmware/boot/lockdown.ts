// The first text that runs at every boot, BTN1 held or not: `.boot0`, and the same again as `.boot1`, because a Ctrl-C from the
// UART that the interpreter offers before any JavaScript may cut the first one short. Every step may be done twice, and is not when
// the first one ran to its end. Made into ES5 of at most one page by tools/build/lockdown.ts. When it has run the radio sleeps: only
// the application wakes it.

import { boot } from "pawlock:boot";
import {
  ADVERTISED_COMPANY,
  ANSWER,
  BATTERY_LEVEL,
  BATTERY_SERVICE,
  DEVICE_INFORMATION,
  MANUFACTURER_NAME,
  MANUFACTURER_TEXT,
  MODEL_NUMBER,
  MODEL_TEXT,
  MOST_FRAME_BYTES,
  REQUEST,
  VOICE_SERVICE,
  linkSecurity,
} from "../link/protocol.ts";
import { KEY_MAGIC, KEY_WORD_ADDRESS, KEY_WORD_CHECK, isSound } from "./key-words.ts";

/** How long a link that was made before this ran may take to go. */
const DROP_SECONDS = 5;
/** How long an advertisement waits for the next, in ms: the same in every state of the toy. */
const ADVERTISING_MS = 375;

const flash = require("Flash");

function words(address: number, count: number): Uint32Array {
  return new Uint32Array(flash.read(count * 4, address).buffer);
}

/** The whole table. What can be read needs the highest level too, and is the same on every toy but for the battery. */
function services(): object {
  const level4 = { read: { lesc: true }, write: { lesc: true } };
  const table: Record<string | number, object> = {};
  const information: Record<number, object> = {};
  const battery: Record<number, object> = {};
  const voice: Record<string, object> = {};
  // Rising numbers: the one order in which every engine walks the keys of an object.
  information[MODEL_NUMBER] = { value: MODEL_TEXT, readable: true, security: level4 };
  information[MANUFACTURER_NAME] = { value: MANUFACTURER_TEXT, readable: true, security: level4 };
  battery[BATTERY_LEVEL] = { value: [0], readable: true, security: level4 };
  voice[REQUEST] = {
    maxLen: MOST_FRAME_BYTES,
    writable: true,
    security: level4,
    onWrite: function (event: { data: ArrayBuffer }) {
      if (air) air(event);
    },
  };
  voice[ANSWER] = { maxLen: MOST_FRAME_BYTES, notify: true, security: level4 };
  table[DEVICE_INFORMATION] = information;
  table[BATTERY_SERVICE] = battery;
  table[VOICE_SERVICE] = voice;
  return table;
}

function nobody(): void {}

function octet(word: number, shift: number): string {
  return (0x100 + ((word >> shift) & 0xff)).toString(16).substr(1);
}

/** The toy's own address: six bytes from the second word of the key page on, the most significant one last. */
function address(low: number, high: number): string {
  return octet(high, 8) + ":" + octet(high, 0) + ":" + octet(low, 24) + ":" + octet(low, 16) + ":" + octet(low, 8) + ":" + octet(low, 0) + " random";
}

/** Somebody with the toy open in his hands has bridged the pad. */
function isServicePadBridged(): boolean {
  if (boot.servicePad === "") return false;
  const pad = new Pin(boot.servicePad);
  pinMode(pad, "input_pullup", false);
  return digitalRead(pad) === 0;
}

const seal = words(boot.storage + boot.sealOffset, 1)[0];
const isSealed = seal !== 0xffffffff;
const bench = boot.console === "USB" ? USB : Serial1;

const isService = isServicePadBridged();
// The voice goes first, then he may have the console.
if (isService) flash.erasePage(boot.keyPage);
E.setConsole(isSealed && !isService ? null : bench, { force: true });

NRF.sleep();
const untilSeconds = getTime() + DROP_SECONDS;
while (NRF.getSecurityStatus().connected) if (getTime() > untilSeconds) E.reboot();

// Set in every case, so that nothing of the factory's is left; without a key page the application makes one and reboots.
const key = words(boot.keyPage, KEY_WORD_CHECK + 1);
if (isSound(key, KEY_MAGIC, KEY_WORD_CHECK, E.CRC32) && key[0] === KEY_MAGIC) NRF.setAddress(address(key[KEY_WORD_ADDRESS], key[KEY_WORD_ADDRESS + 1]));
// Never a name: it would become writable for every stranger.
NRF.setAdvertising({}, { showName: false, discoverable: true, interval: ADVERTISING_MS, manufacturer: ADVERTISED_COMPANY });
global.air = undefined;
NRF.setServices(boot.isLinked ? services() : {}, { uart: false });
NRF.setSecurity(linkSecurity(boot.isLinked, boot.hasPrivacy));
// Each attempt to pair would leak a variable if nobody listened.
NRF.on("passkey", nobody);

if (isSealed && !isService) {
  E.setPassword(E.hwRand().toString(36) + E.hwRand().toString(36));
  E.lockConsole();
  if (boot.console !== "USB") Serial1.unsetup();
}
if (isService && !global.pawlockStop) {
  global.pawlockStop = true;
  let isLit = false;
  setInterval(function () {
    isLit = !isLit;
    digitalWrite(new Pin(boot.light), isLit);
  }, 100);
}
