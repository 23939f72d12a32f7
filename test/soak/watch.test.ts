// `pawlock flash --watch` as a process, in a copy of the sources: three builds take their time.

import assert from "node:assert/strict";
import { appendFileSync, cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { runPawlock } from "../support/pawlock.ts";
import { PtyBoard } from "../support/pty-board.ts";
import { Toy } from "../support/toy.ts";

describe("pawlock flash", () => {
  it("--watch builds and flashes when a source changes, for the board that it finds", async () => {
    const folder = mkdtempSync(join(tmpdir(), "watch-"));
    const sources = ["boards", "firmware", "hal", "rollup.config.js", "tsconfig.json", "package.json"];
    for (const source of sources) cpSync(source, join(folder, source), { recursive: true });
    for (const link of ["node_modules", "tools", "sim"]) symlinkSync(resolve(link), join(folder, link));
    const board = new PtyBoard(new Toy({ storage: new Uint8Array(0), flash: [] }).powerOn());
    const watching = runPawlock(["flash", "--watch", "--no-selftest", "--port", board.path], { cwd: folder });
    try {
      await watching.says(/first installation, not tested, console open\nwaiting for a change/);
      appendFileSync(join(folder, "firmware/main.ts"), 'print("changed");\n');
      await watching.says(/update into slot B[^]*update 1001, not tested, console open\nwaiting for a change/);
      assert.ok(board.stage.machine.console.includes("changed"), "the new one runs");
      appendFileSync(join(folder, "firmware/main.ts"), "}\n");
      await watching.says(/pawlock: the firmware does not build: .*main\.ts[^]*waiting for a change/);
    } finally {
      watching.child.kill();
      await watching.ended;
      board.unplug();
      rmSync(folder, { recursive: true });
    }
  });
});
