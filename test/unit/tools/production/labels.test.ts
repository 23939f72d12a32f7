// Labels: bars that say the serial, and nothing on them that is secret (S04).

import assert from "node:assert/strict";
import { barCode, labelSheet } from "../../../../tools/production/labels.ts";

/** Reads the bars back as a reader does: widths of bars and of the spaces between them. */
function widthsOf(svg: string): number[] {
  const bars = [...svg.matchAll(/M(\d+) 0h(\d+)v/g)].map(([, at, width]) => [Number(at), Number(width)] as const);
  return bars.flatMap(([at, width], i) => (i + 1 < bars.length ? [width, bars[i + 1]![0] - at - width] : [width]));
}

const SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-*";

describe("labels", () => {
  it("have bars with three wide elements of nine, two of them bars, and no two signs alike", () => {
    const seen = new Map<string, string>();
    for (const sign of SIGNS.slice(0, -1)) {
      const widths = widthsOf(barCode(sign));
      assert.equal(widths.length, 3 * 9 + 2);
      const elements = widths.slice(10, 19);
      assert.deepEqual([elements.filter((width) => width === 3).length, elements.filter((width, i) => width === 3 && i % 2 === 0).length], [3, 2], sign);
      seen.set(elements.join(""), sign);
      // Between the same two signs that begin and end every code.
      assert.deepEqual([widths.slice(0, 9), widths.slice(20)], [[1, 3, 1, 1, 3, 1, 3, 1, 1], [1, 3, 1, 1, 3, 1, 3, 1, 1]]);
    }
    assert.equal(seen.size, SIGNS.length - 1);
    assert.throws(() => barCode("a"), /no "a"/);
  });

  it("are as a reader of Code 39 wants them: known signs, width, and white on both sides", () => {
    // From the table of the standard: A is wide, B's wide bar comes later, 1 differs from A by one place.
    const middle = (sign: string): string => widthsOf(barCode(sign)).slice(10, 19).join("");
    assert.deepEqual(["A", "B", "1", "-", "Z"].map(middle), ["311113113", "113113113", "311311113", "131111313", "133131111"]);
    const svg = barCode("PW-000001");
    const [, width] = /viewBox="0 0 (\d+) /.exec(svg)!;
    // Eleven signs of 15, ten gaps, 10 on each side.
    assert.equal(Number(width), 11 * 15 + 10 + 20);
    assert.ok(svg.includes("M10 0h1v"));
  });

  it("S04, S06: hold serial, name and colour of each toy, and nothing else; no script, nothing from elsewhere", () => {
    const sheet = labelSheet([{ serial: "PW-000001", name: "Mr. Bear", colour: "brown" }, { serial: "PW-000002", name: "Hare", colour: "grey" }]);
    assert.deepEqual([...sheet.matchAll(/<div class="label">([^<]*)<svg[^]*?<b>([^<]*)<\/b><\/div>/g)].map(([, who, serial]) => [who, serial]), [
      ["Mr. Bear, brown", "PW-000001"],
      ["Hare, grey", "PW-000002"],
    ]);
    assert.doesNotMatch(sheet, /<script|\s(src|href|on[a-z]+)\s*=|url\(|@import|https?:/i);
  });
});
