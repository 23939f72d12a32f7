// Addresses of buffers: those asked for at boot last, those asked for in a callback are gone with it, as the buffer may be.

import assert from "node:assert/strict";
import { nrf52840dk } from "../../boards/nrf52840dk.ts";
import { Stage } from "../../sim/stage.ts";
import { buildStorage } from "../../sim/storage-image.ts";
import { PASSING_ADDRESS } from "../support/passing-address.ts";

const BYTES = nrf52840dk.storage.pages * 4096;

function run(code: string): Stage {
  const storage = buildStorage([{ name: ".bootcde", data: Buffer.from(code, "latin1") }], BYTES);
  return new Stage({ board: nrf52840dk, storage, native: () => () => undefined }).powerOn().wait(100);
}

describe("the address of a buffer", () => {
  it("lasts when it was asked for at boot, and no longer than the callback else", () => {
    const { console, uncaught } = run(PASSING_ADDRESS.code).machine;
    assert.deepEqual(console, PASSING_ADDRESS.printed);
    assert.equal(uncaught.length, 0);
  });

  it("is not given for what no Espruino keeps in one piece", () => {
    assert.deepEqual(run("print(E.getAddressOf(new Uint8Array(27),true),E.getAddressOf(new Uint8Array(28),true)>0)").machine.console, ["0 true"]);
  });

  it("is none when there is no memory left, and there is some again when others are forgotten", () => {
    const code = "setInterval(function(){print(E.getAddressOf(new ArrayBuffer(150000),true)>0,E.getAddressOf(new ArrayBuffer(100000),true)>0)},40)";
    assert.deepEqual(run(code).machine.console, ["true false", "true false"]);
  });
});
