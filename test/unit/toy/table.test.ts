// Every event in every state: the letter, the state that follows, and that the microphone is powered only while recording.

import assert from "node:assert/strict";
import { OK } from "../../../hal/contract.ts";
import * as states from "../../../firmware/states.ts";
import { mockToy, type MockToy } from "../../support/mock-toy.ts";

const { IDLE, CHIRPING, RECORDING, SAVING, PLAYING, RESETTING, BROKEN, PAIRING, STATE_NAMES, EVENT_NAMES, TRANSITIONS } = states;
const stateNames = STATE_NAMES.split(" ");
const eventNames = EVENT_NAMES.split(" ");

/** What follows, state by state and event by event, written down apart from the firmware's own table. */
const FOLLOWS: Record<string, string> = {
  //          held      released  tap1      tap2      more      pairing   warned    reset     cancelled chirped   ending    captured  played    forgotten shut
  idle: "chirping  idle      playing   playing   idle      pairing   idle      resetting idle      idle      idle      idle      idle      idle      idle",
  chirping: "chirping  idle      chirping  chirping  chirping  chirping  chirping  chirping  chirping  recording chirping  chirping  chirping  chirping  chirping",
  recording: "recording saving    recording recording recording recording recording recording recording recording recording idle      recording recording recording",
  saving: "saving    saving    saving    saving    saving    saving    saving    saving    saving    saving    saving    idle      saving    saving    saving",
  playing: "playing   playing   playing   playing   playing   playing   playing   resetting playing   playing   playing   playing   idle      playing   playing",
  resetting: "resetting resetting resetting resetting resetting resetting resetting resetting resetting resetting resetting resetting resetting resetting resetting",
  broken: "broken    broken    broken    broken    broken    broken    broken    resetting broken    broken    broken    broken    broken    broken    broken",
  pairing: "chirping  pairing   idle      idle      idle      pairing   pairing   resetting pairing   pairing   pairing   pairing   pairing   pairing   idle",
};

/** Brings a toy with one own message into a state. */
function reach(state: number): MockToy {
  const self = mockToy(state === BROKEN ? { memoryBytes: 100 } : {});
  const { toy, microphone, time } = self;
  const { token } = self.token();
  if (state === BROKEN) return self;
  record(self);
  if (state === CHIRPING || state === RECORDING || state === SAVING) toy.handle(states.HELD, token);
  if (state === RECORDING || state === SAVING) {
    time.tick(100);
    self.hear(4000);
  }
  if (state === SAVING) toy.handle(states.RELEASED);
  if (state === PLAYING) toy.handle(states.TAPPED_ONCE);
  if (state === RESETTING) toy.handle(states.RESET_ASKED);
  if (state === PAIRING) toy.handle(states.PAIRING_ASKED);
  assert.equal(stateNames[toy.state], stateNames[state]);
  assert.equal(microphone.isPowered, state === CHIRPING || state === RECORDING);
  return self;
}

function record(self: MockToy): void {
  self.toy.handle(states.HELD, self.token().token);
  self.time.tick(100);
  self.hear(12000);
  self.toy.handle(states.RELEASED);
  self.microphone.end(OK, 0);
  self.time.tick(500);
  assert.equal(self.toy.messages(), 1);
}

describe("toy state table", () => {
  let self: MockToy;
  afterEach(() => self.time.restore());

  it("has a cell for every event in every state", () => {
    self = mockToy();
    assert.equal(TRANSITIONS.length, stateNames.length);
    for (const row of TRANSITIONS) assert.equal(row.length, eventNames.length);
  });

  stateNames.forEach((name, state) => {
    eventNames.forEach((eventName, event) => {
      it(`${name}: ${eventName}`, () => {
        self = reach(state);
        const cell = self.toy.handle(event, event === states.HELD ? self.token().token : undefined);
        assert.equal(cell, TRANSITIONS[state]!.charAt(event));
        const follows = FOLLOWS[name]!.split(/ +/)[event];
        assert.equal(stateNames[self.toy.state], follows);
        if (follows !== "chirping" && follows !== "recording") assert.equal(self.microphone.isPowered, false);
      });
    });
  });

  it("adds up what a late interpreter cost in recordings and playbacks", () => {
    self = reach(SAVING);
    self.microphone.end(OK, 800);
    self.time.tick(1000);
    assert.equal(self.toy.state, IDLE);
    assert.deepEqual(self.toy.losses, [800, 0]);
    for (const late of [1, 2]) {
      self.toy.handle(states.TAPPED_ONCE);
      self.speaker.end(OK, late);
    }
    assert.deepEqual(self.toy.losses, [800, 3]);
  });

  for (let state = 0; state < stateNames.length; state++) {
    it(`goes on from every cell of ${stateNames[state]} to idle, broken or a new start when left alone`, () => {
      for (let event = 0; event < eventNames.length; event++) {
        self = reach(state);
        const hand = self.token();
        self.toy.handle(event, event === states.HELD ? hand.token : undefined);
        hand.letGo();
        if (self.toy.state === CHIRPING) self.toy.handle(states.RELEASED);
        if (self.toy.state === RECORDING) self.toy.handle(states.RELEASED);
        if (self.toy.state === SAVING) self.microphone.end(OK, 0);
        for (let i = 0; i < 2 && self.speaker.isPlaying; i++) self.speaker.end(OK);
        self.system.reboots = 0;
        self.time.tick(70_000);
        assert.ok([IDLE, BROKEN].includes(self.toy.state) || (self.toy.state === RESETTING && self.system.reboots > 0), `${stateNames[state]} after ${eventNames[event]}: ${stateNames[self.toy.state]}`);
        assert.equal(self.microphone.isPowered, false);
        self.time.restore();
      }
    });
  }
});
