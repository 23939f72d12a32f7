// NRF of the simulated board under the real interpreter: the same calls, the same events, in the same time, as under Node's engine.

import assert from "node:assert/strict";
import { nrf52840dk } from "../../boards/nrf52840dk.ts";
import { nodeEngine, type EngineMaker } from "../../sim/stage.ts";
import { espruinoEngines } from "../support/interpreter.ts";
import { LEVEL4, OPEN, RadioBoard, WINDOW, boot } from "../support/radio-bench.ts";

describe("NRF under Espruino", function () {
  this.timeout(30000);
  const { espruino } = espruinoEngines();

  /** A phone pairs, writes, is notified, asks to bond again and goes; the board prints what it hears. */
  function story(engine: EngineMaker): { readonly said: string[]; readonly got: unknown[]; readonly uncaught: unknown[]; readonly calls: unknown[] } {
    const rest = `
      print(NRF.getAddress(true).length+" "+NRF.resolveAddress("c0:00:00:00:00:01 random")+" "+NRF.getBattery());
      NRF.on("security",function(){notify("f04b0005-6a0d-4f9c-8f5e-2d1c9b7a3e60","abc")});
      NRF.on("disconnect",function(){NRF.startBonding().then(function(){print("bonded")},function(why){print("not bonded: "+why)})});
      E.setConsole(null,{force:true});E.setPassword("x");E.lockConsole();`;
    const board = RadioBoard.on(boot(WINDOW, rest), { board: nrf52840dk, engine, wait: 400 });
    const said = board.printed();
    const phone = board.connected();
    const got: unknown[] = [];
    phone.gatt.onNotification = (handle, data) => got.push([handle, ...data]);
    got.push(board.subscribe(phone, LEVEL4).error, board.write(phone, OPEN, [1, 2, 255]).error, board.read(phone, LEVEL4).error);
    got.push(board.pair(phone).isPaired, board.write(phone, LEVEL4, [7]).error);
    board.wait(100);
    phone.disconnect();
    board.wait(300);
    said.push(...board.printed());
    return { said, got, uncaught: board.machine.uncaught, calls: board.machine.radioCalls };
  }

  it("tells the same story", () => {
    const [expected, got] = [story(nodeEngine), story(espruino)];
    assert.deepEqual(got, expected);
    assert.deepEqual(expected.uncaught, []);
    assert.ok(expected.calls.length > 5);
    assert.ok(expected.said.includes("not bonded: Not connected") && expected.said.includes("level4 7"), expected.said.join("\n"));
  });
});
