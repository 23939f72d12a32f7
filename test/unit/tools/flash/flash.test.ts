// Flashing a board at the end of a pseudo-terminal.

import assert from "node:assert/strict";
import { messageMemory } from "../../../../boards/flash-map.ts";
import { boards } from "../../../../boards/index.ts";
import { nrf52840dk } from "../../../../boards/nrf52840dk.ts";
import { xiaoble } from "../../../../boards/xiaoble.ts";
import type { FlashMemory, FlashOperation } from "../../../../sim/flash.ts";
import { blankBoard, boardRunning, boots, flash, greeting, installationOf } from "../../../support/flashing.ts";

describe("flashing", function () {
  this.timeout(120000);

  for (const board of boards) {
    it(`makes ${board.id} from blank to running`, async () => {
      const stage = blankBoard(board);
      const { done, error, steps } = await flash(stage, installationOf(board, greeting(board, "first", 1000)));
      assert.equal(error, undefined, steps.join("\n"));
      assert.equal(done!.plan.kind, "first");
      assert.equal(boots(stage), "first");
    });

    it(`updates ${board.id}, and keeps the new one`, async () => {
      const stage = boardRunning(board, greeting(board, "old", 1000));
      const { done, error, steps } = await flash(stage, installationOf(board, greeting(board, "new", 1000)));
      assert.equal(error, undefined, steps.join("\n"));
      assert.equal(done!.plan.kind, "update");
      assert.deepEqual([boots(stage), boots(stage)], ["new", "new"]);
    });
  }

  it("updates back and forth between the slots", async () => {
    const stage = boardRunning(xiaoble, greeting(xiaoble, "one", 1000));
    for (const [i, name] of ["two", "three", "four"].entries()) {
      const { done, error } = await flash(stage, installationOf(xiaoble, greeting(xiaoble, name, 1000)));
      assert.equal(error, undefined);
      assert.deepEqual(done!.plan, { kind: "update", slot: (i + 1) % 2, version: 1001 + i, isOnTrial: true });
      assert.equal(boots(stage), name);
    }
  });
});

describe("flashing against the odds", function () {
  this.timeout(120000);
  const old = greeting(xiaoble, "old", 1000);
  const next = installationOf(xiaoble, greeting(xiaoble, "new", 1000));

  for (const [what, cable] of [
    ["noise that turns bits of the lines", { noise: 0.0001 }],
    ["a board that talks unasked", { chatter: "temperature 21.5 <~7=1~> \u001b[2J" }],
    ["a line that gives three bytes at a time", { pieceBytes: 3 }],
  ] as const) {
    it(`gets through ${what}`, async () => {
      const stage = boardRunning(xiaoble, old);
      const { error, board } = await flash(stage, next, { cable });
      assert.equal(error, undefined);
      assert.equal(board.console.lost, 0);
      assert.equal(boots(stage), "new");
    });
  }

  it("refuses another board, an older Espruino, and one that answers nothing, before it writes", async () => {
    const wrong = boardRunning(nrf52840dk, greeting(nrf52840dk, "dk", 1));
    const { error } = await flash(wrong, next);
    assert.match(error!.message, /this is NRF52840DK, the firmware is for XIAOBLE/);
    const newer = { ...next, board: { ...xiaoble, espruino: { ...xiaoble.espruino, minimumVersion: "2v30" } } };
    const stage = boardRunning(xiaoble, old);
    const found = await flash(stage, newer);
    assert.match(found.error!.message, /runs Espruino 2v29, the firmware needs 2v30/);
    const locked = boardRunning(xiaoble, { ...old, text: Buffer.from("E.setConsole(null,{force:true})") });
    const silent = await flash(locked, next);
    assert.match(silent.error!.message, /no prompt answers.*sealed/);
    const isWriting = ({ kind, length }: FlashOperation): boolean => kind === "erase" || length > 4;
    for (const { board } of [found, silent]) assert.deepEqual(board.stage.machine.flash.operations.filter(isWriting), []);
  });

  it("begins anew when boot files have changed, and says that messages go", async () => {
    const stage = boardRunning(xiaoble, old);
    const changed = installationOf(xiaoble, greeting(xiaoble, "new", 1000), { boot0: 'print("zero")', boot1: 'print("one")' });
    const { done, error } = await flash(stage, changed);
    assert.equal(error, undefined);
    assert.deepEqual(done!.plan, { kind: "first", why: ".boot1 has changed, and boot files are never replaced one by one", loses: true });
    assert.equal(boots(stage), "zero,one,new");
  });

  it("leaves nothing that was stored: no message, key or bond, in Storage and beside it", async () => {
    for (const board of [xiaoble, nrf52840dk]) {
      const stage = boardRunning(board, greeting(board, "old", 1000)).powerOn();
      const messages = messageMemory(board);
      assert.ok(messages.kind === "flash");
      const places = [messages.base, board.flashMap.keyPage!];
      const memoryOf = (address: number): FlashMemory => stage.memories.find((memory) => memory.holds(address, 4))!;
      for (const address of places) memoryOf(address).bytes.fill(0x5a, address - memoryOf(address).base, address - memoryOf(address).base + 64);
      stage.bonds.store({ ltk: "", level: 4, keyBytes: 16, isSc: true, identity: "c1:22:33:44:55:66 random", irk: undefined });
      const { error } = await flash(stage, installationOf(board, greeting(board, "new", 1000)), { isErasing: true });
      assert.equal(error, undefined);
      for (const address of places) assert.ok(memoryOf(address).bytes.subarray(address - memoryOf(address).base).subarray(0, 64).every((byte) => byte === 0xff));
      assert.deepEqual(stage.bonds.all, []);
    }
  });

  it("keeps what would run when nothing does, BTN1 held at reset", async () => {
    const stage = boardRunning(xiaoble, old);
    await flash(stage, installationOf(xiaoble, greeting(xiaoble, "one", 1000)));
    assert.equal(boots(stage), "one");
    stage.wait(11000).machine.evaluate("delete pawlockSlot");
    const { done } = await flash(stage, next);
    assert.deepEqual(done!.plan, { kind: "update", slot: 0, version: 1002, isOnTrial: true });
    assert.equal(boots(stage), "new");
  });

  it("goes back to the old firmware when the new one throws, and says so", async () => {
    const stage = boardRunning(xiaoble, old);
    const bad = installationOf(xiaoble, { ...greeting(xiaoble, "new", 1000), text: Buffer.from("nothing.here") });
    const { error } = await flash(stage, bad);
    assert.match(error!.message, /went back to the firmware that it had/);
    assert.equal(boots(stage), "old");
  });
});

describe("flashing to the end", function () {
  this.timeout(120000);
  const fresh = greeting(xiaoble, "toy", 1000);
  // Closes the console as the lock-down text does when the seal word is written.
  const lock = 'if(require("Storage").read("log",0,4)!=="\\xff\\xff\\xff\\xff")E.setConsole(null,{force:true})';
  const product = installationOf(xiaoble, fresh, { boot0: lock, boot1: lock });

  it("seals a product last, and finds that no prompt answers", async () => {
    const stage = blankBoard(xiaoble);
    const { done, error, steps } = await flash(stage, product, { isDev: false });
    assert.equal(error, undefined);
    assert.equal(done!.isSealed, true);
    assert.deepEqual(steps.slice(-3), ["sealed", "rebooting", "no prompt answers any more"]);
    assert.equal(boots(stage), "toy");
    assert.equal(stage.machine.hasConsole, false);
    const again = await flash(stage, product, { isDev: false });
    assert.match(again.error!.message, /sealed Seeed XIAO nRF52840 answers only in service/);
  });

  it("asks before it seals or erases, and takes no for an answer", async () => {
    const stage = blankBoard(xiaoble);
    const asked: string[] = [];
    const agree = async (question: string): Promise<boolean> => asked.push(question) < 0;
    const unsealed = await flash(stage, product, { isDev: false, agree });
    assert.match(unsealed.error!.message, /still open/);
    assert.equal(boots(stage), "toy");
    stage.wait(11000);
    const before = stage.memories[0]!.bytes.slice();
    const kept = await flash(stage, product, { isErasing: true, agree });
    assert.match(kept.error!.message, /nothing was written/);
    assert.deepEqual(stage.memories[0]!.bytes, before);
    assert.match(asked.join(), /closed for good.*erases all messages/);
  });

  it("does not seal a board without a lock-down text, nor one whose console stays open", async () => {
    const bare = await flash(blankBoard(xiaoble), installationOf(xiaoble, fresh), { isDev: false });
    assert.match(bare.error!.message, /no lock-down text/);
    const open = await flash(blankBoard(xiaoble), installationOf(xiaoble, fresh, { boot0: "1", boot1: "1" }), { isDev: false });
    assert.match(open.error!.message, /sealed and its console still answers/);
  });

  it("never seals a bench board", async () => {
    const { done } = await flash(blankBoard(nrf52840dk), installationOf(nrf52840dk, greeting(nrf52840dk, "dk", 1)), { isDev: false });
    assert.equal(done!.isSealed, false);
  });

  it("finds out which board it is when nobody says", async () => {
    const { done } = await flash(blankBoard(nrf52840dk), installationOf(nrf52840dk, greeting(nrf52840dk, "dk", 1)), { board: undefined });
    assert.equal(done!.board, "NRF52840DK");
  });
});
