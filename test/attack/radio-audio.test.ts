// The radio against the child's voice: what a stranger can make the radio stack do while the toy records and plays.

import assert from "node:assert/strict";
import { Central } from "../../sim/air/central.ts";
import { observed } from "../support/attack-table.ts";
import { numberMicrophone } from "../support/numbered.ts";
import { Toy, assertPromisesKept } from "../support/toy.ts";

const IDENTITY = "c0:00:00:00:00:0a random";

describe("A stranger while the child records", () => {
  afterEach(assertPromisesKept);

  const awake = (): Toy => Toy.awake();

  /** Records for four seconds, and says how many results of the converter are missing. */
  function missing(toy: Toy): number {
    const numbers = numberMicrophone(toy);
    toy.captured.length = 0;
    toy.press().wait(4000).release().wait(2000);
    let next = 0;
    let lost = 0;
    assert.ok(toy.captured.length > 0);
    for (const words of toy.captured) {
      const at = numbers.locate(words, next);
      assert.ok(at >= 0 && numbers.firstWrong(words, at) === -1, "a captured buffer is wrong");
      lost += at - next;
      next = at + words.length;
    }
    return lost;
  }

  it("T59 makes the stack write and erase its bond pages, by subscriptions under a bonded address: no sample is lost", () => {
    const toy = awake();
    toy.bonds.store({ ltk: "f".repeat(32), level: 4, keyBytes: 16, isSc: true, identity: IDENTITY, irk: undefined });
    const spoofer = new Central(toy.air, { identity: "c0:00:00:00:00:0b random", intervalMs: 7.5 });
    spoofer.claimedAddress = IDENTITY;
    spoofer.onConnect = () => {
      spoofer.gatt.discover((found) => {
        const { cccd } = found.find((one) => one.cccd !== undefined)!;
        let bit = 0;
        const again = (): void => {
          if (spoofer.isConnected) spoofer.gatt.write(cccd!, Uint8Array.of((bit ^= 1), 0), again);
        };
        again();
      });
    };
    spoofer.onDisconnect = () => spoofer.connect(() => true);
    spoofer.connect(() => true);
    toy.wait(1000);
    const { erasures, writes } = toy.bonds.fds;
    assert.equal(missing(toy), 0);
    assert.ok(toy.bonds.fds.erasures > erasures, "a page was erased meanwhile");
    observed("T59", "subscriptions under a bonded address during a recording", `${toy.bonds.fds.writes - writes} records written, ${toy.bonds.fds.erasures - erasures} pages erased, no sample lost`);
    toy.assertHealthy();
  });

  it("T33 connects and disconnects as fast as it can: no sample is lost", () => {
    const toy = awake();
    const stranger = new Central(toy.air, { identity: "c0:00:00:00:00:0b random", intervalMs: 7.5 });
    let links = 0;
    stranger.onConnect = () => {
      links++;
      stranger.disconnect();
    };
    stranger.onDisconnect = () => stranger.connect(() => true);
    stranger.connect(() => true);
    assert.equal(missing(toy), 0);
    assert.ok(links > 5, String(links));
    observed("T33", "connect and disconnect during a recording", `${links} links in six seconds, no sample lost`);
    toy.assertHealthy();
  });

  it("T34 asks to pair as fast as it can: no sample is lost", () => {
    const toy = awake();
    const stranger = new Central(toy.air, { identity: "c0:00:00:00:00:0b random", intervalMs: 7.5 });
    let attempts = 0;
    const again = (): void => {
      if (!stranger.isConnected) return;
      attempts++;
      stranger.pair({}, again);
    };
    stranger.onConnect = again;
    stranger.onDisconnect = () => stranger.connect(() => true);
    stranger.connect(() => true);
    assert.equal(missing(toy), 0);
    assert.ok(attempts > 20, String(attempts));
    assert.equal(toy.bonds.all.length, 0);
    observed("T34", "pairing requests during a recording", `${attempts} refused, no sample lost`);
    toy.assertHealthy();
  });

  it("T36 floods every handle with writes: no sample is lost, the paw still works", () => {
    const toy = awake();
    const stranger = new Central(toy.air, { identity: "c0:00:00:00:00:0b random", intervalMs: 7.5 });
    let sent = 0;
    const again = (): void => {
      if (!stranger.isConnected) return;
      for (let handle = 1; handle <= 30; handle++) stranger.gatt.writeCommand(handle, new Uint8Array(20));
      sent += 30;
      stranger.after(50_000, again);
    };
    stranger.onConnect = again;
    stranger.onDisconnect = () => stranger.connect(() => true);
    stranger.connect(() => true);
    assert.equal(missing(toy), 0);
    assert.ok(sent > 1000, String(sent));
    assert.equal(toy.messages().length, 1);
    observed("T36", "write commands to every handle during a recording", `${sent} sent, no sample lost, the message is whole`);
    toy.assertHealthy();
  });
});
