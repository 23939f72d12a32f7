// Somebody with the sealed toy open in his hands: BTN1 held, a bit of the key page rotten, the service pad bridged.

import assert from "node:assert/strict";
import { boards } from "../../boards/index.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import { keyPageOf } from "../../tools/image/keys.ts";
import { observed } from "../support/attack-table.ts";
import { familyToy, kept } from "../support/family-toy.ts";
import { openWindow } from "../support/paired.ts";
import { playbacks } from "../support/speaker.ts";
import { Toy, assertPromisesKept, tone } from "../support/toy.ts";

const PHONE = { ltk: "f".repeat(32), level: 4, keyBytes: 16, isSc: true, identity: "c0:00:00:00:00:0a random", irk: undefined } as const;
const CTRL_C = Uint8Array.of(3);

describe("A sealed toy in somebody's hands", () => {
  afterEach(assertPromisesKept);

  /** It has a message. */
  function withMessage(board = xiaoble): Toy {
    const toy = Toy.awake({ board });
    toy.speak(tone(440, 2), 400).hold(2000).wait(1500);
    assert.equal(toy.messages().length, 1);
    return toy;
  }

  for (const board of boards.filter(({ capabilities }) => capabilities.link)) {
    it(`T43 on ${board.id} with BTN1 held at reset: locked as ever, radio asleep, nothing runs`, () => {
      const toy = withMessage(board);
      toy.bonds.store(PHONE);
      toy.tie(board.btn1, board.btn1.negated ? 0 : 1).powerOn().wait(5000);
      const { machine } = toy;
      assert.equal(machine.hasConsole, false);
      machine.consoleState.receive(board.console, CTRL_C, machine.ioQueue);
      toy.wait(100);
      assert.deepEqual([machine.uncaught, machine.console], [[], []]);
      assert.ok(!machine.bluetooth.advertiser.isAdvertising);
      assert.ok(!machine.bluetooth.server.hasUart);
      assert.equal(machine.bluetooth.security.options?.pair, false);
      toy.hold(2000).wait(500);
      assert.deepEqual(toy.lit("microphone"), []);
      // What the platform does by itself, and why the wiring ties BTN1: no phone is let in by it, each has to pair anew.
      assert.equal(toy.bonds.all.length, board.btn1.isOnly ? 0 : 1);
      toy.tie(board.btn1, undefined).powerOn().wait(3000).assertHealthy();
      assert.equal(toy.messages().length, 1);
      observed("T43", `BTN1 held at reset, ${board.id}`, `no console, no UART, radio asleep, no microphone; bonds ${board.btn1.isOnly ? "erased by the platform" : "kept"}`);
    });

    if (board.btn1.isOnly) {
      it(`T43 on ${board.id} a phone whose bond BTN1 erased is told nothing until it pairs anew, and then finds what was there`, () => {
        const { toy, phone } = familyToy({ board });
        const before = kept(toy);
        toy.tie(board.btn1, board.btn1.negated ? 0 : 1).powerOn().wait(5000);
        toy.tie(board.btn1, undefined).powerOn().wait(6000);
        assert.notEqual(phone.open(), 0);
        assert.equal(phone.list().value, undefined);
        phone.forget();
        openWindow(toy);
        assert.equal(phone.pair(), 0);
        assert.deepEqual([phone.phones().value?.length, phone.list().value?.length], [1, 2]);
        assert.equal(kept(toy), before);
        observed("T43", `a family phone after that, ${board.id}`, "refused; pairs anew in its own place, nothing is lost");
      });
    }

    it(`T50 on ${board.id} with a rotten bit in its key page: same address, the message is played`, () => {
      const toy = withMessage(board);
      const page = keyPageOf(board, toy.memories)!;
      const { address } = toy;
      // Of the magic, the address, the key and the check.
      for (const bit of [3, 32 + 20, 64 + 5, 200, 352 + 31]) {
        const whole = page[bit >> 3]!;
        page[bit >> 3] = whole ^ (1 << (bit & 7));
        toy.powerOn().wait(2500).assertHealthy();
        assert.equal(toy.machine.bluetooth.advertiser.identity, address, `bit ${bit}`);
        toy.tap();
        const tappedMs = toy.nowMs;
        toy.wait(2500);
        assert.equal(playbacks(toy, tappedMs).length, 1, `bit ${bit}: the message is played`);
        page[bit >> 3] = whole;
      }
      observed("T50", `one rotten bit in the key page, ${board.id}`, "own address as before, message played");
    });
  }

  it("T42 bridges the service pad at reset: the key is gone first, then the console is his, and nothing else works", () => {
    const toy = withMessage();
    toy.tie(xiaoble.servicePad!, 0).powerOn();
    assert.ok(keyPageOf(xiaoble, toy.memories)!.every((byte) => byte === 0xff), "key page");
    assert.equal(toy.key, undefined);
    toy.wait(5000).hold(2000).wait(500);
    const { machine } = toy;
    assert.ok(machine.hasConsole);
    assert.ok(!machine.bluetooth.advertiser.isAdvertising);
    assert.equal(machine.bluetooth.security.options?.pair, false);
    assert.deepEqual(toy.lit("microphone"), []);
    // Ten changes a second, which no state of the toy has.
    const changes = toy.lit("glow").slice(2, -1);
    assert.ok(changes.length > 20);
    for (const { fromUs, toUs } of changes) assert.ok(Math.abs(toUs - fromUs - 100_000) < 5000, `${fromUs} to ${toUs} us`);
    assert.deepEqual(machine.uncaught, []);
    observed("T42", "service pad bridged at reset", "key erased, console on USB, radio asleep, heart flickers, paw dead");
  });

  it("T47 takes the bridge away again: a new key, a new address, and the old message is noise", () => {
    const toy = withMessage();
    const { address } = toy;
    toy.tie(xiaoble.servicePad!, 0).powerOn().wait(500);
    toy.tie(xiaoble.servicePad!, undefined).powerOn().wait(4000);
    assert.notEqual(toy.address, address);
    assert.equal(toy.machine.bluetooth.advertiser.identity, toy.address);
    assert.equal(toy.machine.hasConsole, false);
    assert.deepEqual(toy.messages().filter(({ blocks }) => blocks), []);
    toy.speak(tone(440, 2), 400).hold(2000).wait(1500).assertHealthy();
    assert.equal(toy.messages().filter(({ blocks }) => blocks).length, 1);
    observed("T47", "boot after a service session", "new key and address, sealed again, old voice unreadable, records as before");
  });
});
