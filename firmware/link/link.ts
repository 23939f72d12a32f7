// The link to the family's phones: puts its parts together, hands them the radio's events, and looks once a second whether what they
// believe is still what the stack says, because events may be lost.

import {
  ERR_BUSY,
  ERR_FULL,
  OK,
  RADIO_ADVERTISING,
  RADIO_CONNECTED,
  RADIO_DISCONNECTED,
  type Clock,
  type Code,
  type Radio,
  type RadioStatus,
} from "../../hal/contract.ts";
import { refill } from "../bucket.ts";
import type { Store } from "../messages/store.ts";
import type { Kernel } from "../voice/kernel.ts";
import { createCrashes } from "./crashes.ts";
import { ADMITTED_MALFORMED, REFUSED, createGuard } from "./guard.ts";
import { createPhones } from "./phones.ts";
import { AT_PLAY, AT_RECORDING, AT_REST, EVENT_PAIRING_FAILED, EVENT_STRANGER, OP_DATA, ROOM } from "./protocol.ts";
import { createRequests } from "./requests.ts";
import { createSettings } from "./settings.ts";
import { SENDING, createTransfer } from "./transfer.ts";
import { createPairingWindow } from "./window.ts";

const TICK_MS = 1000;
/** Changes that wear the flash: so many at once, then one in so long. 480 uploads of 40 s a day wear each page 45 times. */
const CHANGES = 20;
const CHANGE_MS = 180000;
/** Strangers and attempts that failed are put down together, so often at most. */
const TELL_MS = 600000;
/** A reboot for a new key pair waits until the toy has been left alone for so long. */
const ALONE_TICKS = 3;
const BATTERY_TICKS = 60;
/** Requests that wait for their turn. */
const MOST_WAITING = 4;
/** So many more writes a second that nothing comes of. */
const ROOM_A_SECOND = 4;

export interface LinkPorts {
  readonly clock: Clock;
  readonly radio: Radio;
  readonly kernel: Kernel;
  readonly store: Store;
  readonly longestSamples: number;
  /** What the toy is at: one of the AT_ constants. */
  readonly toy: { readonly activity: number };
  /** In percent. */
  measureBattery(): number;
  /** What the heart shows may have changed. */
  changed(): void;
  /** Version and SHA-256 of the application: nine words; absent when it was not started from a slot. */
  readonly build: Uint32Array | undefined;
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
  /** The child records: voice that moves gives way. */
  giveWay(): void;
  /** Whether voice moves, so that housekeeping waits. */
  isMoving(): boolean;
  /** Whether the radio may be heard at all: from the next second on. Asleep, the window is shut and nothing is under way. */
  setAwake(isAwake: boolean): void;
  /** Somebody holds the toy: after crashes the radio has waited for that. */
  pawPressed(): void;
  /** Loudest that anything may sound now, of 256. */
  volume(): number;
}

export function createLink(ports: LinkPorts): Link {
  const clock = ports.clock;
  const radio = ports.radio;
  const store = ports.store;
  const phones = createPhones(store.records);
  const settings = createSettings(clock, store.records);
  const crashes = createCrashes(clock, store.records, store.journal);
  let isAwake = false;
  // Requests that have come and are not answered yet.
  const waiting: Uint8Array[] = [];
  let hasAdvertised = false;
  const changes = { left: CHANGES, atMs: 0 };
  let toldMs = 0;
  let aloneTicks = 0;
  let batteryTicks = 0;

  function mayChange(): boolean {
    if (refill(changes, clock.nowMs(), CHANGES, CHANGE_MS) === 0) return false;
    changes.left--;
    return true;
  }

  const guard = createGuard(clock, radio, phones);
  const window = createPairingWindow(clock, radio, phones, store.journal, guard, ports.speak, ports.told);
  guard.claim = window.claim;

  function answerNext(): void {
    const frame = waiting.shift();
    if (waiting.length > 0) clock.after(0, answerNext);
    if (!frame) return;
    radio.room++;
    const admitted = guard.admit(frame);
    if (admitted !== REFUSED) requests.handle(frame, admitted === ADMITTED_MALFORMED);
  }

  // The paw and the sound have their turn between two requests, however many a phone makes: what is too much is not heard. Voice comes
  // only as fast as it is granted.
  function asked(frame: Uint8Array): void {
    if (frame[0] !== OP_DATA && waiting.length < MOST_WAITING && waiting.push(frame) === 1) clock.after(0, answerNext);
  }

  const transfer = createTransfer(ports, guard, mayChange, asked);
  const requests = createRequests(ports, phones, settings, guard, transfer, mayChange);

  /** Somebody has connected, or with an empty address gone. */
  function linkChanged(address: string): void {
    if (address === "") guard.disconnected();
    else guard.connected(address);
    hasAdvertised = false;
    waiting.splice(0, waiting.length);
    window.linkChanged();
    transfer.linkChanged();
    requests.reset();
  }

  function onEvent(kind: number, value: unknown): void {
    if (kind === RADIO_CONNECTED) linkChanged(value as string);
    else if (kind === RADIO_DISCONNECTED) linkChanged("");
    else if (kind === RADIO_ADVERTISING) hasAdvertised = true;
    else window.event(kind, value);
  }

  function heal(status: RadioStatus): void {
    const address = status.connected ? status.connected_addr || "" : "";
    if (address !== guard.address) linkChanged(address);
    // The stack would be silent for ever, or believes that it is not.
    if (!status.connected && status.advertising && !hasAdvertised) radio.sleep();
    // After a flood not before it is forgiven.
    if (!status.connected && radio.room === ROOM && !(status.advertising && hasAdvertised)) radio.wake();
  }

  /** What takes its time, or wears the flash, and can wait until the child has finished. */
  function keep(): void {
    settings.tick();
    crashes.tick();
    if (batteryTicks-- === 0) {
      batteryTicks = BATTERY_TICKS;
      radio.setBattery(ports.measureBattery());
    }
    if (clock.nowMs() < toldMs) return;
    toldMs = clock.nowMs() + TELL_MS;
    if (guard.strangers > 0) store.journal.add(EVENT_STRANGER, guard.strangers);
    if (radio.refused > 0) store.journal.add(EVENT_PAIRING_FAILED, radio.refused);
    guard.strangers = radio.refused = 0;
  }

  function tick(): void {
    const activity = ports.toy.activity;
    const isAtRest = activity === AT_REST;
    radio.room = Math.min(ROOM, radio.room + ROOM_A_SECOND);
    // Whatever was lost is healed after it.
    if (activity === AT_PLAY || activity === AT_RECORDING) return;
    if (isAtRest) keep();
    const status = radio.status();
    if (isAwake && !crashes.isNew) heal(status);
    window.tick();
    transfer.tick(status.connectionInterval || 0);
    aloneTicks = isAtRest && guard.address === "" && transfer.kind !== SENDING ? aloneTicks + 1 : 0;
    if (window.isKeyUsed && aloneTicks >= ALONE_TICKS) {
      crashes.forgive();
      ports.reboot();
    }
  }

  function setAwake(wanted: boolean): void {
    isAwake = wanted && !crashes.isMany;
    hasAdvertised = false;
    if (isAwake) return;
    window.close();
    transfer.stop();
    radio.sleep();
  }

  radio.room = ROOM;
  radio.listen(onEvent, transfer.written);
  clock.every(TICK_MS, tick);

  return {
    open: function (): Code {
      // One window, one key pair: the next one comes with the reboot, which waits until nobody is connected.
      if (window.isKeyUsed) guard.putOff();
      if (!isAwake || window.isKeyUsed) return ERR_BUSY;
      return window.open() ? OK : ERR_FULL;
    },
    close: window.close,
    giveWay: transfer.giveWay,
    isMoving: function (): boolean {
      return transfer.isMoving || transfer.kind === SENDING;
    },
    setAwake: setAwake,
    pawPressed: function (): void {
      if (!crashes.isMany) return;
      crashes.forgive();
      setAwake(true);
    },
    volume: settings.volume,
  };
}
