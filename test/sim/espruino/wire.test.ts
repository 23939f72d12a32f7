// What crosses between the simulator and an Espruino process, without the process.

import assert from "node:assert/strict";
import { expression, parse } from "../../../sim/espruino/wire.ts";

describe("The link's text", () => {
  it("writes numbers so that the interpreter cannot round them", () => {
    assert.equal(expression(-2147483648), "-2147483648");
    assert.equal(expression(2147483648), "$float(0,1105199104)");
    assert.equal(expression(0.1), "$float(2576980378,1069128089)");
    assert.equal(expression(-0), "$float(0,2147483648)");
  });

  it("writes text as ASCII whatever its bytes", () => {
    assert.equal(expression('a"\\\n\0\xff~'), '"a\\x22\\x5c\\x0a\\x00\\xff~"');
  });

  it("writes bytes, lists and objects", () => {
    assert.equal(expression([{ kind: "timer", id: 3, data: undefined }, null, true, Uint8Array.of(1, 2, 255)]), '[({kind:"timer",id:3,data:undefined}),null,true,$bytes("AQL/")]');
  });

  it("reads what the interpreter sends by its marks", () => {
    const text = '[-7,"stext \\u00ff","f2576980378,1069128089","bAQL/","xAQL/","u",null,true,{"a":"s"}]';
    assert.deepEqual(parse(text), [-7, "text \xff", 0.1, Uint8Array.of(1, 2, 255), "\x01\x02\xff", undefined, null, true, { a: "" }]);
  });
});
