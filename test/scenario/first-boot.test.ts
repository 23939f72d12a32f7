// The very first boot: no key page, so the radio has no address of its own and sleeps. The application makes key and address, reboots
// once, and from then on the boot files give the radio that address.

import assert from "node:assert/strict";
import { boards } from "../../boards/index.ts";
import { Toy, assertPromisesKept, tone } from "../support/toy.ts";

/** Two boots, and a second until the radio wakes. */
const READY_MS = 8000;

describe("the first boot", () => {
  afterEach(assertPromisesKept);

  for (const board of boards.filter(({ capabilities }) => capabilities.link)) {
    describe(`on ${board.id}`, () => {
      const firstBoot = (): Toy => {
        const toy = new Toy({ board, isNew: true });
        toy.powerOn().wait(READY_MS - toy.nowMs);
        return toy;
      };

      it("makes the key page, reboots once, and advertises under an address of its own", () => {
        const toy = firstBoot();
        assert.deepEqual(toy.machines.map(({ isRebooting }) => isRebooting), [true, false]);
        const [first, second] = toy.machines.map(({ radioCalls }) => radioCalls.filter(({ name }) => name === "nrf.setAddress"));
        assert.deepEqual(first, []);
        assert.deepEqual(second!.map(({ args }) => args), [[toy.address]]);
        assert.match(toy.address, /:00:00 random$/);
        assert.ok(toy.machine.bluetooth.advertiser.isAdvertising);
        assert.equal(toy.machine.bluetooth.advertiser.identity, toy.address);
      });

      it("leaves the radio asleep from the lock-down on until the address is there", () => {
        const toy = new Toy({ board, isNew: true });
        toy.powerOn();
        const { machine } = toy;
        assert.ok(machine.isRebooting);
        assert.ok(!machine.bluetooth.advertiser.isAdvertising);
        const heard = machine.radioCalls.map(({ name }) => name);
        assert.ok(!heard.includes("nrf.wake"), heard.join());
      });

      it("is all there is to it: the paw records, and the next boot is a single one with the same key", () => {
        const toy = firstBoot();
        toy.wait(1000).speak(tone(440, 2), 400).hold(2000).wait(1500).assertHealthy();
        const { address, key } = toy;
        toy.powerOn().wait(READY_MS);
        assert.equal(toy.machines.length, 1);
        assert.deepEqual([toy.address, toy.key], [address, key]);
        assert.equal(toy.messages().length, 1);
      });

      it("makes another key and address in every toy", () => {
        const made = [1, 2, 3].map((seed) => {
          const toy = new Toy({ board, isNew: true, seed });
          toy.powerOn().wait(READY_MS);
          return [toy.address, String(toy.key)];
        });
        for (const i of [0, 1]) assert.equal(new Set(made.map((one) => one[i])).size, made.length);
      });
    });
  }
});
