// What a stranger gets of a toy whose door is shut: from the first instant of its boot on, by the air alone.

import assert from "node:assert/strict";
import { ATT_ERROR } from "../../sim/air/att-server.ts";
import { PROPERTY } from "../../sim/air/attributes.ts";
import { IO_CAPS } from "../../sim/air/pairing.ts";
import { NUS_RX, NUS_SERVICE } from "../../sim/air/services.ts";
import { observed } from "../support/attack-table.ts";
import { CLOSED, OWN_ADDRESS, WATCHED, lockedBoard } from "../support/locked-board.ts";
import type { RadioBoard } from "../support/radio-bench.ts";
import { random } from "../support/random.ts";

const VOICE = "f04b00016a0d4f9c8f5e2d1c9b7a3e60";
/** What every device must show: name, appearance, preferred parameters, address resolution. */
const MANDATORY = ["2a00", "2a01", "2a04", "2aa6"];

describe("A stranger at the shut door", () => {
  let toy: RadioBoard;
  beforeEach(() => {
    toy = lockedBoard(WATCHED);
    toy.powerOn().wait(1500);
  });

  it("T01 finds no name, serial or child in what the toy shows; every toy shows the same", () => {
    const views: string[] = [];
    for (const seed of [1, 2]) {
      const other = lockedBoard(CLOSED, seed);
      other.powerOn().wait(1500);
      let view: string | undefined;
      const stranger = other.central();
      stranger.scan(({ data, scanResponse, address }) => {
        assert.match(address, /private-resolvable$/);
        view ??= Buffer.concat([data, Buffer.from("|"), scanResponse ?? new Uint8Array(0)]).toString("hex");
      });
      other.wait(1000);
      stranger.stopScanning();
      other.join(stranger);
      const values = MANDATORY.map((uuid) => Buffer.from(other.read(stranger, uuid).bytes!).toString("hex"));
      views.push([view, ...values].join("|"));
    }
    assert.equal(views[0], views[1]);
    assert.equal(Buffer.from(views[0]!.split("|")[1]!, "hex").toString(), "XIAOBLE 0000");
    observed("T01", "scan and read GAP of two toys", `the same bytes from both: ${views[0]!.split("|")[0]}`);
  });

  it("T02 reads every value and descriptor: nothing but GAP's, all else is one and the same refusal", () => {
    const stranger = toy.connected();
    const answers = new Map<string, number>();
    let refused = 0;
    for (const { uuid, handle, service, properties } of stranger.gatt.characteristics) {
      const { error } = toy.read(stranger, uuid);
      if (service === "1800") {
        assert.equal(error, undefined);
        continue;
      }
      refused++;
      answers.set(`${error}`, handle);
      if (properties & PROPERTY.write) assert.equal(toy.write(stranger, uuid, [1]).error, error);
    }
    assert.deepEqual([...answers.keys()], [String(ATT_ERROR.insufficientAuthentication)]);
    assert.ok(refused >= 5);
    observed("T02", "read every characteristic", `${refused} refused by error 5, four of GAP served`);
  });

  it("T02 sweeps all handles by every kind of read", () => {
    const stranger = toy.connected();
    const served = new Set<number>();
    let asked = 0;
    let answered = 0;
    for (let handle = 1; handle <= 60; handle++) {
      for (const pdu of [[0x0a], [0x0c], [0x0e]]) {
        const more = pdu[0] === 0x0a ? [] : [0, 0];
        asked++;
        stranger.gatt.request(Uint8Array.of(pdu[0]!, handle, 0, ...more), ({ bytes }) => {
          answered++;
          if (bytes && pdu[0] === 0x0a) served.add(handle);
        });
      }
    }
    toy.wait(5000);
    assert.equal(answered, asked);
    const table = toy.machine.bluetooth.table.attributes;
    const open = table.filter(({ read, kind, handle }) => read === 1 && (kind !== "value" || handle < 10)).map(({ handle }) => handle);
    assert.deepEqual([...served], open);
    observed("T02", "180 raw reads of 60 handles", `served: ${served.size} declarations, switches and GAP values`);
  });

  it("T08 cannot write the name or anything else", () => {
    const stranger = toy.connected();
    const before = JSON.stringify(toy.machine.bluetooth.table.attributes.map(({ value }) => [...value]));
    let taken = 0;
    for (let handle = 1; handle <= 60; handle++) {
      stranger.gatt.write(handle, Uint8Array.of(0, 0), ({ error }) => void (taken += error === undefined ? 1 : 0));
      stranger.gatt.writeCommand(handle, Uint8Array.of(65));
    }
    toy.wait(5000);
    const switches = toy.machine.bluetooth.table.attributes.filter(({ kind }) => kind === "cccd").length;
    assert.equal(taken, switches, "only subscriptions, which the platform leaves open");
    assert.equal(JSON.stringify(toy.machine.bluetooth.table.attributes.map(({ value }) => [...value])), before);
    observed("T08", "write every handle, with and without response", `no value changed; ${switches} subscription open by the platform`);
  });

  it("T09 pairs in every way that there is: refused by the stack, no bond, no key, no passkey", () => {
    let tries = 0;
    for (const ioCaps of IO_CAPS) {
      for (const sc of [true, false]) {
        for (const bond of [true, false]) {
          const stranger = toy.connected();
          toy.printed();
          const outcome = toy.pair(stranger, { ioCaps, sc, bond, oob: tries % 3 === 0 });
          assert.equal(!outcome.isPaired && outcome.reason, "PAIRING_NOT_SUPP");
          assert.equal(stranger.isEncrypted, false);
          toy.wait(50);
          const said = toy.printed();
          assert.deepEqual(said.map((line) => line.slice(0, 12)), ['bond "start"', 'bond "fail"', 'security {"a']);
          stranger.disconnect();
          toy.wait(500);
          tries++;
        }
      }
    }
    assert.equal(toy.bonds.all.length, 0);
    observed("T09", `pair in ${tries} ways with the window shut`, "PAIRING_NOT_SUPP each time, nothing kept, reported as bond fail");
  });

  it("T12 offers short keys: refused like the rest", () => {
    const stranger = toy.connected();
    for (const maxKeyBytes of [1, 6, 7, 15]) {
      const outcome = toy.pair(stranger, { maxKeyBytes });
      assert.equal(!outcome.isPaired && outcome.reason, "PAIRING_NOT_SUPP");
    }
    observed("T12", "keys of 1, 6, 7 and 15 bytes with the window shut", "PAIRING_NOT_SUPP");
  });

  it("T17 re-pairs over a bond under a spoofed address: refused, and the family's bond still works", () => {
    const phone = toy.central({ identity: "c0:00:00:00:00:0a random" });
    const { identity } = phone;
    const ltk = "00112233445566778899aabbccddeeff";
    toy.bonds.store({ ltk, level: 4, keyBytes: 16, isSc: true, identity, irk: undefined });
    phone.bond = { ltk, level: 4, keyBytes: 16, isSc: true, identity, irk: undefined, toyIdentity: OWN_ADDRESS, toyIrk: new Uint8Array(16) };
    const spoofer = toy.central();
    spoofer.claimedAddress = identity;
    toy.join(spoofer);
    const outcome = toy.pair(spoofer, { identity });
    assert.equal(!outcome.isPaired && outcome.reason, "PAIRING_NOT_SUPP");
    spoofer.disconnect();
    toy.wait(500);
    toy.join(phone);
    assert.equal(toy.encrypt(phone), true);
    assert.equal(toy.read(phone, "2a29").error, undefined);
    observed("T17", '"I lost my key" under a bonded address', "refused; the old bond still encrypts and reads");
  });

  it("T22 has a bonded address without its key: the link dies, or stays a stranger's", () => {
    const identity = "c0:00:00:00:00:0a random";
    toy.bonds.store({ ltk: "f".repeat(32), level: 4, keyBytes: 16, isSc: true, identity, irk: undefined });
    const spoofer = toy.central();
    spoofer.claimedAddress = identity;
    toy.join(spoofer);
    assert.equal(toy.read(spoofer, "2a29").error, ATT_ERROR.insufficientEncryption);
    let reason = 0;
    spoofer.onDisconnect = (why) => (reason = why);
    spoofer.encrypt(() => undefined, { ltk: "0".repeat(32), level: 4, keyBytes: 16, isSc: true, identity, irk: undefined });
    toy.wait(500);
    assert.equal(reason, 0x3d);
    observed("T22", "a bonded address with a made-up key", "first encrypted packet ends the link (0x3d)");
  });

  it("T41 finds no console, HID or other service than the three", () => {
    const stranger = toy.connected();
    const services = [...new Set(stranger.gatt.characteristics.map(({ service }) => service))];
    assert.deepEqual(services.sort(), ["1800", "180a", "180f", VOICE].sort());
    assert.equal(stranger.gatt.find(NUS_RX), undefined);
    assert.equal(toy.machine.consoleState.device, null);
    observed("T41", "enumerate services", services.join(" "));
  });

  it("T55 races the boot from the first advertisement on, at every instant, with Ctrl-C floods", () => {
    const chance = random(55);
    const runs = 96;
    let linked = 0;
    for (let run = 0; run < runs; run++) {
      const victim = lockedBoard(WATCHED, 100 + run);
      const answers: string[] = [];
      const racer = victim.central({ intervalMs: 7.5 + (run % 4) * 7.5 });
      // At the first advertisement of the boot, or the next ones, which come at a time of their own in each run.
      let waits = run % 3;
      racer.onConnect = () => {
        linked++;
        racer.gatt.onNotification = (_, data) => answers.push(Buffer.from(data).toString("latin1"));
        racer.gatt.discover((found) => {
          const uart = found.find(({ uuid }) => uuid === NUS_RX);
          const tx = found.find(({ service, cccd }) => service === NUS_SERVICE && cccd !== undefined);
          if (tx) racer.gatt.subscribe(tx.cccd!, () => undefined);
          const flood = (): void => {
            if (!uart || !racer.isConnected) return;
            racer.gatt.writeCommand(uart.handle, Buffer.from("\x03\x03NRF.getAddress()\n", "latin1"));
            racer.after(2000 + chance() * 20_000, flood);
          };
          flood();
        });
      };
      racer.onDisconnect = () => racer.connect(() => true);
      racer.connect(() => waits-- <= 0);
      victim.powerOn().wait(8000);
      assert.deepEqual(answers, [], `run ${run}: the console answered`);
      assert.equal(victim.machine.consoleState.device, null, `run ${run}`);
      assert.equal(victim.machine.bluetooth.server.hasUart, false, `run ${run}: the UART is gone`);
      const services = victim.machine.bluetooth.table.attributes.filter(({ type }) => type === "2800").length;
      assert.equal(services, 5, `run ${run}: the table is whole`);
      const { isPaired } = victim.machine.bluetooth.link ? victim.pair(racer, {}) : { isPaired: false };
      assert.equal(isPaired, false);
    }
    assert.ok(linked >= runs / 3, String(linked));
    observed("T55", `${runs} boots raced by Ctrl-C floods, ${linked} links made`, "console never answers, UART gone, table whole, pairing refused");
  });

  it("T55 holds on to the link that it won: the toy drops it before services exist", () => {
    const victim = lockedBoard(WATCHED);
    const racer = victim.central();
    let lostUs: number | undefined;
    racer.onDisconnect = () => (lostUs ??= victim.machine.clock.now);
    racer.connect(() => true);
    victim.powerOn().wait(1500);
    assert.ok(lostUs !== undefined && lostUs < 1_000_000, String(lostUs));
    observed("T55", "connect at the first advertisement and hold", `off after ${Math.round(lostUs / 1000)} ms`);
  });

  it("T55 vanishes right after it connected: boot goes on after the link has timed out", () => {
    const victim = lockedBoard(WATCHED);
    const racer = victim.central();
    racer.onConnect = () => racer.vanish();
    racer.connect(() => true);
    victim.powerOn().wait(12_000);
    assert.equal(victim.machine.bluetooth.server.hasUart, false);
    assert.equal(victim.machine.consoleState.device, null);
    assert.ok(victim.machine.bluetooth.advertiser.isAdvertising);
    observed("T55", "connect at the first advertisement and vanish", "boot waits for the time-out, closes as ever, advertises again");
  });
});
