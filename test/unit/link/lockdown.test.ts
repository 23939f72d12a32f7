// The boot files' text, run over fakes of Espruino's globals: the sequence of the lock-down, in every state of the board.

import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import { crc32 } from "node:zlib";
import { boards } from "../../../boards/index.ts";
import { microbit2 } from "../../../boards/microbit2.ts";
import { xiaoble } from "../../../boards/xiaoble.ts";
import type { Board } from "../../../boards/board.ts";
import { ANSWER, BATTERY_LEVEL, BATTERY_SERVICE, DEVICE_INFORMATION, REQUEST, VOICE_SERVICE } from "../../../firmware/link/protocol.ts";
import { LOCKDOWN_BYTES, buildLockdown } from "../../../tools/build/lockdown.ts";
import { keyPage, ownAddress } from "../../../tools/image/keys.ts";
import { exhaustive, range } from "../../support/exhaustive.ts";

const KEY_PAGE = 0xed000;

interface World {
  readonly seal?: number;
  readonly keyPage?: Uint8Array;
  readonly isBridged?: boolean;
  /** For how many looks the link of before stays. */
  readonly linkedLooks?: number;
}

interface Characteristic {
  readonly readable?: boolean;
  readonly writable?: boolean;
  readonly notify?: boolean;
  readonly security: { readonly read: { readonly lesc: boolean }; readonly write: { readonly lesc: boolean } };
  readonly onWrite?: (event: unknown) => void;
}
type Table = Record<string, Record<string, Characteristic>>;

/** Runs the text; returns the calls in order, [name, arguments]. */
function run(text: string, board: Board, { seal = 0, keyPage: key = new Uint8Array(4096).fill(0xff), isBridged = false, linkedLooks = 0 }: World) {
  const calls: [string, unknown[]][] = [];
  const record =
    (name: string) =>
    (...args: unknown[]): void =>
      void calls.push([name, args]);
  let looks = 0;
  let seconds = 0;
  const context: Record<string, unknown> = {
    USB: "USB",
    Serial1: { unsetup: record("unsetup") },
    Uint32Array,
    Pin: class {
      constructor(readonly name: string) {}
    },
    pinMode: () => undefined,
    digitalRead: () => (isBridged ? 0 : 1),
    digitalWrite: record("digitalWrite"),
    getTime: () => (seconds += 0.5),
    setInterval: (callback: () => void) => callback(),
    require: () => ({
      read: (length: number, address: number) => {
        assert.ok(address === board.storage.base + 32 || address === KEY_PAGE);
        return address === KEY_PAGE ? key.slice(0, length) : new Uint8Array(Uint32Array.of(seal).buffer, 0, length);
      },
      erasePage: record("erasePage"),
    }),
    E: {
      setConsole: record("setConsole"),
      setPassword: record("setPassword"),
      lockConsole: record("lockConsole"),
      hwRand: () => 0x12345678,
      CRC32: (bytes: Uint8Array) => crc32(bytes) >>> 0,
      reboot: () => {
        calls.push(["reboot", []]);
        throw new Error("rebooted");
      },
    },
    NRF: {
      sleep: record("sleep"),
      wake: record("wake"),
      getSecurityStatus: () => ({ connected: looks++ < linkedLooks }),
      on: (name: string) => void calls.push(["on", [name]]),
      setAddress: record("setAddress"),
      setAdvertising: record("setAdvertising"),
      setServices: record("setServices"),
      setSecurity: record("setSecurity"),
    },
  };
  context["global"] = context;
  try {
    runInNewContext(text, context);
  } catch (error) {
    if (String(error) !== "Error: rebooted") throw error;
  }
  const of = (name: string): unknown[][] => calls.filter(([called]) => called === name).map(([, args]) => args);
  return { names: calls.map(([name]) => name), of, context };
}

describe("boot files", function () {
  this.timeout(20000);
  const texts = new Map<string, string>();
  before(async () => {
    for (const board of boards) texts.set(board.id, await buildLockdown(board, KEY_PAGE));
  });
  const on = (board: Board, world: World) => run(texts.get(board.id)!, board, world);

  it("fit a page on every board", () => {
    for (const text of texts.values()) assert.ok(text.length <= LOCKDOWN_BYTES, `${text.length} bytes`);
  });

  it("close console, link, table and pairing in this order, and leave the radio asleep", () => {
    const { names, of } = on(xiaoble, { keyPage: keyPage(5) });
    assert.deepEqual(names, ["setConsole", "sleep", "setAddress", "setAdvertising", "setServices", "setSecurity", "on", "setPassword", "lockConsole"]);
    assert.equal(JSON.stringify(of("setConsole")), '[[null,{"force":true}]]');
    assert.deepEqual(of("setAddress"), [[ownAddress(keyPage(5))]]);
    assert.deepEqual(of("on"), [["passkey"]]);
  });

  it("never name the toy, and say the same in every advertisement", () => {
    const [data, options] = on(xiaoble, {}).of("setAdvertising")[0]!;
    assert.equal(JSON.stringify(data), "{}");
    assert.deepEqual({ ...(options as object) }, { showName: false, discoverable: true, interval: 375, manufacturer: 0x0590 });
  });

  it("open nothing below the highest level: one characteristic to write, one to be notified by, the rest public and only read", () => {
    const { of } = on(xiaoble, {});
    const [table, options] = of("setServices")[0]! as [Table, object];
    assert.deepEqual({ ...options }, { uart: false });
    assert.deepEqual(Object.keys(table).sort(), [String(DEVICE_INFORMATION), String(BATTERY_SERVICE), VOICE_SERVICE].sort());
    const all = Object.values(table).flatMap((service) => Object.entries(service));
    for (const [, { security }] of all) assert.equal(JSON.stringify(security), '{"read":{"lesc":true},"write":{"lesc":true}}');
    assert.deepEqual(all.filter(([, { writable }]) => writable).map(([uuid]) => uuid), [REQUEST]);
    assert.deepEqual(all.filter(([, { notify }]) => notify).map(([uuid]) => uuid), [ANSWER]);
    assert.deepEqual(Object.keys(table[BATTERY_SERVICE]!), [String(BATTERY_LEVEL)]);
    assert.equal(JSON.stringify(of("setSecurity")), '[[{"display":1,"keyboard":0,"mitm":1,"lesc":1,"bond":1,"privacy":1,"pair":false}]]');
  });

  it("drop what is written until the application has set `air`", () => {
    const { of, context } = on(xiaoble, {});
    const [table] = of("setServices")[0]! as [Table];
    const { onWrite } = table[VOICE_SERVICE]![REQUEST]!;
    onWrite!({ data: 1 });
    const heard: unknown[] = [];
    context["air"] = (...args: unknown[]) => void heard.push(args);
    onWrite!({ data: 2 });
    assert.deepEqual(heard, [[{ data: 2 }]]);
  });

  it("keep the factory's address when there is no key page: the radio stays asleep", () => {
    assert.deepEqual(on(xiaoble, {}).of("setAddress"), []);
  });

  it("take the address from a page with any one bit rotten, and none from a page with two (T50)", () => {
    const rotten = (...bits: number[]): Uint8Array => {
      const page = keyPage(5);
      for (const bit of bits) page[bit >> 3]! ^= 1 << (bit & 7);
      return page;
    };
    for (const bit of exhaustive(range(12 * 32))) {
      assert.deepEqual(on(xiaoble, { keyPage: rotten(bit) }).of("setAddress"), [[ownAddress(keyPage(5))]], `bit ${bit}`);
      assert.deepEqual(on(xiaoble, { keyPage: rotten(bit, (bit + 40) % 384) }).of("setAddress"), [], `bits ${bit} and ${(bit + 40) % 384}`);
    }
  });

  it("wait for a link of before to go, and reboot when it does not", () => {
    assert.ok(on(xiaoble, { linkedLooks: 5 }).names.includes("setServices"));
    const { names } = on(xiaoble, { linkedLooks: 100 });
    assert.deepEqual(names.slice(-1), ["reboot"]);
    assert.ok(!names.includes("setServices"));
  });

  it("leave the console to the bench while unsealed, everything else closed", () => {
    const { names, of } = on(xiaoble, { seal: 0xffffffff });
    assert.equal(JSON.stringify(of("setConsole")), '[["USB",{"force":true}]]');
    assert.deepEqual(names, ["setConsole", "sleep", "setAdvertising", "setServices", "setSecurity", "on"]);
    for (const seal of [0, 0xfffffffe, 0x7fffffff, 1]) assert.equal(JSON.stringify(on(xiaoble, { seal }).of("setConsole")), '[[null,{"force":true}]]');
  });

  it("destroy the key before they give the console to who bridges the service pad, and start nothing", () => {
    const { names, of, context } = on(xiaoble, { isBridged: true });
    assert.deepEqual(names.slice(0, 2), ["erasePage", "setConsole"]);
    assert.deepEqual(of("erasePage"), [[KEY_PAGE]]);
    assert.ok(!names.includes("lockConsole"));
    assert.ok(!names.includes("wake"));
    assert.equal(context["pawlockStop"], true);
    assert.equal(of("digitalWrite").length, 1);
  });

  it("close the serial port where the console is one, and offer nothing where the stack cannot refuse pairing", () => {
    const { names, of } = on(microbit2, {});
    assert.ok(names.includes("unsetup"));
    assert.equal(JSON.stringify(of("setServices")), '[[{},{"uart":false}]]');
    assert.equal(JSON.stringify(of("setSecurity")), '[[{"display":0,"keyboard":0,"mitm":0,"lesc":0,"bond":0,"pair":false}]]');
  });
});
