// The timeline's SVG: things stand where their time is, texts are escaped, nothing in it can run or load.

import assert from "node:assert/strict";
import { renderTimeline, type Lane } from "../../../tools/timeline.ts";

const LEFT = 172;
const RIGHT = 1172;
const render = (...lanes: Lane[]): string => renderTimeline({ title: "a title", seconds: 10, lanes });
const texts = (svg: string): string[] => [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map((match) => match[1]);

/** Well-formed enough to be parsed: every tag closed in order, every attribute quoted, no stray < or &. */
function assertWellFormed(svg: string): void {
  const open: string[] = [];
  const rest = svg.replace(/<(\/?)([a-z]+)((?: [a-z-]+(?::[a-z]+)?="[^"<]*")*)(\/?)>/gi, (_all, closes: string, name: string, _attributes, closed: string) => {
    if (closes) assert.equal(open.pop(), name);
    else if (!closed) open.push(name);
    return "";
  });
  assert.deepEqual(open, []);
  assert.doesNotMatch(rest, /[<>]/);
  assert.doesNotMatch(svg, /&(?!(?:amp|lt|gt|quot|#39);)/);
}

describe("timeline", () => {
  it("is a page of 1200 pixels with its title, an axis in seconds and a note on waveforms", () => {
    const svg = render({ kind: "wave", name: "speaker", samples: [0, 0.5, -0.5], rateHz: 1, startS: 0 });
    assertWellFormed(svg);
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="1200" /);
    assert.deepEqual(texts(svg).slice(0, 12), ["a title", "0 s", "1 s", "2 s", "3 s", "4 s", "5 s", "6 s", "7 s", "8 s", "9 s", "10 s"]);
    assert.match(texts(svg).at(-1)!, /^Waveforms/);
  });

  it("draws a level from its edges and says how long it was on", () => {
    const svg = render({ kind: "level", name: "paw", edges: [{ atS: 2, level: 1 }, { atS: 5, level: 0 }, { atS: 9, level: 0.5 }] });
    assert.ok(texts(svg).includes("on for 4.00 s"));
    const path = /<path d="M172 (\S+)H372V(\S+)H672V(\S+)H1072V(\S+)H1172V(\S+)"/.exec(svg)!.slice(1).map((y) => parseFloat(y));
    const [floor, up, down, half, end] = path;
    assert.deepEqual([down, end], [floor, floor]);
    assert.equal(half - up, (floor - up) / 2);
  });

  it("draws a waveform between where it begins and ends, enlarged, with its peak", () => {
    const svg = render({ kind: "wave", name: "microphone", samples: Float32Array.from({ length: 2000 }, (_, i) => 0.1 * Math.sin(i)), rateHz: 1000, startS: 3 });
    assert.ok(texts(svg).includes("peak -20.0 dBFS"));
    const xs = [...svg.matchAll(/[ML]([\d.]+) [\d.]+(?=[LZ"])/g)].map((match) => Number(match[1])).filter((x) => x > LEFT);
    assert.ok(Math.abs(Math.min(...xs) - 472) < 1 && Math.abs(Math.max(...xs) - 672) < 1);
  });

  it("says when a waveform is silent or empty", () => {
    assert.ok(texts(render({ kind: "wave", name: "w", samples: new Float32Array(100), rateHz: 100, startS: 0 })).includes("silent"));
    assert.ok(texts(render({ kind: "wave", name: "w", samples: [], rateHz: 100, startS: 0 })).includes("no samples"));
    assert.ok(texts(render({ kind: "wave", name: "w", samples: [NaN, Infinity], rateHz: 100, startS: 0 })).includes("no samples"));
  });

  it("marks instants by kind, once per pixel, and counts them in the legend", () => {
    const marks = [...Array.from({ length: 50 }, (_, i) => ({ atS: 1 + i / 1e6, kind: "program" })), { atS: 5, kind: "erase" }];
    const svg = render({ kind: "marks", name: "flash", marks });
    assert.ok(texts(svg).includes("program (50)") && texts(svg).includes("erase (1)") && texts(svg).includes("51 operations"));
    assert.equal([...svg.matchAll(/M272 \d+v14/g)].length, 1);
    assert.equal([...svg.matchAll(/M672 \d+v14/g)].length, 1);
  });

  it("names spans inside where there is room, in the legend always", () => {
    const spans = [{ fromS: 0, toS: 4, label: "idle" }, { fromS: 4, toS: 4.05, label: "held" }, { fromS: 4.05, toS: 99, label: "idle" }];
    const svg = render({ kind: "spans", name: "state", spans });
    assert.equal(texts(svg).filter((text) => text === "idle").length, 3);
    assert.equal(texts(svg).filter((text) => text === "held").length, 1);
    assert.match(svg, /<title>held: 4\.000 s to 4\.050 s<\/title>/);
    for (const [, x, width] of svg.matchAll(/<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"[^>]*rx="3"/g)) assert.ok(Number(x) + Number(width) <= RIGHT + 0.1);
  });

  it("escapes every text and can neither run nor load anything", () => {
    const evil = `</text><script>alert("1")</script>&'\u0000\u0007\ud800`;
    const svg = renderTimeline({
      title: evil,
      seconds: 1,
      lanes: [
        { kind: "spans", name: evil, spans: [{ fromS: 0, toS: 1, label: evil }] },
        { kind: "marks", name: evil, marks: [{ atS: 0.5, kind: evil }] },
      ],
    });
    assertWellFormed(svg);
    assert.doesNotMatch(svg, /<script|href|url\(|\son\w+=/i);
    assert.doesNotMatch(svg, /[\u0000-\u0008\ud800-\udfff]/);
  });

  it("draws nothing for numbers that are none", () => {
    const svg = render(
      { kind: "level", name: "paw", edges: [{ atS: NaN, level: 1 }, { atS: 1, level: Infinity }] },
      { kind: "marks", name: "flash", marks: [{ atS: NaN, kind: "erase" }] },
      { kind: "spans", name: "state", spans: [{ fromS: NaN, toS: 1, label: "x" }] },
    );
    assertWellFormed(svg);
    assert.doesNotMatch(svg.replace(/<title>[^<]*/g, ""), /NaN|Infinity|undefined/);
  });

  it("refuses a length that is none", () => {
    for (const seconds of [0, -1, NaN, Infinity]) assert.throws(() => renderTimeline({ title: "", seconds, lanes: [] }), RangeError);
  });
});
