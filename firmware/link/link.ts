// The link to the family's phones: puts its parts together, hands them the radio's events, and looks once a second whether what they
// believe is still what the stack says, because events may be lost.

import {
  ERR_BUSY,
  ERR_FULL,
  OK,
  RADIO_ADVERTISING,
  RADIO_CONNECTED,
  RADIO_DISCONNECTED,
  RADIO_WRITTEN,
  type Clock,
  type Code,
  type NativeCode,
  type Radio,
} from "../../hal/contract.ts";
import type { Journal } from "../messages/journal.ts";
import type { MessageLog } from "../messages/log.ts";
import type { Records } from "../messages/records.ts";
import type { Kernel } from "../voice/kernel.ts";
import { ADMITTED_MALFORMED, REFUSED, createGuard, type Guard } from "./guard.ts";
import { createPhones } from "./phones.ts";
import { AT_REST, EVENT_STRANGER } from "./protocol.ts";
import { createRequests } from "./requests.ts";
import type { Settings } from "./settings.ts";
import { SENDING, createTransfer } from "./transfer.ts";
import { createPairingWindow } from "./window.ts";

const TICK_MS = 1000;
/** Changes that wear the flash: so many at once, then one in so long. 480 uploads of 40 s a day wear each page 45 times. */
const CHANGES = 20;
const CHANGE_MS = 180000;
/** Strangers are put down together, so often at most. */
const STRANGERS_MS = 600000;
/** A reboot for a new key pair waits until the toy has been left alone for so long. */
const ALONE_TICKS = 3;
const BATTERY_TICKS = 60;

export interface LinkPorts {
  readonly clock: Clock;
  readonly radio: Radio;
  readonly native: NativeCode;
  readonly kernel: Kernel;
  readonly log: MessageLog;
  readonly records: Records;
  readonly journal: Journal;
  readonly settings: Settings;
  readonly longestSamples: number;
  /** One of the AT_ constants. */
  activity(): number;
  batteryPercent(): number;
  changed(): void;
  /** Version and SHA-256 of the application: nine words. */
  readonly build: Uint32Array;
  reboot(): void;
  /** Six digits to be spoken at once. */
  speak(digits: string): void;
  /** One of the WINDOW_ constants. */
  told(outcome: number): void;
}

export interface Link {
  /** Opens the pairing window; ERR_FULL when all places are taken, ERR_BUSY when the toy must start anew first. */
  open(): Code;
  /** Shuts it; nothing is told. */
  close(): void;
  /** The child records: what a phone sends gives way. */
  yieldStore(): void;
  /** Whether voice moves, so that housekeeping waits. */
  isMoving(): boolean;
  /** Whether the radio may be heard at all. */
  setAwake(isAwake: boolean): void;
}

export function createLink(ports: LinkPorts): Link {
  const clock = ports.clock;
  const radio = ports.radio;
  const phones = createPhones(ports.records);
  let isAwake = false;
  let hasAdvertised = false;
  let changes = CHANGES;
  let changedMs = 0;
  let strangers = 0;
  let strangersMs = -STRANGERS_MS;
  let aloneTicks = 0;
  let batteryTicks = 0;

  function mayChange(): boolean {
    const earned = Math.floor((clock.nowMs() - changedMs) / CHANGE_MS);
    changedMs += earned * CHANGE_MS;
    changes = Math.min(CHANGES, changes + earned);
    if (changes === 0) return false;
    changes--;
    return true;
  }

  const window = createPairingWindow(
    clock,
    radio,
    phones,
    ports.journal,
    function () {
      return guard;
    },
    ports.speak,
    ports.told,
  );
  const guard: Guard = createGuard(clock, radio, phones, window.claim, function () {
    strangers++;
  });
  const transfer = createTransfer({
    clock: clock,
    native: ports.native,
    radio: radio,
    kernel: ports.kernel,
    log: ports.log,
    guard: guard,
    isAtRest: function () {
      return ports.activity() === AT_REST;
    },
    mayChange: mayChange,
    longestSamples: ports.longestSamples,
  });
  const requests = createRequests({
    clock: clock,
    radio: radio,
    log: ports.log,
    journal: ports.journal,
    phones: phones,
    settings: ports.settings,
    guard: guard,
    transfer: transfer,
    activity: ports.activity,
    batteryPercent: ports.batteryPercent,
    mayChange: mayChange,
    changed: ports.changed,
    build: ports.build,
  });

  /** Somebody has connected, or with an empty address gone. */
  function linkChanged(address: string): void {
    if (address === "") guard.disconnected();
    else guard.connected(address);
    hasAdvertised = false;
    window.linkChanged();
    requests.reset();
  }

  function onEvent(kind: number, value: unknown): void {
    if (kind === RADIO_WRITTEN) {
      const frame = value as Uint8Array;
      const admitted = guard.admit(frame, transfer.frameBytes);
      if (admitted !== REFUSED) requests.handle(frame, admitted === ADMITTED_MALFORMED);
    } else if (kind === RADIO_CONNECTED) linkChanged(value as string);
    else if (kind === RADIO_DISCONNECTED) linkChanged("");
    else if (kind === RADIO_ADVERTISING) hasAdvertised = true;
    else window.event(kind, value);
  }

  function heal(): void {
    const status = radio.status();
    const address = status.connected ? status.connected_addr || "" : "";
    if (address !== guard.address) linkChanged(address);
    // The stack would be silent for ever, or believes that it is not.
    if (!status.connected && status.advertising && !hasAdvertised) radio.sleep();
    if (!status.connected && !(status.advertising && hasAdvertised)) radio.wake();
  }

  function tick(): void {
    if (isAwake) heal();
    window.tick();
    transfer.tick();
    ports.settings.tick();
    if (batteryTicks-- === 0) {
      batteryTicks = BATTERY_TICKS;
      radio.setBattery(ports.batteryPercent());
    }
    if (strangers > 0 && clock.nowMs() - strangersMs >= STRANGERS_MS) {
      ports.journal.add(EVENT_STRANGER, strangers);
      strangers = 0;
      strangersMs = clock.nowMs();
    }
    const isAlone = guard.address === "" && !window.isOpen && ports.activity() === AT_REST && transfer.kind !== SENDING;
    aloneTicks = isAlone ? aloneTicks + 1 : 0;
    if (window.isKeyUsed && aloneTicks >= ALONE_TICKS) ports.reboot();
  }

  radio.listen(onEvent);
  clock.every(TICK_MS, tick);

  return {
    open: function (): Code {
      // One window, one key pair: the next one comes with the reboot, which waits until nobody is connected.
      if (window.isKeyUsed) guard.putOff();
      if (!isAwake || window.isKeyUsed) return ERR_BUSY;
      return window.open() ? OK : ERR_FULL;
    },
    close: window.close,
    yieldStore: function (): void {
      if (transfer.kind === SENDING) transfer.stop();
    },
    isMoving: function (): boolean {
      return transfer.isMoving || transfer.kind === SENDING;
    },
    setAwake: function (wanted: boolean): void {
      isAwake = wanted;
      hasAdvertised = false;
      if (wanted) radio.wake();
      else radio.sleep();
    },
  };
}
