// Which ports are boards, what the doctor says of them, and many boards at once.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { boards } from "../../../../boards/index.ts";
import { UserError } from "../../../../tools/errors.ts";
import { isOlder } from "../../../../tools/flash/board-state.ts";
import { diagnose, udevRules, type Computer } from "../../../../tools/flash/doctor.ts";
import { flashChild } from "../../../../tools/flash/many.ts";
import { describePort, openPort } from "../../../../tools/flash/serial-port.ts";

const xiao = describePort({ path: "/dev/ttyACM0", vendorId: "1915", productId: "520f", serialNumber: "a\u001b[2Jb" });
const loader = describePort({ path: "/dev/ttyACM1", vendorId: "2886", productId: "0044" });
const microbit = describePort({ path: "/dev/ttyACM2", vendorId: "0d28", productId: "0204" });
const other = describePort({ path: "/dev/ttyUSB0", vendorId: "0403", productId: "6001" });

describe("serial ports", () => {
  it("are boards by their USB ids", () => {
    assert.deepEqual(xiao.boards.map(({ id }) => id), ["XIAOBLE", "NRF52840DK"]);
    assert.deepEqual([xiao, loader, microbit, other].map(({ isBootLoader }) => isBootLoader), [false, true, false, false]);
    assert.deepEqual(microbit.boards.map(({ id }) => id), ["MICROBIT2"]);
    assert.deepEqual(other.boards, []);
    assert.doesNotMatch(xiao.usbId!, /\u001b/);
  });

  it("that are not there are refused in words", async () => {
    await assert.rejects(openPort("/dev/does-not-exist", 9600), (error) => error instanceof UserError && /no port \/dev\/does-not-exist/.test(error.what));
  });

  it("know an older Espruino from a newer one", () => {
    for (const [version, isRefused] of [
      ["2v28", true],
      ["2v28.300", true],
      ["1v99", true],
      ["2v29", false],
      ["2v29.277", false],
      ["2v30", false],
      ["junk", true],
    ] as const) {
      assert.equal(isOlder(version, "2v29"), isRefused, version);
    }
  });
});

describe("the doctor", () => {
  const computer = (more: Partial<Computer>): Computer => ({ platform: "linux", listPorts: async () => [xiao, other], mayUse: () => true, tryPort: async () => undefined, ...more });
  const sad = async (more: Partial<Computer>): Promise<string> => (await diagnose(computer(more))).filter(({ isGood }) => !isGood).map(({ what, remedy }) => `${what}. ${remedy}`).join("\n");

  it("finds nothing wrong with a board that opens", async () => assert.equal(await sad({}), ""));

  for (const [what, more, told] of [
    ["no board", { listPorts: async () => [other] }, /none of them is a board.*only charge/],
    ["a missing driver on Windows", { platform: "win32", listPorts: async () => [] }, /device manager/],
    ["missing machine code", { listPorts: async () => Promise.reject(new Error("No native build was found")) }, /cannot be listed.*npm ci/],
    ["no permission", { mayUse: () => false }, /no permission.*dialout[^]*idVendor}=="1915"/],
    ["a busy port", { tryPort: async () => Promise.reject(new UserError("/dev/ttyACM0 is in use by another program", "Close it.")) }, /in use/],
    ["a boot loader", { listPorts: async () => [loader] }, /boot loader.*espruino_2v29_xiaoble.uf2/],
  ] as const) {
    it(`explains ${what}`, async () => assert.match(await sad(more as Partial<Computer>), told));
  }

  it("says that a console by serial chip is slow", async () => {
    const findings = await diagnose(computer({ listPorts: async () => [microbit] }));
    assert.match(findings.map(({ what }) => what).join(), /9600 baud/);
  });

  it("gives a udev rule for every board", () => {
    for (const { usb } of boards) for (const { vendorId } of usb) assert.ok(udevRules().includes(vendorId.toString(16).padStart(4, "0")));
  });
});

describe("a board of many", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "many-"))));
  after(() => rmSync(folder, { recursive: true }));

  async function child(program: string): Promise<Awaited<ReturnType<typeof flashChild>> & { readonly printed: string }> {
    const file = join(folder, "child.mjs");
    writeFileSync(file, program);
    const printed: string[] = [];
    const result = await flashChild("/dev/x", ["--dev"], false, (line) => printed.push(line), [file]);
    return { ...result, printed: printed.join("\n") };
  }

  it("is done when its process says so, and is given its port and the options", async () => {
    const told = 'console.log(JSON.stringify({port:"/dev/x",step:process.argv.slice(2).join(" ")}))';
    const { isDone, printed } = await child(told);
    assert.ok(isDone);
    assert.equal(printed, "/dev/x  --port /dev/x --json --dev");
  });

  it("has failed when its process fails, crashes or is killed, and says why", async () => {
    const failing = await child('console.error("pawlock: no prompt answers\\n  do this");process.exitCode=1');
    assert.deepEqual([failing.isDone, failing.said], [false, "no prompt answers"]);
    const killed = await child('process.kill(process.pid,"SIGKILL")');
    assert.deepEqual([killed.isDone, killed.said], [false, "ended with null"]);
  });

  it("cannot write to the terminal what is no text", async () => {
    const { printed } = await child('console.log(JSON.stringify({port:"/dev/x",step:"\\u001b[2Jx"}))');
    assert.match(printed, /x$/);
    assert.doesNotMatch(printed, /\u001b/);
  });
});
