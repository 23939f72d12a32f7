// A link in time: intervals, notifications, queues, losses, ends (platform facts 7; targets/nrf5x/bluetooth.c).

import assert from "node:assert/strict";
import { AttributeTable } from "../../../sim/air/attributes.ts";
import { Link, type CentralEnd, type ToyEnd } from "../../../sim/air/link.ts";
import { Clock } from "../../../sim/clock.ts";
import { LEVEL4, OPEN, RadioBoard, WINDOW, boot } from "../../support/radio-bench.ts";

const SERVICE_NOTIFY = (count: number): string =>
  `function burst(){for(var i=0;i<${count};i++)notify("f04b0002-6a0d-4f9c-8f5e-2d1c9b7a3e60",[i])}NRF.on("advertising",function(){});`;

describe("A link of the simulated radio", () => {
  it("carries one notification per interval and drops the rest in silence", () => {
    const board = RadioBoard.on(boot(WINDOW, `${SERVICE_NOTIFY(10)}setInterval(burst,1000);`));
    const phone = board.connected({ intervalMs: 50, leastIntervalMs: 50 });
    const got: number[] = [];
    phone.gatt.onNotification = (_, data) => got.push(data[0]!);
    board.subscribe(phone, OPEN);
    const bursts = Math.floor(board.nowMs / 1000);
    board.wait(3000);
    assert.ok(got.length > 0 && got.every((value) => value < 10));
    assert.ok(got.length < 10 * (Math.floor(board.nowMs / 1000) - bursts), "some were dropped");
    assert.deepEqual(board.machine.uncaught, []);
  });

  it("cuts a notification to the MTU less three, and tells nobody of an MTU that the phone asked for", () => {
    const board = RadioBoard.on(boot(WINDOW, `NRF.on("mtu",print);setInterval(function(){notify("f04b0002-6a0d-4f9c-8f5e-2d1c9b7a3e60",new Uint8Array(90))},100);`));
    const phone = board.connected();
    let length = 0;
    phone.gatt.onNotification = (_, data) => (length = data.length);
    board.subscribe(phone, OPEN);
    board.wait(300);
    assert.equal(length, 20);
    let mtu = 0;
    phone.gatt.exchangeMtu(247, (agreed) => (mtu = agreed));
    board.wait(300);
    assert.deepEqual([mtu, length], [131, 90]);
  });

  it("carries as many writes in an event as fit its 7.5 ms: thirteen of nothing, five of a hundred bytes", () => {
    for (const [bytes, count] of [[0, 13], [100, 5]] as const) {
      const board = RadioBoard.on(boot());
      const phone = board.connected();
      phone.gatt.exchangeMtu(131, () => undefined);
      board.wait(100);
      const used = (): number => board.machine.ioQueue.usedBytes;
      const { handle } = phone.gatt.find(OPEN)!;
      board.machine.stall(500_000);
      for (let i = 0; i < 20; i++) phone.gatt.writeCommand(handle, new Uint8Array(bytes));
      const levels = new Set<number>();
      const look = (): void => {
        if (used() > 0) levels.add(used());
        board.machine.clock.after(500, look);
      };
      look();
      board.wait(100);
      assert.equal([...levels][0], count * (bytes + 5), `${bytes} bytes`);
    }
  });

  it("loses writes that come faster than JavaScript takes them: 1,024 bytes of queue for everything", () => {
    const board = RadioBoard.on(boot());
    const phone = board.connected();
    phone.gatt.exchangeMtu(131, () => undefined);
    board.wait(100);
    board.printed();
    const { handle } = phone.gatt.find(OPEN)!;
    board.machine.stall(500_000);
    for (let i = 0; i < 20; i++) phone.gatt.writeCommand(handle, new Uint8Array(100).fill(i));
    board.wait(1000);
    const came = board.printed().filter((line) => line.startsWith("open"));
    assert.equal(came.length, Math.floor((1024 - 4) / (100 + 5)));
    assert.equal(board.machine.ioQueue.lost, 20 - came.length);
  });

  it("may lose the news of its own end in that queue", () => {
    const board = RadioBoard.on(boot());
    const phone = board.connected();
    board.printed();
    board.machine.stall(1_000_000);
    for (let i = 0; i < 60; i++) phone.gatt.writeCommand(phone.gatt.find(OPEN)!.handle, new Uint8Array(15));
    phone.after(600_000, () => phone.disconnect());
    board.wait(2000);
    assert.equal(board.printed().some((line) => line.startsWith("disconnect")), false);
    assert.equal(phone.isConnected, false);
    assert.equal(board.machine.bluetooth.advertiser.isAdvertising, false, "deaf until somebody looks");
  });

  it("is over 4 s after the phone has vanished, or the air is jammed", () => {
    for (const leave of ["vanish", "jam"] as const) {
      const board = RadioBoard.on(boot());
      const phone = board.connected();
      board.printed();
      const fromMs = board.nowMs;
      if (leave === "vanish") phone.vanish();
      else board.air.jam(10_000_000);
      while (board.machine.bluetooth.link && board.nowMs < fromMs + 6000) board.wait(10);
      assert.ok(Math.abs(board.nowMs - fromMs - 4000) <= 20, `${leave}: ${board.nowMs - fromMs}`);
      board.wait(50);
      assert.equal(board.printed()[0], "disconnect 8");
    }
  });

  it("ends with 22 when the toy hangs up, with 19 when the phone does", () => {
    const board = RadioBoard.on(boot(WINDOW, `NRF.on("connect",function(){setTimeout(function(){NRF.disconnect()},1000)});`));
    const phone = board.connected();
    let reason = 0;
    phone.onDisconnect = (why) => (reason = why);
    board.wait(1500);
    assert.deepEqual([reason, board.printed().filter((line) => line.startsWith("disc"))], [19, ["disconnect 22"]]);
    board.join(phone);
    phone.disconnect();
    board.wait(200);
    assert.ok(board.printed().includes("disconnect 19"));
  });

  it("asks for 7.5 ms, for 200 ms after half a minute of nothing, and comes back with activity", () => {
    const board = RadioBoard.on(boot());
    const phone = board.connected({ intervalMs: 50 });
    board.wait(1500);
    assert.equal(phone.intervalMs, 7.5);
    board.wait(32_000);
    assert.equal(phone.intervalMs, 200);
    for (let i = 0; i < 8; i++) board.write(phone, OPEN, [i]);
    board.wait(3000);
    assert.equal(phone.intervalMs, 7.5);
  });

  it("has its events one interval apart, whatever the clock's fraction", () => {
    for (let i = 1; i <= 200; i++) {
      const clock = new Clock();
      clock.runUntil(8e6 + Math.PI * i);
      const end: CentralEnd = { address: "", received: () => undefined, disconnected: () => undefined, chooseInterval: () => undefined, securityRequested: () => undefined };
      const link = new Link(clock, end, { table: new AttributeTable(new Uint8Array(1), new Uint8Array(8)), attMtu: 23 } as ToyEnd, { isLost: () => false, jammedUntilUs: () => 0 }, 6);
      const times = [clock.now];
      const next = (): void => {
        times.push(clock.now);
        if (times.length < 100) link.after(1, next);
      };
      link.after(1, next);
      clock.runUntil(clock.now + 101 * 7500);
      for (let event = 1; event < times.length; event++) assert.ok(Math.abs(times[event]! - times[event - 1]! - 7500) < 1, `${times[event]! - times[event - 1]!} us`);
    }
  });

  it("loses packets only in time", () => {
    const board = RadioBoard.on(boot());
    board.air.loss = 0.5;
    const phone = board.connected();
    board.printed();
    for (let i = 0; i < 5; i++) board.write(phone, OPEN, [i]);
    assert.deepEqual(board.printed(), [0, 1, 2, 3, 4].map((i) => `open ${i}`));
  });

  it("hears writes from the idle loop, after timers", () => {
    const board = RadioBoard.on(boot(WINDOW, `setTimeout(function(){print("timer")},1000);`));
    const phone = board.connected();
    board.wait(950 - board.nowMs);
    board.machine.stall(300_000);
    board.printed();
    phone.gatt.writeCommand(phone.gatt.find(OPEN)!.handle, Uint8Array.of(1));
    board.wait(400);
    assert.deepEqual(board.printed(), ["timer", "open 1"]);
  });

  it("lets a stranger wear the bond pages by subscribing under a bonded address, with an erase of 85 ms now and then", () => {
    const board = RadioBoard.on(boot());
    const phone = board.connected();
    board.pair(phone);
    phone.disconnect();
    board.wait(500);
    const spoofer = board.central({ identity: "c0:00:00:00:00:99 random" });
    spoofer.claimedAddress = phone.identity;
    board.join(spoofer);
    const { cccd } = spoofer.gatt.find(LEVEL4)!;
    const erasures = board.bonds.fds.erasures;
    for (let i = 0; i < 400; i++) spoofer.gatt.write(cccd!, Uint8Array.of(i & 1, 0), () => undefined);
    board.wait(10_000);
    assert.ok(board.bonds.fds.erasures > erasures);
  });

  it("takes the processor for 150 ms with each Secure Connections pairing", () => {
    const board = RadioBoard.on(boot(WINDOW, `var last=getTime(),worst=0;setInterval(function(){var now=getTime();worst=Math.max(worst,now-last);last=now},10);
      setTimeout(function(){print("worst "+Math.round(worst*1000))},3000);`));
    const phone = board.connected();
    board.pair(phone);
    board.wait(3500 - board.nowMs);
    const worst = Number(board.printed().find((line) => line.startsWith("worst"))!.slice(6));
    assert.ok(worst >= 150 && worst < 200, String(worst));
  });
});
