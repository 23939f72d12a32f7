// The interpreter as an engine: its boot order, its errors, its memory, and that nothing of it is left behind.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import { internalRun } from "../../boards/flash-map.ts";
import { nrf52840dk } from "../../boards/nrf52840dk.ts";
import { espruinoEngine } from "../../sim/espruino/make.ts";
import { sleep } from "../../sim/espruino/supervisor.ts";
import { firstDivergence, traceOf } from "../../sim/espruino/trace.ts";
import { Stage, nodeEngine, type EngineMaker } from "../../sim/stage.ts";
import { buildStorage } from "../../sim/storage-image.ts";
import { PASSING_ADDRESS } from "../support/passing-address.ts";
import { espruinoEngines, interpreterPath } from "../support/interpreter.ts";

const BYTES = nrf52840dk.storage.pages * 4096;

describe("Espruino as an engine", function () {
  this.timeout(30000);
  const { espruino, engines } = espruinoEngines();

  function run(files: Record<string, string>, engine: EngineMaker, ms = 100): Stage {
    const storage = buildStorage(Object.entries(files).map(([name, text]) => ({ name, data: Buffer.from(text, "latin1") })), BYTES);
    return new Stage({ board: nrf52840dk, storage, native: () => () => undefined, engine }).powerOn().wait(ms);
  }

  /** Runs on both engines; they must agree. */
  function both(files: Record<string, string>, ms?: number): Stage {
    const [expected, got] = [run(files, nodeEngine, ms), run(files, espruino, ms)];
    assert.equal(expected.machines.length, got.machines.length);
    expected.machines.forEach((machine, i) => assert.equal(firstDivergence(traceOf(machine, expected.world), traceOf(got.machines[i]!, got.world)), undefined));
    return got;
  }

  it("runs boot files in Espruino's order, whatever theirs in Storage", () => {
    const stage = both({ ".bootcde": "print('application')", ".boot1": "print('one')", ".boot0": "print('zero')" });
    assert.deepEqual(stage.machine.console, ["zero", "one", "application"]);
  });

  it("runs .bootrst instead of .bootcde", () => {
    assert.deepEqual(both({ ".bootcde": "print('application')", ".bootrst": "print('reset')" }).machine.console, ["reset"]);
  });

  it("ends at E.reboot, and another one boots from the same flash", () => {
    const { base } = internalRun(nrf52840dk)!;
    const code = `var f=require("Flash");if(f.read(1,${base})[0]===255){f.write([1],${base});print("first");E.reboot();print("never")}else print("second")`;
    const stage = both({ ".bootcde": code });
    assert.deepEqual(stage.machines.map(({ console }) => console), [["first"], ["second"]]);
    assert.equal(engines.length, 2);
    assert.deepEqual(engines.map(({ pid }) => pid > 0), [false, true]);
  });

  it("evaluates text from Storage with the time that it takes", () => {
    const text = "for(var i=0;i<100;i++);print(getTime()>0)";
    both({ text, ".bootcde": `eval(require('Storage').read('text',0,${text.length}))` });
  });

  it("evaluates nothing", () => {
    assert.deepEqual(both({ ".bootcde": 'eval("");print("goes on")' }).machine.console, ["goes on"]);
  });

  it("runs timers in virtual time, in the order of Espruino", () => {
    const code = "setTimeout(function(){print('b')},20);setTimeout(function(){print('a');setTimeout(function(){print('c',getTime()>1)},1000)},10)";
    assert.deepEqual(both({ ".bootcde": code }, 2000).machine.console, ["a", "b", "c true"]);
  });

  it("reacts to a promise before the next timer", () => {
    const code = "setTimeout(function(){Promise.resolve().then(function(){print(1)}).then(function(){print(2)})},10);setTimeout(function(){print(3)},11)";
    assert.deepEqual(both({ ".bootcde": code }).machine.console, ["1", "2", "3"]);
  });

  it("keeps an error in a callback from the others", () => {
    const stage = both({ ".bootcde": "setTimeout(function(){throw new Error('x')},10);setTimeout(function(){print('goes on')},20)" });
    assert.deepEqual(stage.machine.console, ["goes on"]);
    assert.equal(stage.machine.uncaught[0]!.message, "Error: x");
  });

  it("carries numbers, text and bytes as they are", () => {
    const code = `
      var f=require("Flash"),a=${internalRun(nrf52840dk)!.base},d=new Uint8Array(16);
      for(var i=0;i<16;i++)d[i]=17*i;
      f.write(d,a);f.write("\\x00\\x7f\\x80\\xff",a+16);
      print(f.read(20,a).join());
      f.erasePage(a);print(f.read(4,a).join());
      analogWrite(new Pin("${nrf52840dk.heart.glow.espruino}"),1/3,{freq:200});
      print(E.CRC32("123456789"),"\\xe9\\"\\n");`;
    const { console } = both({ ".bootcde": code }).machine;
    assert.equal(console[0], "0,17,34,51,68,85,102,119,136,153,170,187,204,221,238,255,0,127,128,255");
    assert.equal(console[1], "255,255,255,255");
    assert.equal(console[2], '3421780262 \xe9"\n');
  });

  it("gives an address to flat buffers only", () => {
    const code = "print(E.getAddressOf(new ArrayBuffer(100),true)>0,E.getAddressOf(new Uint8Array(15).buffer,true))";
    assert.deepEqual(run({ ".bootcde": code }, espruino).machine.console, ["true 0"]);
  });

  it("forgets the address of a buffer that was asked for in a callback", () => {
    assert.deepEqual(both({ ".bootcde": PASSING_ADDRESS.code }).machine.console, PASSING_ADDRESS.printed);
  });

  it("has copies take their time on either engine", () => {
    const code = "var a=new Uint8Array(1000),b=new Uint8Array(1000),t=getTime();a.set(b);print(getTime()-t>0.006);t=getTime();a.set([65,66],3);print(getTime()-t<0.003,a[3],a[4])";
    assert.deepEqual(both({ ".bootcde": code }).machine.console, ["true", "true 65 66"]);
  });

  it("lets the board write and read a buffer while the interpreter waits", () => {
    const code = `var b=new ArrayBuffer(1000),u=new Uint8Array(b),a=E.getAddressOf(b,true);u[1]=7;
      print(peek8(a+1));poke8(a+999,[42]);poke16(a+2,0x1234);print(u[999],u[2],u[3],u[1]);`;
    assert.deepEqual(both({ ".bootcde": code }).machine.console, ["7", "42 52 18 7"]);
  });

  it("has a variable back for each that a callback used", () => {
    const maker = espruinoEngine(interpreterPath(), { isMeasuring: true, onMade: (engine) => engines.push(engine) });
    const stage = run({ ".bootcde": "setInterval(function(){var a=[1,2,3,{b:4}];a.push(getTime());},10)" }, maker);
    const before = engines[0]!.variables.now;
    stage.wait(1000);
    assert.equal(engines[0]!.variables.now, before);
  });

  it("ends when the simulator is killed", async () => {
    const program = `
      import { Stage } from "./sim/stage.ts";
      import { espruinoEngine } from "./sim/espruino/make.ts";
      import { nrf52840dk } from "./boards/nrf52840dk.ts";
      import { buildStorage } from "./sim/storage-image.ts";
      const storage = buildStorage([{ name: ".bootcde", data: Buffer.from("setInterval(function(){},10)") }], ${BYTES});
      const onMade = (engine) => setTimeout(() => console.log(engine.pid, engine.folder), 0);
      const stage = new Stage({ board: nrf52840dk, storage, native: () => () => undefined, engine: espruinoEngine(process.env.ESPRUINO, { onMade }) }).powerOn();
      setInterval(() => stage.wait(10), 1);`;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", program], { stdio: ["ignore", "pipe", "inherit"] });
    const [said] = (await once(child.stdout, "data")) as [Buffer];
    const [pid, folder] = [parseInt(said.toString()), said.toString().trim().split(" ")[1]!];
    assert.ok(isRunning(pid));
    child.kill("SIGKILL");
    assert.ok(hasEnded(pid));
    rmSync(folder, { recursive: true });
  });

  it("leaves neither process nor folder when the power fails", () => {
    const stage = run({ ".bootcde": "setInterval(function(){},10)" }, espruino);
    const { folder, pid } = engines[0]!;
    assert.ok(existsSync(folder) && isRunning(pid));
    stage.machine.cutPower();
    stage.wait(100);
    assert.equal(existsSync(folder), false);
    assert.ok(hasEnded(pid));
  });
});

/** Waits for that, for some seconds. */
function hasEnded(pid: number): boolean {
  for (const untilMs = Date.now() + 5000; isRunning(pid) && Date.now() < untilMs; ) sleep(1);
  return !isRunning(pid);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
