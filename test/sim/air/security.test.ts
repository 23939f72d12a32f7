// Who gets how far: security of characteristics, pairing in all its ways, what a bond gives (ble-recipes; Core Specification).

import assert from "node:assert/strict";
import { microbit2 } from "../../../boards/microbit2.ts";
import { xiaoble } from "../../../boards/xiaoble.ts";
import { ATT_ERROR } from "../../../sim/air/att-server.ts";
import type { PairOptions } from "../../../sim/air/central.ts";
import { LEVEL2, LEVEL3, LEVEL4, OPEN, RadioBoard, WINDOW, boot } from "../../support/radio-bench.ts";

const SHUT = { ...WINDOW, pair: false };
const EASY = { bond: 1 };

describe("Security of the simulated radio", () => {
  describe("levels of characteristics", () => {
    const errors = (board: RadioBoard, central = board.connected()): (number | undefined)[] =>
      [OPEN, LEVEL2, LEVEL3, LEVEL4].map((uuid) => {
        const { error } = board.read(central, uuid);
        assert.equal(board.write(central, uuid, [1]).error, error);
        return error;
      });
    const { insufficientAuthentication: unauthenticated, insufficientEncryption, insufficientKeySize } = ATT_ERROR;

    it("an unencrypted stranger reads and writes what is open, and is told to authenticate for the rest", () => {
      assert.deepEqual(errors(RadioBoard.on(boot())), [undefined, unauthenticated, unauthenticated, unauthenticated]);
    });

    it("encryption without authentication opens level 2", () => {
      const board = RadioBoard.on(boot(EASY));
      const central = board.connected();
      assert.equal(board.pair(central).isPaired && central.isEncrypted, true);
      assert.deepEqual(errors(board, central), [undefined, undefined, unauthenticated, unauthenticated]);
    });

    it("a passkey without Secure Connections opens level 3", () => {
      const board = RadioBoard.on(boot({ ...WINDOW, lesc: 0 }));
      const central = board.connected();
      board.pair(central);
      assert.deepEqual(errors(board, central), [undefined, undefined, undefined, unauthenticated]);
    });

    it("a short key is not enough for level 4", () => {
      const board = RadioBoard.on(boot());
      const central = board.connected();
      board.pair(central, { maxKeyBytes: 7 });
      assert.deepEqual(errors(board, central), [undefined, undefined, undefined, insufficientKeySize]);
    });

    it("a bonded phone is asked to encrypt, then gets in", () => {
      const board = RadioBoard.on(boot());
      const central = board.connected();
      board.pair(central);
      central.disconnect();
      board.wait(500);
      board.join(central);
      assert.deepEqual(errors(board, central), [undefined, insufficientEncryption, insufficientEncryption, insufficientEncryption]);
      assert.equal(board.encrypt(central), true);
      assert.deepEqual(errors(board, central), [undefined, undefined, undefined, undefined]);
    });

    it("a write without response below its level vanishes without a word", () => {
      const board = RadioBoard.on(boot());
      const central = board.connected();
      board.printed();
      central.gatt.writeCommand(central.gatt.find(LEVEL4)!.handle, Uint8Array.of(7));
      central.gatt.writeCommand(central.gatt.find(OPEN)!.handle, Uint8Array.of(8));
      board.wait(100);
      assert.deepEqual(board.printed(), ["open 8"]);
    });

    it("anybody may subscribe", () => {
      const board = RadioBoard.on(boot());
      const central = board.connected();
      board.printed();
      assert.equal(board.subscribe(central, LEVEL4).error, undefined);
      assert.deepEqual(board.printed(), ["level4 desc 1,0"]);
    });
  });

  describe("pairing", () => {
    function attempt(security: object, options: PairOptions, board = xiaoble): { readonly said: string[]; readonly how: string; readonly bonds: number } {
      const bench = RadioBoard.on(boot(security), { board });
      const central = bench.connected();
      bench.printed();
      const outcome = bench.pair(central, options);
      bench.wait(100);
      const said = bench.printed().map((line) => (line.startsWith("passkey") ? "passkey" : line.startsWith("security") ? (line.split('"')[3] ?? line) : line.replaceAll('"', "")));
      return { said, how: outcome.isPaired ? `level ${outcome.level}` : outcome.reason, bonds: bench.bonds.all.length };
    }

    it("with a passkey raises it, then success: level 4, bonded", () => {
      assert.deepEqual(attempt(WINDOW, {}), { said: ["bond start", "passkey", "bond success", "SUCCESS"], how: "level 4", bonds: 1 });
    });

    it("is refused by the stack where pair is false, whatever the peer offers", () => {
      for (const options of [{}, { ioCaps: "NoInputNoOutput" }, { sc: false }, { bond: false }, { oob: true }] as const) {
        assert.deepEqual(attempt(SHUT, options), { said: ["bond start", "bond fail", "PAIRING_NOT_SUPP"], how: "PAIRING_NOT_SUPP", bonds: 0 });
      }
    });

    it("is not refused by the micro:bit's stack, which has answered before Espruino says no", () => {
      assert.equal(attempt({ pair: false }, {}, microbit2).how, "level 2");
    });

    it("with MITM refuses whoever cannot enter digits", () => {
      for (const ioCaps of ["NoInputNoOutput", "DisplayOnly", "DisplayYesNo"] as const) assert.equal(attempt(WINDOW, { ioCaps }).how, "PAIRING_NOT_SUPP");
    });

    it("without MITM accepts Just Works: level 2", () => {
      assert.equal(attempt(EASY, { ioCaps: "NoInputNoOutput", mitm: false }).how, "level 2");
    });

    it("without Secure Connections on either side is level 3", () => {
      assert.equal(attempt(WINDOW, { sc: false }).how, "level 3");
    });

    it("fails with a wrong passkey", () => {
      assert.deepEqual(attempt(WINDOW, { passkey: "1000001" }), { said: ["bond start", "passkey", "bond fail", "CONFIRM_VALUE"], how: "CONFIRM_VALUE", bonds: 0 });
    });

    it("with an out-of-band claim skips Espruino's check and then stalls: nobody has such a key", () => {
      assert.equal(attempt(WINDOW, { ioCaps: "NoInputNoOutput", oob: true }).how, "TIMEOUT");
    });

    it("fails with keys below 7 bytes, and with a public key off the curve", () => {
      assert.equal(attempt(WINDOW, { maxKeyBytes: 6 }).how, "ENC_KEY_SIZE");
      assert.equal(attempt(WINDOW, { hasBadPublicKey: true }).how, "DHKEY_FAILURE");
    });

    it("waits 30 s for the digits, no longer", () => {
      const board = RadioBoard.on(boot());
      const central = board.connected();
      const fromMs = board.nowMs;
      const outcome = board.pair(central, { passkey: () => undefined });
      assert.equal(!outcome.isPaired && outcome.reason, "TIMEOUT");
      assert.ok(Math.abs(board.nowMs - fromMs - 30000) < 500, String(board.nowMs - fromMs));
    });

    it("shows other digits at each attempt, and tells a wrong guess how far it was right", () => {
      const board = RadioBoard.on(boot());
      const central = board.connected();
      const seen = new Set<string>();
      for (let i = 0; i < 5; i++) {
        const outcome = board.pair(central, { passkey: "000000" });
        const digits = JSON.parse(board.printed().find((line) => line.startsWith("passkey"))!.slice(8)) as string;
        seen.add(digits);
        const right = Math.log2(Number(digits) & -Number(digits));
        assert.equal(!outcome.isPaired && outcome.rightBits, right);
      }
      assert.equal(seen.size, 5);
    });
  });

  describe("bonds", () => {
    it("are claimed by address: bonded says nothing of encryption", () => {
      const board = RadioBoard.on(boot(WINDOW, `NRF.on("connect",function(){print(JSON.stringify(NRF.getSecurityStatus()))})`));
      const phone = board.connected();
      board.pair(phone);
      phone.disconnect();
      board.wait(500);
      board.printed();
      const spoofer = board.central({ identity: "c0:00:00:00:00:99 random" });
      spoofer.claimedAddress = phone.identity;
      board.join(spoofer);
      const status = JSON.parse(board.printed().find((line) => line.startsWith("{"))!) as Record<string, unknown>;
      const { connected, encrypted, mitm_protected: mitm, bonded, connected_addr: address } = status;
      assert.deepEqual({ connected, encrypted, mitm, bonded, address }, { connected: true, encrypted: false, mitm: false, bonded: true, address: phone.identity });
      assert.equal(board.read(spoofer, LEVEL4).error, ATT_ERROR.insufficientEncryption);
    });

    it("give their subscriptions to whoever claims the address, who may change them in flash", () => {
      const board = RadioBoard.on(boot());
      const phone = board.connected();
      board.pair(phone);
      board.subscribe(phone, OPEN);
      phone.disconnect();
      board.wait(500);
      const spoofer = board.central();
      spoofer.claimedAddress = phone.identity;
      board.join(spoofer);
      const cccd = spoofer.gatt.find(OPEN)!.cccd!;
      let held: Uint8Array | undefined;
      spoofer.gatt.read(cccd, ({ bytes }) => (held = bytes));
      board.wait(100);
      assert.deepEqual([...held!], [1, 0]);
      spoofer.gatt.write(cccd, Uint8Array.of(0, 0), () => undefined);
      spoofer.gatt.subscribe(spoofer.gatt.find(LEVEL4)!.cccd!, () => undefined);
      board.wait(100);
      assert.deepEqual([...board.bonds.all[0]!.cccds.values()], [0, 1]);
    });

    it("need their key: with another one the link dies", () => {
      const board = RadioBoard.on(boot());
      const phone = board.connected();
      board.pair(phone);
      phone.disconnect();
      board.wait(500);
      board.join(phone);
      let reason = 0;
      phone.onDisconnect = (why) => (reason = why);
      phone.encrypt(() => undefined, { ...phone.bond!, ltk: "0".repeat(32) });
      board.wait(500);
      assert.equal(reason, 0x3d);
    });

    it("are replaced by whoever pairs under the same identity while pairing is open", () => {
      const board = RadioBoard.on(boot());
      const phone = board.connected();
      board.pair(phone);
      phone.disconnect();
      board.wait(500);
      const other = board.connected({ identity: "c0:00:00:00:00:99 random" });
      board.pair(other, { identity: phone.identity });
      assert.deepEqual(board.bonds.all.map(({ identity, ltk }) => [identity, ltk]), [[phone.identity, other.bond!.ltk]]);
    });

    it("cannot be erased while somebody is connected, and hold over a power cut", () => {
      const board = RadioBoard.on(boot(WINDOW, `NRF.on("connect",function(){try{NRF.eraseBonds(true)}catch(e){print(e.message)}})`));
      const phone = board.connected();
      assert.ok(board.printed().includes("BLE Connected, can't erase bonds."));
      board.pair(phone);
      board.powerOn().wait(200);
      board.join(phone);
      assert.equal(board.encrypt(phone), true);
    });

    it("hide behind resolvable addresses, which resolveAddress tells apart", () => {
      const say = `NRF.on("connect",function(a){print(a+" is "+NRF.resolveAddress(a))})`;
      const board = RadioBoard.on(boot(WINDOW, say));
      const irk = Uint8Array.from({ length: 16 }, (_, i) => i);
      const phone = board.connected({ irk, isPrivate: true });
      board.pair(phone);
      phone.disconnect();
      board.wait(500);
      board.printed();
      board.join(phone);
      const [line] = board.printed().filter((text) => text.includes(" is "));
      assert.match(line!, /^[0-9a-f:]{17} private-resolvable is c0:00:00:00:00:01 random$/);
    });
  });
});
