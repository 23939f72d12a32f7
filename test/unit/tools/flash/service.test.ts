// A sealed toy, from the locked door to the new firmware: recognised, explained, opened by its service pad, flashed and sealed again.

import assert from "node:assert/strict";
import { xiaoble } from "../../../../boards/xiaoble.ts";
import { builtInstallation } from "../../../../tools/flash/firmware.ts";
import { keyPageOf } from "../../../../tools/image/keys.ts";
import { flash, type Flashing } from "../../../support/flashing.ts";
import { Toy, assertPromisesKept, tone } from "../../../support/toy.ts";

describe("a sealed toy", function () {
  this.timeout(120000);
  afterEach(assertPromisesKept);
  const pad = xiaoble.servicePad!;

  const sealed = (): Toy => new Toy().powerOn().wait(6000);

  /** Flashes it with the pad bridged, until the tools ask to take the bridge off. */
  async function inService(toy: Toy, takesOff = true): Promise<Flashing & { readonly keyAtFirstLine: Uint8Array }> {
    toy.tie(pad, 0).powerOn().wait(3000);
    let keyAtFirstLine: Uint8Array | undefined;
    const report = (step: string): void => {
      keyAtFirstLine ??= keyPageOf(xiaoble, toy.memories)!.slice();
      if (!takesOff || !step.includes("take the bridge off")) return;
      toy.tie(pad, undefined).machine.pins.drive(pad.nrf, undefined);
    };
    const flashing = await flash(toy, await builtInstallation(xiaoble), { isDev: false, hasSelfTest: true, report });
    return { ...flashing, keyAtFirstLine: keyAtFirstLine! };
  }

  it("is locked, says how to open it, and in service is flashed anew and sealed, its key destroyed before the console opens", async () => {
    const toy = sealed();
    toy.speak(tone(440, 2), 500).hold(1500).wait(2000);
    assert.equal(toy.messages().length, 1);
    const locked = await flash(toy, await builtInstallation(xiaoble));
    assert.match(locked.error!.message, /no prompt answers\. If it is a toy that was sealed.*bridge pad D8 to ground, press reset/);
    assert.equal(toy.messages().length, 1, "nothing was lost by asking");

    const opened = await inService(toy);
    assert.equal(opened.error, undefined);
    assert.ok(opened.keyAtFirstLine.every((byte) => byte === 0xff), "no key any more when the console first answers");
    assert.deepEqual(opened.done!.plan, { kind: "first", why: "a board in service begins anew: the key to its messages is destroyed", loses: false });
    assert.equal(opened.done!.isSealed, true);
    toy.powerOn().wait(5000);
    assert.equal(toy.messages().length, 0);
    assert.equal(toy.machine.hasConsole, false);
    toy.hold(1500).wait(2000);
    assert.equal(toy.messages().length, 1, "it is a toy again");
  });

  it("is left alone while the bridge stays", async () => {
    const toy = sealed();
    const { error } = await inService(toy, false);
    assert.match(error!.message, /pad D8 is still bridged/);
    assert.deepEqual(toy.machine.flash.operations.filter(({ kind, address }) => kind === "erase" && address >= xiaoble.storage.base), []);
  });
});
