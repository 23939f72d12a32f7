// Before JavaScript: every boot opens the console's UART under the factory's address and name (ble-recipes, "Before JavaScript
// runs"); who is quick gets a link, the console, and may break what runs.

import assert from "node:assert/strict";
import { NUS_RX, NUS_SERVICE } from "../../../sim/air/services.ts";
import type { Sighting } from "../../../sim/air/air.ts";
import { RadioBoard, boot } from "../../support/radio-bench.ts";

const BUSY = (ms: number): string => `var until=getTime()+${ms / 1000};while(getTime()<until);`;
const LOCK = `E.setConsole(null,{force:true});NRF.sleep();var end=getTime()+5;while(NRF.getSecurityStatus().connected&&getTime()<end);NRF.setServices({},{uart:false});`;

describe("The radio before JavaScript", () => {
  it("advertises the factory's name and address, with the UART in the scan response", () => {
    const board = RadioBoard.with(LOCK);
    let seen: Sighting | undefined;
    board.central().scan((sighting) => (seen ??= sighting));
    board.powerOn().wait(100);
    const tail = seen!.address.slice(12, 17).replace(":", "");
    assert.ok(Buffer.from(seen!.data).toString("latin1").endsWith(`XIAOBLE ${tail}`), Buffer.from(seen!.data).toString("latin1"));
    assert.ok(seen!.atUs < 20_000, String(seen!.atUs));
    assert.ok(Buffer.from(seen!.scanResponse!).reverse().toString("hex").startsWith(NUS_SERVICE));
    assert.equal(seen!.isConnectable, true);
  });

  it("has the same address at each boot of a unit, another one for another unit", () => {
    const addressOf = (seed: number): string => RadioBoard.on("print(NRF.getAddress())", { seed }).printed()[0]!;
    const board = RadioBoard.on("print(NRF.getAddress())", { seed: 3 });
    const [first] = board.printed();
    board.powerOn().wait(200);
    assert.equal(board.printed()[0], first);
    assert.notEqual(addressOf(4), first);
  });

  it("gives the console to whoever connects, unless it was forced elsewhere", () => {
    for (const [code, device] of [["", "Bluetooth"], ["E.setConsole('USB',{force:true})", "USB"]] as const) {
      const board = RadioBoard.on(code);
      const central = board.connected();
      assert.equal(board.machine.consoleState.device, device);
      central.disconnect();
      board.wait(200);
      assert.equal(board.machine.consoleState.device, "USB");
    }
  });

  /** A stranger who waits for the power, connects at once and sends Ctrl-C every 10 ms. */
  function raced(files: Record<string, string>): RadioBoard {
    const board = RadioBoard.with(files);
    const racer = board.central();
    racer.onConnect = () => {
      racer.gatt.discover((found) => {
        const rx = found.find(({ uuid }) => uuid === NUS_RX);
        const flood = (): void => {
          if (!rx || !racer.isConnected) return;
          racer.gatt.writeCommand(rx.handle, Uint8Array.of(3));
          racer.after(10_000, flood);
        };
        flood();
      });
    };
    racer.connect(() => true);
    board.powerOn().wait(3000);
    return board;
  }

  it("lets Ctrl-C break a boot file that runs for more than half a second, and the next one runs", () => {
    const board = raced({ ".boot0": `${BUSY(1500)}print("whole")`, ".boot1": 'print("one")', ".bootcde": 'print("application")' });
    assert.deepEqual([board.printed(), board.machine.uncaught.map(({ message }) => message)], [["one", "application"], ["Error: Execution Interrupted"]]);
  });

  it("does not let it break one that is done before the second tick of the system timer", () => {
    const board = raced({ ".boot0": `${BUSY(150)}print("whole")` });
    assert.deepEqual(board.printed(), ["whole"]);
  });

  it("does not let it break anything once the console is forced away", () => {
    const board = raced({ ".boot0": `E.setConsole(null,{force:true});${BUSY(1500)}print("whole")` });
    assert.deepEqual(board.printed(), ["whole"]);
  });

  it("loses the racer by sleep, and then the services change at once", () => {
    const board = raced({ ".boot0": LOCK, ".bootcde": "print(NRF.getSecurityStatus().connected)" });
    assert.deepEqual(board.printed(), ["false"]);
    const stranger = board.central();
    stranger.connect(() => true);
    board.wait(3000);
    assert.equal(stranger.isConnected, false, "the radio sleeps");
  });

  it("forgets what it was told while JavaScript ran: the late news of that connection stops the advertising that JavaScript began", () => {
    const board = raced({ ".boot0": LOCK, ".bootcde": "NRF.wake();print(NRF.getSecurityStatus().advertising)" });
    assert.deepEqual(board.printed(), ["true"]);
    assert.equal(board.machine.bluetooth.advertiser.isAdvertising, false);
  });

  it("queues the restart that services need while somebody is connected, and does it when he goes", () => {
    const board = RadioBoard.on("setTimeout(function(){NRF.setServices({},{uart:false});try{NRF.updateServices({})}catch(e){print(e.message)}},1500)");
    const central = board.connected();
    board.wait(2000);
    assert.deepEqual(board.printed(), ["BLE Connected, queueing BLE restart for later", "Can't update services until BLE restart"]);
    assert.ok(central.gatt.find(NUS_RX));
    central.disconnect();
    board.wait(1000);
    board.join(central);
    assert.equal(central.gatt.find(NUS_RX), undefined);
  });

  it("keeps the forced console, the closed UART and the sleep over nothing: a reboot opens all again", () => {
    const board = RadioBoard.with({ ".boot0": LOCK, ".bootcde": "setTimeout(function(){E.reboot()},1000)" });
    const times: number[] = [];
    board.central().scan(({ atUs }) => times.push(atUs));
    board.powerOn().wait(1900);
    assert.equal(board.machines.length, 2);
    assert.ok(times.length >= 2 && times.every((atUs) => board.machines.some(({ startUs }) => atUs - startUs < 25_000)), times.join());
  });

  it("opens the GAP name to everybody if a name was ever set", () => {
    for (const [options, error] of [["{showName:false}", 3], ["{name:'x'}", undefined]] as const) {
      const board = RadioBoard.on(boot({ bond: 1 }, `NRF.setAdvertising({},${options});`));
      const central = board.connected();
      assert.equal(board.write(central, "2a00", [65]).error, error);
    }
  });
});
