// A family phone beside a simulated toy: a Bluetooth central with the companion's protocol client, and somebody who hears what the
// toy says and types it. Its system does what phones do: it starts encryption, or pairing, when a write is refused, and writes again.

import { createClient, type Client, type JournalEntry, type ListedMessage, type ListedPhone, type ToyState } from "../../companion/client.ts";
import type { Fetched } from "../../companion/fetch.ts";
import { NO_ANSWER } from "../../companion/requests.ts";
import { ANSWER, LEAST_MTU, MOST_MTU, REQUEST } from "../../firmware/link/protocol.ts";
import { ATT_ERROR } from "../../sim/air/att-server.ts";
import { Central, type CentralOptions, type PairOptions } from "../../sim/air/central.ts";
import type { PairOutcome } from "../../sim/air/smp.ts";
import type { Stage } from "../../sim/stage.ts";
import { PASSKEY_DIGITS, spokenDigits } from "./passkey.ts";

/** How often somebody who listens thinks about what was said, and how long six digits take to type. */
const LISTEN_MS = 250;
const TYPING_MS = 3000;
/** Time that passes between two looks at whether something has happened. */
const STEP_MS = 5;
/** An answer comes at once, but for a system that pairs first; a message takes minutes at the smallest MTU. */
const ANSWER_SECONDS = 60;
const TRANSFER_SECONDS = 900;

export interface PhoneOptions extends Partial<CentralOptions> {
  /** Its ATT MTU. */
  readonly mtu?: number;
  /** What its owner types, if not what the toy says. */
  readonly passkey?: string;
  readonly pairing?: PairOptions;
}

export interface Answer<T> {
  readonly code: number;
  readonly value: T | undefined;
}

export class Phone {
  readonly central: Central;
  readonly client: Client;
  /** What came of each pairing, and what was heard of the last passkey. */
  readonly outcomes: PairOutcome[] = [];
  heard = "";
  /** Writes without response so far. */
  commands = 0;
  /** Whether the owner agrees to pair when the toy wants a proof that the phone cannot give. */
  mayPair = false;
  mtu: number;
  #handle = 0;
  #alarmMs = Infinity;
  /** GATT is discovered and the answers are subscribed to. */
  #isReady = false;

  constructor(
    readonly stage: Stage,
    private readonly options: PhoneOptions = {},
  ) {
    this.mtu = options.mtu ?? MOST_MTU;
    this.central = new Central(stage.air, { identity: "c0:11:22:33:44:55 random", intervalMs: 30, ...options });
    this.client = createClient({ request: (frame, written) => this.#write(frame, written), command: (frame) => this.#command(frame), now: () => stage.nowMs });
    this.central.onConnect = () => this.#discover();
    this.central.onDisconnect = () => this.#disconnected();
    this.central.gatt.onNotification = (_handle, data) => {
      this.client.received(data.slice());
      this.#arm();
    };
  }

  /** Connects, subscribes, says hello; pairs on the way when `mayPair`. The code of the hello. */
  open(seconds = 20): number {
    if (!this.connect(seconds)) return NO_ANSWER;
    return this.hello(this.central.gatt.mtu).code;
  }

  /** Pairs with the toy, whose window is open, by the passkey that it speaks. The code of the hello. */
  pair(seconds = 20): number {
    this.mayPair = true;
    const code = this.open(seconds);
    this.mayPair = false;
    return code;
  }

  /** Connects and subscribes, no more. */
  connect(seconds = 20): boolean {
    this.central.connect();
    const isReady = this.waitUntil(() => this.#isReady, seconds);
    if (!isReady) this.central.cancel();
    return isReady;
  }

  // What a family phone may ask, one call each: waits for the answer, NO_ANSWER when there is none in time.

  hello = (mtu: number): Answer<void> => this.#ask((done) => this.client.hello(mtu, done));
  state = (): Answer<ToyState> => this.#ask((done) => this.client.state(done));
  list = (): Answer<ListedMessage[]> => this.#ask((done) => this.client.list(done));
  fetch = (sequence: number, before?: Fetched): Answer<Fetched> => this.#ask((done) => this.client.fetch(sequence, done, before ? { before } : {}), TRANSFER_SECONDS);
  send = (blocks: Uint8Array, samples: number): Answer<number> => this.#ask((done) => this.client.send(blocks, samples, done), TRANSFER_SECONDS);
  abandon = (): Answer<void> => this.#ask((done) => this.client.abandon(done));
  remove = (sequence: number): Answer<void> => this.#ask((done) => this.client.remove(sequence, done));
  mark = (sequence: number): Answer<void> => this.#ask((done) => this.client.mark(sequence, done));
  get = (key: number): Answer<Uint8Array> => this.#ask((done) => this.client.get(key, done));
  set = (key: number, value: readonly number[]): Answer<void> => this.#ask((done) => this.client.set(key, value, done));
  journal = (): Answer<JournalEntry[]> => this.#ask((done) => this.client.journal(done));
  phones = (): Answer<ListedPhone[]> => this.#ask((done) => this.client.phones(done));
  rename = (phone: number, name: readonly number[]): Answer<void> => this.#ask((done) => this.client.rename(phone, Uint8Array.from(name), done));
  revoke = (phone: number): Answer<void> => this.#ask((done) => this.client.revoke(phone, done));
  build = (): Answer<{ readonly version: number; readonly sha256: string }> => this.#ask((done) => this.client.build(done));

  /** Begins a transfer and does not wait for its end. */
  begin(start: (client: Client) => void): void {
    start(this.client);
    this.#arm();
  }

  disconnect(): void {
    this.central.disconnect();
    this.waitUntil(() => !this.central.isConnected, 5);
  }

  /** The owner removes the toy in the phone's settings. */
  forget(): void {
    this.central.bond = undefined;
  }

  #ask<T>(what: (done: (code: number, value?: T) => void) => void, seconds = ANSWER_SECONDS): Answer<T> {
    let answer: Answer<T> | undefined;
    what((code, value) => (answer = { code, value }));
    this.#arm();
    this.waitUntil(() => answer !== undefined, seconds);
    return answer ?? { code: NO_ANSWER, value: undefined };
  }

  waitUntil(hasHappened: () => boolean, seconds: number): boolean {
    for (let ms = 0; ms < seconds * 1000 && !hasHappened(); ms += STEP_MS) this.stage.wait(STEP_MS);
    return hasHappened();
  }

  #discover(): void {
    const { gatt } = this.central;
    // Phones ask for the largest MTU that they have; some never ask.
    if (this.mtu > LEAST_MTU) gatt.exchangeMtu(this.mtu, () => undefined);
    gatt.discover(() => {
      const request = gatt.find(uuid(REQUEST));
      const answer = gatt.find(uuid(ANSWER));
      if (!request || !answer?.cccd) return;
      this.#handle = request.handle;
      gatt.subscribe(answer.cccd, () => (this.#isReady = true));
    });
  }

  #disconnected(): void {
    this.#isReady = false;
    this.#alarmMs = Infinity;
    this.client.disconnected();
  }

  #command(frame: Uint8Array): void {
    if (!this.central.isConnected) return;
    this.commands++;
    this.central.gatt.writeCommand(this.#handle, frame);
  }

  #write(frame: Uint8Array, written: (isWritten: boolean) => void): void {
    if (!this.central.isConnected) return;
    this.central.gatt.write(this.#handle, frame, ({ error }) => {
      const isUnproven = error === ATT_ERROR.insufficientAuthentication || error === ATT_ERROR.insufficientEncryption;
      if (isUnproven && !this.central.isEncrypted) this.#secure((isSecured) => (isSecured ? this.#write(frame, written) : written(false)));
      else written(error === undefined);
      this.#arm();
    });
  }

  #secure(secured: (isSecured: boolean) => void): void {
    if (this.central.bond) this.central.encrypt(secured);
    else if (!this.mayPair) secured(false);
    else {
      this.central.pair({ ioCaps: "KeyboardDisplay", passkey: (answer) => this.#listen(answer), ...this.options.pairing }, (outcome) => {
        this.outcomes.push(outcome);
        secured(outcome.isPaired);
      });
    }
  }

  /** The system's dialogue asks for six digits. */
  #listen(type: (digits: string) => void): void {
    const fromMs = this.stage.nowMs;
    const think = (): void => {
      if (!this.central.isConnected) return;
      this.heard = spokenDigits(this.stage, fromMs);
      if (this.heard.length === PASSKEY_DIGITS) this.central.after(TYPING_MS * 1000, () => type(this.options.passkey ?? this.heard));
      else this.central.after(LISTEN_MS * 1000, think);
    };
    think();
  }

  /** Wakes the client when it is due. */
  #arm(): void {
    const dueMs = this.client.dueMs();
    if (dueMs >= this.#alarmMs || dueMs === Infinity) return;
    this.#alarmMs = dueMs;
    this.central.after(Math.max(0, dueMs - this.stage.nowMs) * 1000, () => {
      if (this.#alarmMs !== dueMs) return;
      this.#alarmMs = Infinity;
      this.client.tick();
      this.#arm();
    });
  }
}

/** As GATT clients of the simulator write a UUID. */
function uuid(text: string): string {
  return text.replaceAll("-", "");
}
