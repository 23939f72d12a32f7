// `pawlock flash` and a sealed toy whose service pad is bridged: the only way back to a console.

import assert from "node:assert/strict";
import { xiaoble } from "../../../../boards/xiaoble.ts";
import { builtInstallation } from "../../../../tools/flash/firmware.ts";
import { flash } from "../../../support/flashing.ts";
import { Toy, assertPromisesKept, tone } from "../../../support/toy.ts";

describe("flashing a sealed toy", function () {
  this.timeout(120_000);
  afterEach(assertPromisesKept);

  it("needs the service pad; then says to take the bridge away, tests and seals, and nothing of before is left", async () => {
    const toy = Toy.awake();
    toy.speak(tone(440, 2), 400).hold(2000).wait(1500);
    const installation = await builtInstallation(xiaoble);
    const closed = await flash(toy, installation, { isDev: false });
    assert.match(closed.error!.message, /bridge pad D8 to ground/);
    toy.tie(xiaoble.servicePad!, 0).powerOn();
    const bridged = await flash(toy, installation, { isDev: false });
    assert.match(bridged.steps.join(), /a sealed board in service begins anew/);
    assert.match(bridged.error!.message, /the service pad is still bridged/);
    toy.tie(xiaoble.servicePad!, undefined).powerOn().wait(6000);
    const { done, error } = await flash(toy, installation, { isDev: false });
    assert.equal(error, undefined);
    assert.equal(done!.isSealed, true);
    toy.powerOn().wait(3000).assertHealthy();
    assert.equal(toy.machine.hasConsole, false);
    assert.deepEqual(toy.messages(), []);
  });
});
