// What Node's engine runs at power-on, in which order, and Storage as firmware reaches it (platform facts, sections 6 and 8).

import assert from "node:assert/strict";
import { microbit2 } from "../../boards/microbit2.ts";
import { Stage } from "../../sim/stage.ts";
import { buildStorage, findFile } from "../../sim/storage-image.ts";

const BYTES = microbit2.storage.pages * 4096;
const stageWith = (files: Record<string, string>): Stage =>
  new Stage({
    board: microbit2,
    storage: buildStorage(
      Object.entries(files).map(([name, text]) => ({ name, data: Buffer.from(text, "latin1") })),
      BYTES,
    ),
    native: () => () => undefined,
  });
const printed = (stage: Stage): string[] => stage.powerOn().wait(1).machine.console;

describe("booting", () => {
  const say = (text: string): string => `print(${JSON.stringify(text)})`;

  it("runs the boot files in their order", () => {
    const names = [".bootcde", ".boot3", ".boot1", ".bootPowerOn", ".boot0", ".boot2"];
    const stage = stageWith(Object.fromEntries(names.map((name) => [name, say(name)])));
    assert.deepEqual(printed(stage), [".bootPowerOn", ".boot0", ".boot1", ".boot2", ".boot3", ".bootcde"]);
  });

  it("runs .bootrst instead of .bootcde", () => {
    assert.deepEqual(printed(stageWith({ ".bootcde": say("code"), ".bootrst": say("reset") })), ["reset"]);
  });

  it("goes on with the next file after an error in one", () => {
    const stage = stageWith({ ".boot0": "nothing.here", ".bootcde": say("code") });
    assert.deepEqual(printed(stage), ["code"]);
    assert.equal(stage.machine.uncaught.length, 1);
  });

  it("runs what a boot file has just written", () => {
    assert.deepEqual(printed(stageWith({ ".boot0": `require("Storage").write(".bootcde",${JSON.stringify(say("new"))})` })), ["new"]);
  });

  it("wipes a corrupt Storage and says so", () => {
    const stage = stageWith({ ".bootcde": say("code") });
    stage.memories[0]!.bytes.set([1, 2, 0xff, 4], 4096);
    assert.deepEqual(printed(stage), ["Storage is corrupt.", "Erasing Storage Area...", "Erase complete."]);
    assert.ok(stage.memories[0]!.bytes.every((byte) => byte === 0xff));
  });

  describe("with code that uses Storage", () => {
    const answers = (code: string, files: Record<string, string> = {}): unknown[] => {
      const stage = stageWith({
        ...files,
        ".bootcde": `var s=require("Storage");function t(f){var r;try{r=f()}catch(e){r="!"+e.message}print(JSON.stringify(r===undefined?null:r))}${code}`,
      });
      return printed(stage).map((line) => JSON.parse(line) as unknown);
    };
    const stored = (data: string): unknown => answers(`s.write("x",${data});t(function(){return s.read("x")})`)[0];

    for (const [data, found] of [
      ["5", "\x05"],
      ["-7", "\xf9"],
      ["true", "\x01"],
      ["[1,2,300]", "\x01\x02,"],
      ["new Int16Array([0x1234,0x5678])", "4\x12"],
      ["new Uint8Array(new Uint8Array([1,2,3,4,5,6,7,8]).buffer,2,3)", "\x03\x04\x05"],
      ["new Int16Array(new Uint8Array([1,2,3,4,5,6,7,8]).buffer,2,2)", "\x03\x04"],
      ["new Uint8Array([9,8,7]).buffer", "\t\b\x07"],
      ['{a:1,b:"x"}', '{"a":1,"b":"x"}'],
      ["new DataView(new Uint8Array([1,2,3]).buffer)", '{"buffer":[1,2,3],"byteOffset":0,"byteLength":3}'],
    ] as const) {
      it(`stores ${data} as ${JSON.stringify(found)}`, () => assert.equal(stored(data), found));
    }

    it("refuses undefined, null and nothing", () => {
      assert.deepEqual(answers('[undefined,null,""].forEach(function(d){t(function(){return s.write("x",d)})})'), [
        "!Can't get pointer to data to write",
        "!Expecting Number or iterable, got null",
        "!Can't create zero length file",
      ]);
    });

    it("reads parts, with offsets and lengths clipped", () => {
      const reads = ["1", "-1,2", "99", "1,1", "0,-5"].map((args) => `t(function(){return s.read("f",${args})});`).join("");
      assert.deepEqual(answers(reads, { f: "abc" }), ["bc", "ab", "", "b", "abc"]);
    });

    it("lists names, by a pattern too", () => {
      assert.deepEqual(answers("t(function(){return s.list(/^a/)})", { ab: "1", ba: "2", ac: "3" }), [["ab", "ac"]]);
    });

    it("refuses what is not modelled", () => {
      assert.deepEqual(answers('t(function(){return s.open("x","r")})'), ["!Storage.open is not modelled"]);
    });
  });

  it("finds after a power cut what the cut left", () => {
    const code = 'var s=require("Storage");print(s.read("set"));if(s.read("set")==="old")s.write("set","new!")';
    const boot = (operation: number): string[] => {
      const stage = stageWith({ ".bootcde": code, set: "old" });
      stage.powerOn({ operation, phase: "after" });
      assert.equal(stage.machine.isPowered, false);
      return printed(stage);
    };
    assert.deepEqual([boot(0), boot(1), boot(2)], [[""], ["\xff\xff\xff\xff"], ["new!"]]);
  });

  it("keeps flash over a restart", () => {
    const stage = stageWith({ ".bootcde": 'require("Storage").write("n","1")' });
    stage.powerOn();
    stage.powerOn();
    assert.equal(Buffer.from(findFile(stage.memories[0]!.bytes, "n")!).toString(), "1");
  });

  describe("after E.reboot", () => {
    // The first boot leaves a file and reboots; the second one finds it.
    const code = (first: string, second: string): string =>
      `var s=require("Storage");if(s.read("n"))setTimeout(function(){${second}},1);else{s.write("n","1");${first}setTimeout(function(){E.reboot();print("never")},10)}`;
    const paw = `new Pin("${microbit2.paw.espruino}")`;

    it("boots again in the same time, with its flash and nothing else", () => {
      const stage = stageWith({ ".bootcde": code("var a=1;setTimeout(function(){print('never')},20);", "print(typeof a,getTime()>0.01)") });
      const bootMs = stage.powerOn().nowMs;
      stage.wait(1000);
      assert.deepEqual(stage.machines.map(({ console }) => console), [[], ["undefined true"]]);
      assert.ok(Math.abs(stage.nowMs - bootMs - 1000) < 1e-3);
    });

    it("lets go of the pins, and knows the hand that still holds the paw", () => {
      const { nrf, espruino } = microbit2.heart.recording;
      const stage = stageWith({ ".bootcde": code(`digitalWrite(new Pin("${espruino}"),1);`, `pinMode(${paw},"input_pullup");print(digitalRead(${paw}))`) });
      stage.powerOn().press().wait(1000);
      assert.deepEqual(stage.world.changes.get(nrf)!.map(({ drive }) => drive), [{ kind: "level", level: 1 }, { kind: "floating" }]);
      // A button of Espruino's reads 1 when it is pressed.
      assert.deepEqual(stage.machine.console, ["1"]);
      assert.equal(stage.pawEdges.length, 1);
    });

    it("may reboot for ever, one boot after the other", () => {
      const stage = stageWith({ ".bootcde": "E.reboot()" });
      stage.powerOn().wait(200);
      const boots = stage.machines.length;
      assert.ok(boots > 2 && boots < 20, `${boots} boots`);
      stage.wait(200);
      assert.ok(stage.machines.length > boots);
    });

    it("loses its power where a cut was planned for", () => {
      const files = { ".bootcde": code("", 'print(1);s.write("m","2");print(2)') };
      const stage = stageWith(files);
      const operations = (): number => stage.machines.reduce((sum, { flash }) => sum + flash.operations.length, 0);
      stage.powerOn().wait(1000);
      const all = operations();
      stage.memories[0]!.bytes.set(stageWith(files).memories[0]!.bytes);
      stage.powerOn({ operation: all - 1, phase: "before" }).wait(1000);
      assert.equal(operations(), all - 1);
      assert.deepEqual([stage.machine.console, stage.machine.isPowered], [["1"], false]);
    });
  });
});
