// What `npm run test:interpreter` makes of two records of a test, and of the variables that it counted.

import assert from "node:assert/strict";
import { xiaoble } from "../../../boards/xiaoble.ts";
import { compare, type Row, type TestRecord } from "../../../tools/interpreter/compare.ts";
import { memoryOf } from "../../../tools/interpreter/report.ts";

const record: TestRecord = {
  title: "a tap plays",
  file: "taps.test.ts",
  index: 3,
  state: "passed",
  board: "XIAOBLE",
  traces: [[[10, "pin 3 high"]], [[5, "pin 3 high"], [20, "pin 3 low"], [30, "end"]]],
  variables: { peak: 7000, end: 6000 },
  wallMs: 12,
};
const facts = { version: "2v29", flashBytes: 262144, variables: 14000, variableBytes: 14 };

describe("A scenario on two engines", () => {
  it("is the same when every event came at its time", () => {
    const row = compare(record, { ...record, traces: [[[10, "pin 3 high"]], [[5.0005, "pin 3 high"], [20, "pin 3 low"], [30, "end"]]], wallMs: 99 });
    assert.deepEqual(row, { title: "a tap plays", board: "XIAOBLE", same: true, peak: 7000, end: 6000, nodeMs: 12, espruinoMs: 99 });
  });

  const divergences: [string, TestRecord | undefined, TestRecord, RegExp][] = [
    ["in what happened", record, { ...record, traces: [record.traces[0]!, [[5, "pin 3 high"], [20, "pin 4 low"]]] }, /boot 2, event 2\n +expected +0\.020 ms pin 3 low\n +got +0\.020 ms pin 4 low/],
    ["in time", record, { ...record, traces: [[[10.01, "pin 3 high"]], record.traces[1]!] }, /boot 1, event 1/],
    ["in an end that did not come", record, { ...record, traces: [record.traces[0]!] }, /boot 2, event 1[^]*got +nothing/],
    ["in its outcome", record, { ...record, state: "failed", error: "no sound" }, /passed on Node's engine, failed on the interpreter: no sound/],
    ["because one engine did not run it", undefined, record, /did not run it/],
  ];
  for (const [where, expected, got, text] of divergences) {
    it(`differs ${where}`, () => {
      const row = compare(expected, got);
      assert.equal(row.same, false);
      assert.match(row.divergence!, text);
    });
  }
});

describe("Variables counted", () => {
  const rows = (...peaks: number[]): Row[] => peaks.map((peak) => ({ ...compare(record, record), peak }));
  const most = Math.floor(xiaoble.espruino.variables * 0.6);

  it("are judged by the worst scenario", () => {
    const [memory, ...others] = memoryOf(rows(5000, most, 100), facts);
    assert.deepEqual(others, []);
    assert.deepEqual([memory!.board, memory!.peak, memory!.isExact, memory!.isEnough], ["XIAOBLE", most, true, true]);
  });

  it("are too many for the product board when less than 40% are free", () => assert.equal(memoryOf(rows(most + 1), facts)[0]!.isEnough, false));

  it("may be more while somebody floods the toy, and are told apart", () => {
    const flood = { ...rows(most + 1)[0]!, title: "T36 floods" };
    const memory = memoryOf([...rows(most), flood], facts);
    assert.deepEqual(memory.map(({ isFlooded, peak, isEnough }) => [isFlooded, peak, isEnough]), [[false, most, true], [true, most + 1, true]]);
    assert.equal(memoryOf([{ ...flood, peak: Math.floor(xiaoble.espruino.variables * 0.75) + 1 }], facts)[0]!.isEnough, false);
  });

  it("are not judged when they are not of the board's size", () => {
    const [memory] = memoryOf(rows(most + 1), { ...facts, variableBytes: 18 });
    assert.deepEqual([memory!.isExact, memory!.isEnough], [false, true]);
  });
});
