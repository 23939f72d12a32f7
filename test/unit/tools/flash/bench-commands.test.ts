// What a bench types: `flash --all`, `monitor` and `selftest`, as processes, on simulated boards at pseudo-terminals.

import assert from "node:assert/strict";
import * as pty from "@lydell/node-pty";
import { nrf52840dk } from "../../../../boards/nrf52840dk.ts";
import { xiaoble } from "../../../../boards/xiaoble.ts";
import { flashAll } from "../../../../tools/flash/many.ts";
import { boardRunning, greeting } from "../../../support/flashing.ts";
import { runPawlock } from "../../../support/pawlock.ts";
import { PtyBoard } from "../../../support/pty-board.ts";
import { Toy } from "../../../support/toy.ts";

describe("at the bench", function () {
  this.timeout(120000);
  const blank = (): Toy => new Toy({ storage: new Uint8Array(0), flash: [] }).powerOn();
  const plugged: PtyBoard[] = [];
  const plug = (board: PtyBoard): PtyBoard => (plugged.push(board), board);
  afterEach(() => plugged.splice(0).forEach((board) => board.unplug()));

  it("--all flashes several boards at once, and says in a table which one failed", async () => {
    const boards = [blank(), boardRunning(nrf52840dk, greeting(nrf52840dk, "dk", 1)).powerOn(), blank()].map((stage) => plug(new PtyBoard(stage)));
    const printed: string[] = [];
    const status = await flashAll(boards, ["--dev", "--no-selftest", "--board", "XIAOBLE"], false, (line) => printed.push(line));
    assert.equal(status, 1);
    const [first, dk, last] = boards.map(({ path }) => path);
    const table = printed.slice(printed.indexOf("") + 1).map((line) => line.replace(/ {2,}/g, "  "));
    const done = "ok  XIAOBLE, first installation, not tested, console open";
    assert.deepEqual(table, [`${first}  ${done}`, `${dk}  FAILED  this is NRF52840DK, the firmware is for XIAOBLE`, `${last}  ${done}`]);
    for (const path of [first, last]) for (const step of ["first installation: the board is blank", "writing 50%", "hello"]) assert.ok(printed.includes(`${path}  ${step}`), step);
    // Side by side: the second one began before the first was done.
    assert.ok(printed.indexOf(`${last}  rebooting`) > printed.indexOf(`${first}  writing 0%`));
  });

  it("monitor shows what the board prints, made safe, sends what is typed, and ends with Ctrl-C", async () => {
    const board = plug(new PtyBoard(boardRunning(xiaoble, { ...greeting(xiaoble, "toy", 1), text: Buffer.from('setInterval(function(){print("tick \\x1b[2Jtock")},5000)') }).powerOn()));
    const monitor = runPawlock(["monitor", "--port", board.path]);
    await monitor.says(/tick .*\[2Jtock\n/);
    monitor.child.stdin!.write("6*7\n");
    await monitor.says(/=42\n/);
    assert.ok(!monitor.said().includes("\u001b"));
    monitor.child.kill("SIGINT");
    assert.equal((await monitor.ended).status, 0);
  });

  it("selftest asks whoever sits at the terminal to hold the paw, and what he saw", async () => {
    const toy = Toy.awake({ isOnBench: true });
    const board = plug(new PtyBoard(toy));
    const terminal = pty.spawn(process.execPath, ["--import", "tsx", "tools/main.ts", "pawlock", "selftest", "--port", board.path], { cols: 200 });
    let said = "";
    terminal.onData((text) => {
      if (!said.includes("Hold the paw") && text.includes("Hold the paw")) toy.press();
      if (text.includes("[y/N]")) terminal.write("n\r");
      said += text;
    });
    const { exitCode } = await new Promise<{ exitCode: number }>((ended) => terminal.onExit(ended));
    assert.equal(exitCode, 1);
    assert.match(said, /ok {10}loopback {7}\d\d {2}4 to 710 \/1000\r\nFAILED {6}light {7}false {2}must be true/);
  });
});
