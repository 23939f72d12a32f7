// PROTOCOL.md is what protocol.ts and the tables beside the tool say, and those tables agree with protocol.ts.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { EVENT_DAMAGED, EVENT_DROPPED } from "../../../firmware/messages/journal.ts";
import * as protocol from "../../../firmware/link/protocol.ts";
import * as contract from "../../../hal/contract.ts";
import { codes } from "../../../tools/link/codes.ts";
import { protocolDocument } from "../../../tools/link/document.ts";
import { examples } from "../../../tools/link/examples.ts";
import { events, frameBytes, frames, settings } from "../../../tools/link/frames.ts";

const constants = (prefix: string, from: object = protocol): number[] =>
  Object.entries(from)
    .filter(([name]) => name.startsWith(prefix))
    .map(([, value]) => value as number);
const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

describe("PROTOCOL.md", () => {
  it("is what its tool writes", () => {
    assert.equal(readFileSync(new URL("../../../firmware/link/PROTOCOL.md", import.meta.url), "utf8"), protocolDocument());
  });

  it("tells every opcode, code, key and event, once", () => {
    const count = protocol.OP_COUNT;
    assert.deepEqual(sorted(frames.map(({ op }) => op)), sorted(constants("OP_").filter((op, i, all) => all.indexOf(op) === i && op <= count)));
    assert.deepEqual(sorted(codes.map(({ value }) => value)), sorted([contract.OK, ...constants("ERR_", contract), ...constants("CODE_")]));
    assert.deepEqual(sorted(settings.map(({ value }) => value)), sorted(constants("KEY_")));
    assert.deepEqual(sorted(events.map(({ value }) => value)), sorted([EVENT_DROPPED, EVENT_DAMAGED, ...constants("EVENT_")]));
  });

  it("tells lengths that the guard lets through, and no others", () => {
    for (const frame of frames.filter(({ op }) => op < protocol.OP_COUNT)) {
      assert.deepEqual(frameBytes(frame), [protocol.SHORTEST[frame.op], protocol.LONGEST[frame.op]], frame.name);
    }
  });

  it("has answers that fit the smallest frame", () => {
    for (const { name, answer } of frames) {
      const most = (answer ?? []).reduce((sum, { bytes }) => sum + (typeof bytes === "number" ? bytes : bytes[1]), protocol.ANSWER_HEADER_BYTES);
      assert.ok(most <= protocol.LEAST_FRAME_BYTES, `${name} has ${most} bytes`);
    }
  });

  it("tells which requests wait for the child", () => {
    assert.deepEqual(sorted(frames.filter(({ isChange }) => isChange).map(({ op }) => op)), sorted(protocol.CHANGES));
  });

  it("shows frames that are as long as they may be", () => {
    for (const { what, written } of examples()) {
      const op = written[0]!;
      assert.ok(written.length >= protocol.SHORTEST[op]! && written.length <= protocol.LONGEST[op]!, what);
      assert.ok(protocolDocument().includes(Buffer.from(written).toString("hex").replace(/(..)(?=.)/g, "$1 ")), what);
    }
  });
});
