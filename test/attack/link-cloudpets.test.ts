// The published attack on CloudPets, step by step, against this toy: the same intents, through its own characteristics. By a stranger,
// and again by one who has taken the address of the family's phone.

import assert from "node:assert/strict";
import {
  KEY_NAME,
  KEY_TIME,
  KEY_VOLUME,
  OP_DATA,
  OP_DELETE,
  OP_FETCH,
  OP_FINISH,
  OP_HELLO,
  OP_MARK,
  OP_PULL,
  OP_SEND,
  OP_SET,
} from "../../firmware/link/protocol.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../../firmware/voice/abi.ts";
import { PROPERTY } from "../../sim/air/attributes.ts";
import type { Sighting } from "../../sim/air/air.ts";
import { observed } from "../support/attack-table.ts";
import { FAMILY_PHONE, familyToy, kept, settingsSeenBy, type FamilyToy } from "../support/family-toy.ts";
import { playbacks, sounds } from "../support/speaker.ts";
import { Stranger } from "../support/stranger.ts";
import type { ThreatId } from "../support/threats.ts";
import { assertPromisesKept } from "../support/toy.ts";

/** Of the original: service and characteristics that were open to all. */
const CLOUDPETS = "aaddf75da95a000000003ca499b74009";
/** A block as it is written into the flash. */
const isVoice = ({ length, kind }: { readonly length: number; readonly kind: string }): boolean => kind === "program" && length > BLOCK_BYTES;
const NAMES = ["CloudPets", "Pawlock", "XIAO", "bear", "SN-"];

describe("The CloudPets attack", () => {
  afterEach(assertPromisesKept);

  for (const [who, address] of [
    ["a stranger", undefined],
    ["a stranger under the phone's address", FAMILY_PHONE],
  ] as const) {
    describe(`by ${who}`, () => {
      let family: FamilyToy;
      let stranger: Stranger;
      let then: string;
      let fromMs: number;

      beforeEach(() => {
        family = familyToy();
        stranger = new Stranger(family.toy);
        stranger.central.claimedAddress = address;
        then = kept(family.toy);
        fromMs = family.toy.nowMs;
      });

      /** What he has got and what he has done: nothing. Then the family comes, and finds all as it was. */
      function assertNothing(id: ThreatId, attack: string): void {
        const { toy, phone } = family;
        assert.deepEqual(stranger.notified, [], "notified");
        toy.wait(6000);
        assert.ok(!stranger.isConnected, "put off");
        assert.equal(kept(toy), then, "messages");
        assert.deepEqual(playbacks(toy, fromMs), []);
        assert.deepEqual(sounds(toy, fromMs), []);
        assert.deepEqual(toy.lit("microphone"), []);
        assert.deepEqual(JSON.parse(settingsSeenBy(phone))[0], settings, "settings");
        assert.deepEqual(toy.machine.uncaught, []);
        const off = stranger.heldMs.length > 0 ? `off after ${Math.max(...stranger.heldMs).toFixed(0)} ms` : "not connected";
        observed(id, `${attack}, by ${who}`, `nothing heard, sounded or changed; ${off}; the family gets in`);
      }

      let settings: unknown;
      before(() => {
        settings = JSON.parse(settingsSeenBy(familyToy().phone))[0];
      });

      it("T01 finds no toy by its name, and nothing that tells this one from another", () => {
        const seen: Sighting[] = [];
        stranger.central.scan((sighting) => void seen.push(sighting));
        family.toy.wait(5000);
        assert.ok(seen.length > 5);
        for (const sighting of seen) {
          const text = Buffer.from(JSON.stringify(sighting)).toString("latin1") + Object.values(sighting).map((part) => (part instanceof Uint8Array ? Buffer.from(part).toString("latin1") : "")).join();
          for (const name of NAMES) assert.ok(!text.includes(name), name);
        }
        assertNothing("T01", "scan by name");
      });

      it("T02 enumerates: no such service, and no value that can be read", () => {
        stranger.connect();
        const { characteristics } = stranger.central.gatt;
        assert.ok(!characteristics.some(({ service }) => service === CLOUDPETS));
        const values = characteristics.filter(({ service, properties }) => service !== "1800" && service !== "1801" && (properties & PROPERTY.read) !== 0);
        assert.ok(values.length >= 3);
        for (const { handle } of values) assert.equal(stranger.read(handle)?.bytes, undefined);
        assertNothing("T02", "enumerate and read");
      });

      it("T03 subscribes to everything and waits while the child records, plays and is sent to", () => {
        const { toy } = family;
        stranger.connect();
        for (const { cccd } of stranger.central.gatt.characteristics) if (cccd) stranger.write([1, 0], cccd);
        toy.hold(1500).wait(1500);
        assert.deepEqual(stranger.notified, []);
        toy.tap().wait(2500);
        then = kept(toy);
        fromMs = toy.nowMs;
        assert.equal(toy.lit("microphone").length, 1, "the child's own recording");
        assert.deepEqual(stranger.notified, []);
        toy.wait(4000);
        assert.ok(!stranger.isConnected);
        assert.deepEqual(JSON.parse(settingsSeenBy(family.phone))[0], settings);
        assert.deepEqual(stranger.notified, []);
        observed("T03", `subscribe to all and wait for the day's events, by ${who}`, `no notification; off after ${stranger.heldMs[0]!.toFixed(0)} ms`);
      });

      it("T04 uploads: no byte reaches the flash", () => {
        stranger.connect().subscribe();
        const { operations } = family.toy.machine.flash;
        const from = operations.length;
        stranger.write([OP_HELLO, 1, 1, 131, 0]);
        stranger.write([OP_SEND, 2, 0x40, 0x1f, 0, 0, 1, 2, 3, 4]);
        for (let at = 0; at < 1200; at += 16) stranger.command([OP_DATA, at & 255, at >> 8, 0, ...new Uint8Array(16).fill(at)]);
        stranger.write([OP_FINISH, 3]);
        family.toy.wait(500);
        assert.deepEqual(operations.slice(from).filter(isVoice), []);
        assertNothing("T04", "start an upload, 75 pieces, stop");
      });

      it("T05 plays: no opcode makes a sound", () => {
        stranger.connect().subscribe();
        for (const frame of [[8, 1, 0], [8, 1, 1], [OP_MARK, 1, 1, 0, 0, 0], [OP_FETCH, 1, 1, 0, 0, 0]]) stranger.write(frame);
        for (let op = 0; op < 256; op++) stranger.command([op, 1, 0]);
        family.toy.wait(1000);
        assertNothing("T05", "play slot by the original's commands and by every opcode");
      });

      it("T06 records from afar: no opcode, no characteristic, no length powers the microphone", () => {
        stranger.connect().subscribe();
        stranger.write([8, 2]);
        for (const { handle } of stranger.central.gatt.characteristics) for (const length of [0, 1, 2, 20]) stranger.command(new Uint8Array(length).fill(8), handle);
        family.toy.wait(1000);
        assertNothing("T06", "record by the original's command, and by every handle and length");
      });

      it("T07 downloads: not one byte of voice", () => {
        stranger.connect().subscribe();
        stranger.write([OP_HELLO, 1, 1, 131, 0]);
        for (const sequence of [1, 2]) {
          stranger.write([OP_FETCH, sequence, sequence, 0, 0, 0]);
          stranger.command([OP_PULL, 0, 0, 0, 0, 255]);
        }
        family.toy.wait(2000);
        assertNothing("T07", "fetch both messages");
      });

      it("T08 changes volume, name, time and messages: all is as it was", () => {
        stranger.connect();
        const frames = [[OP_SET, 1, KEY_VOLUME, 100, 0], [OP_SET, 2, KEY_NAME, 65, 66], [OP_SET, 3, KEY_TIME, 1, 1, 1, 1], [OP_DELETE, 4, 1, 0, 0, 0]];
        for (const frame of frames) {
          stranger.write(frame);
          stranger.command(frame);
        }
        for (const { handle, service } of stranger.central.gatt.characteristics) if (service === "1800") stranger.write([65, 65], handle);
        assertNothing("T08", "set volume, name and time, delete");
      });
    });
  }

  it("knows what it tests: the same frames from the family's phone do all of that", () => {
    const { toy, phone } = familyToy();
    assert.equal(phone.open(), 0);
    assert.equal(phone.set(KEY_VOLUME, [100, 0]).code, 0);
    const fetched = phone.fetch(1);
    assert.deepEqual(fetched.value!.blocks, toy.messages()[0]!.blocks);
    const from = toy.machine.flash.operations.length;
    assert.equal(phone.send(fetched.value!.blocks.slice(0, BLOCK_BYTES), BLOCK_SAMPLES).code, 0);
    assert.equal(toy.machine.flash.operations.slice(from).filter(isVoice).length, 1);
  });
});
