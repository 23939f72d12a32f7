// The Radio adapter against a fake NRF: events in the contract's terms, reused objects, nothing that restarts the stack.

import assert from "node:assert/strict";
import sinon from "sinon";
import { crc32 } from "node:zlib";
import { xiaoble } from "../../../boards/xiaoble.ts";
import {
  RADIO_ADVERTISING,
  RADIO_BOND,
  RADIO_CONNECTED,
  RADIO_DISCONNECTED,
  RADIO_PASSKEY,
  RADIO_SECURED,
  type Radio,
} from "../../../hal/contract.ts";
import { createEspruinoRadio } from "../../../hal/espruino/radio.ts";
import type { BondKeys, Bonds } from "../../../sim/air/bonds.ts";
import { bondsOf } from "../../../sim/air/chip.ts";
import { clearGlobals, setGlobals } from "./espruino-globals.ts";

const table = { service: "s", answer: "a", batteryService: 0x180f, batteryLevel: 0x2a19, security: { mitm: 1, privacy: 1, pair: false } };

type Air = (event: { data: ArrayBufferLike }) => void;
const air = (): Air | undefined => (globalThis as { air?: Air }).air;
/** As the boot files' table does. */
const write = (...bytes: number[]): void => air()?.({ data: Uint8Array.from(bytes).buffer });
const unheard = (): void => undefined;

describe("Radio on Espruino", () => {
  const listeners: Record<string, (value: unknown) => void> = {};
  let calls: unknown[][];
  let errors: unknown[];
  let radio: Radio;
  let bonds: Bonds;

  beforeEach(() => {
    calls = [];
    errors = [];
    const record =
      (name: string) =>
      (...args: unknown[]): void =>
        void calls.push([name, ...(JSON.parse(JSON.stringify(args)) as unknown[])]);
    bonds = bondsOf(xiaoble);
    const { memory } = bonds.fds;
    const registers: Record<number, number> = { 0x10001014: xiaoble.bootLoader! };
    setGlobals({
      peek32: (address: number) => registers[address],
      E: { CRC32: (bytes: Uint8Array) => crc32(bytes) >>> 0 },
      NRF: {
        on: (name: string, callback: (value: unknown) => void) => (listeners[name] = callback),
        wake: record("wake"),
        sleep: record("sleep"),
        disconnect: record("disconnect"),
        setSecurity: record("setSecurity"),
        updateServices: record("updateServices"),
        getSecurityStatus: () => ({ connected: true, advertising: false, connectionInterval: 8 }),
        resolveAddress: (address: string) => (address === "p private-resolvable" ? "b public" : undefined),
      },
    }, {
      Flash: {
        read: (length: number, address: number) => memory.bytes.slice(address - memory.base, address - memory.base + length),
        erasePage: (address: number) => bonds.fds.erasePage((address - memory.base) / 4096),
      },
    });
    radio = createEspruinoRadio({ ...table, security: { ...table.security } }, (error) => void errors.push(error));
  });
  afterEach(() => {
    clearGlobals();
    delete (globalThis as { air?: unknown }).air;
  });

  it("tells every event in the contract's terms", () => {
    const told: unknown[][] = [];
    radio.listen((kind, value) => void told.push([kind, value]), unheard);
    radio.setPairing(true);
    listeners["connect"]!("x public");
    listeners["passkey"]!("012345");
    listeners["bond"]!("start");
    listeners["disconnect"]!(19);
    listeners["advertising"]!(true);
    assert.deepEqual(told, [
      [RADIO_CONNECTED, "x public"],
      [RADIO_PASSKEY, "012345"],
      [RADIO_BOND, "start"],
      [RADIO_DISCONNECTED, 19],
      [RADIO_ADVERTISING, true],
    ]);
  });

  it("calls a pairing the highest only when it succeeded, was kept and has level 4", () => {
    const told: unknown[][] = [];
    radio.listen((kind, value) => void told.push([kind, value]), unheard);
    radio.setPairing(true);
    const good = { auth_status: "SUCCESS", bonded: true, lv4: 1, kdist_own: 3, kdist_peer: 3 };
    for (const event of [good, { ...good, auth_status: 0 }, { ...good, auth_status: "PASSKEY_ENTRY_FAILED" }, { ...good, auth_status: 133 }, { ...good, bonded: false }, { ...good, lv4: 0 }]) {
      listeners["security"]!(event);
    }
    assert.deepEqual(
      told,
      [true, true, false, false, false, false].map((isHighest) => [RADIO_SECURED, isHighest]),
    );
  });

  it("tells nothing of pairing while that is shut, and counts what was refused", () => {
    const told: unknown[][] = [];
    radio.listen((kind, value) => void told.push([kind, value]), unheard);
    for (const what of ["start", "fail", "start", "fail"]) listeners["bond"]!(what);
    listeners["passkey"]!("012345");
    listeners["security"]!({ auth_status: "SUCCESS", bonded: true, lv4: 1 });
    assert.deepEqual(told, []);
    assert.equal(radio.refused, 2);
  });

  it("hands on what was written, and keeps errors of the listener to itself", () => {
    let seen: unknown;
    radio.listen(unheard, (data) => {
      seen = new Uint8Array(data);
      throw new Error("bug");
    });
    radio.wake();
    radio.room = 1;
    write(1, 2);
    assert.deepEqual(seen, Uint8Array.of(1, 2));
    assert.equal(errors.length, 1);
  });

  it("takes as many writes as there is room for, then drops them, and sleeps when they go on until somebody wakes it", () => {
    let heard = 0;
    radio.listen(unheard, () => void heard++);
    radio.wake();
    radio.room = 3;
    for (let i = 0; i < 10; i++) write(i);
    assert.equal(heard, 3);
    assert.deepEqual(calls, [["wake"]]);
    write(10);
    assert.deepEqual(calls, [["wake"], ["sleep"]]);
    assert.equal(air(), undefined, "what comes still is not even counted");
    assert.ok(radio.room < -40, "and it is long until it is forgiven");
    radio.wake();
    radio.room = 1;
    write(0);
    assert.equal(heard, 4);
  });

  it("makes a step each interval, however often it is asked, until one says no or fails", () => {
    const time = sinon.useFakeTimers();
    const at: number[] = [];
    let isOver = false;
    const step = (): boolean => {
      at.push(time.now);
      return !isOver;
    };
    radio.eachInterval(step);
    assert.deepEqual(at, [0], "the first one at once");
    radio.eachInterval(step);
    time.tick(100);
    // 10 ms, of which one passes until the timer is set.
    assert.deepEqual(at, Array.from({ length: 12 }, (_, i) => 9 * i));
    isOver = true;
    time.tick(100);
    const before = at.length;
    time.tick(1000);
    assert.equal(at.length, before);
    radio.eachInterval(() => {
      throw new Error("bug");
    });
    time.tick(1000);
    assert.equal(errors.length, 1);
    assert.equal(at.length, before);
    time.restore();
  });

  it("repeats the whole security object and changes only pair", () => {
    radio.setPairing(true);
    radio.setPairing(false);
    assert.deepEqual(calls, [
      ["setSecurity", { mitm: 1, privacy: 1, pair: true }],
      ["setSecurity", { mitm: 1, privacy: 1, pair: false }],
    ]);
  });

  it("notifies by the answer characteristic and writes the battery level without notifying", () => {
    radio.notify(Uint8Array.of(7));
    radio.setBattery(42);
    assert.deepEqual(calls, [
      ["updateServices", { s: { a: { value: { 0: 7 }, notify: true } } }],
      ["updateServices", { [0x180f]: { [0x2a19]: { value: [42] } } }],
    ]);
  });

  it("resolves the address of a bonded phone and leaves others as they are", () => {
    assert.equal(radio.identify("p private-resolvable", false), "b public");
    assert.equal(radio.identify("q random", false), "q random");
  });

  const KEYS: BondKeys = { ltk: "11".repeat(16), level: 4, keyBytes: 16, isSc: true, identity: "c0:11:22:33:44:55 random", irk: undefined };

  it("tells one bond of an address from every other one, wherever it lies", () => {
    const { identity } = KEYS;
    assert.equal(radio.identify(identity, true), identity, "none");
    bonds.store({ ...KEYS, identity: "c0:11:22:33:44:56 random" });
    assert.equal(radio.identify(identity, true), identity, "another's");
    bonds.store(KEYS);
    const first = radio.identify(identity, true);
    assert.equal(radio.identify(identity, false), identity, "not asked for");
    assert.match(first, /^c0:11:22:33:44:55 random#[0-9a-z]{1,7}$/);
    // Until they have been cleared up into the lower page, and back.
    for (let i = 0; bonds.fds.erasures < 2; i++) {
      bonds.subscribe(1, new Map([[24, i & 1]]));
      assert.equal(radio.identify(identity, true), first);
    }
    bonds.store({ ...KEYS, ltk: "22".repeat(16) });
    const second = radio.identify(identity, true);
    assert.notEqual(second, first);
    assert.equal(second.slice(0, 25), first.slice(0, 25));
    bonds.erase(false);
    assert.equal(radio.identify(identity, true), identity);
  });

  it("is not led out of the page by a phone whose identity key looks like a record", () => {
    const irk = new Uint8Array(16);
    irk.set([0x07, 0xc0, 0x14, 0x00], 3);
    bonds.store(KEYS);
    const whole = radio.identify(KEYS.identity, true);
    // To the page's very end: what its key looks like would reach beyond.
    const used = 2 + 23;
    const end = 1024 - 26;
    bonds.fds.write(0xd000, 1, new Uint8Array((end - used - 3) * 4));
    bonds.store({ ...KEYS, irk, identity: "c0:66:66:66:66:66 random" });
    assert.equal(bonds.all.length, 2);
    assert.equal(radio.identify(KEYS.identity, true), whole);
    assert.equal(radio.identify("c0:00:00:00:00:99 random", true), "c0:00:00:00:00:99 random");
  });

  it("finds a bond wherever in the page it lies, across the pieces in which it is read too", () => {
    for (const begins of [256 - 23, 256 - 22, 256 - 1, 256, 257, 512 - 10, 1024 - 23]) {
      bonds.erase(false);
      // Words in use, and a record of the rest before the bond.
      const used = 2;
      bonds.fds.write(0xd000, 1, new Uint8Array((begins - used - 3) * 4));
      bonds.store(KEYS);
      assert.match(radio.identify(KEYS.identity, true), /^c0:11:22:33:44:55 random#/, `at word ${begins}`);
    }
  });

  it("erases both pages of bonds, whichever they lie in", () => {
    for (const erasures of [0, 1]) {
      const { peer } = bonds.store(KEYS);
      for (let i = 0; bonds.fds.erasures < erasures; i++) bonds.subscribe(peer, new Map([[24, i & 1]]));
      radio.eraseBonds();
      bonds.boot(false);
      assert.deepEqual(bonds.all, []);
      bonds.fds.erasures = 0;
    }
  });

  it("wakes, sleeps and disconnects directly", () => {
    radio.wake();
    radio.sleep();
    radio.disconnect();
    assert.deepEqual(calls, [["wake"], ["sleep"], ["disconnect"]]);
    assert.equal(radio.status().connected, true);
  });
});
