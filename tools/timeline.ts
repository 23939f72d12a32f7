// Draws what happened on the toy as one SVG: lanes over a common axis of seconds. Plain data in, text out; no script, no
// link, no font of its own; every text is escaped and every number checked, for names and labels may come from outside.

export type Colour = "amber" | "red" | "rose" | "teal" | "indigo" | "slate";

export interface Edge {
  readonly atS: number;
  /** 0 to 1, from this instant on. */
  readonly level: number;
}
export interface Mark {
  readonly atS: number;
  readonly kind: string;
}
export interface Span {
  readonly fromS: number;
  readonly toS: number;
  readonly label: string;
  /** The same for every span of a label; without it labels take colours in turn. */
  readonly colour?: Colour;
}

export type Lane = { readonly name: string; readonly colour?: Colour } & (
  | { readonly kind: "level"; readonly edges: readonly Edge[] }
  /** Full scale is 1; extremes and mean power per pixel, enlarged to the lane. */
  | { readonly kind: "wave"; readonly samples: ArrayLike<number>; readonly rateHz: number; readonly startS: number }
  | { readonly kind: "marks"; readonly marks: readonly Mark[] }
  | { readonly kind: "spans"; readonly spans: readonly Span[] }
);

export interface Timeline {
  readonly title: string;
  readonly seconds: number;
  readonly lanes: readonly Lane[];
}

const WIDTH = 1200;
const LEFT = 172;
const RIGHT = WIDTH - 28;
const TOP = 66;
const GAP = 8;
const ROW = 18;
const PADDING = 7;
const HEIGHTS = { level: 38, wave: 92, spans: 38 } as const;
const INKS: Readonly<Record<Colour, string>> = { amber: "#d97706", red: "#dc2626", rose: "#be185d", teal: "#0f766e", indigo: "#4f46e5", slate: "#475569" };
const MARK_INKS = ["#be185d", "#0369a1", "#4d7c0f", "#7c3aed", "#b45309"];
const SPAN_INKS = ["#e2e8f0", "#bfdbfe", "#bbf7d0", "#fde68a", "#ddd6fe", "#a5f3fc", "#fbcfe8", "#fed7aa", "#fecaca"];
const SPAN_TINTS: Readonly<Record<Colour, string>> = { amber: "#fcd9a0", red: "#fca5a5", rose: "#f9b4d4", teal: "#99dcd3", indigo: "#c2c3fb", slate: "#e2e8f0" };
const WAVE_NOTE = "Waveforms, enlarged to their lanes: light from the smallest to the largest sample of each pixel, dark the mean power.";
const TICK_STEPS_S = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600];
/** Mean width of a character as a part of the font's size. */
const CHARACTER = 0.57;

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
/** XML knows no other control characters, not even escaped. */
const escape = (text: string): string => text.replace(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD]/g, "\uFFFD").replace(/[&<>"']/g, (c) => escapes[c]);

const px = (value: number): string => String(Math.round(value * 10) / 10);
const textWidth = (text: string, size: number): number => text.length * CHARACTER * size;

function text(x: number, y: number, size: number, content: string, more = ""): string {
  return `<text x="${px(x)}" y="${px(y)}" font-size="${size}"${more}>${escape(content)}</text>`;
}

function rect(x: number, y: number, width: number, height: number, fill: string, more = ""): string {
  return `<rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}" fill="${fill}"${more}/>`;
}

const shorten = (name: string, most: number): string => (name.length > most ? `${name.slice(0, most - 1)}\u2026` : name);

/** Kinds or labels in order of first appearance. */
const distinct = (names: readonly string[]): string[] => [...new Set(names)];

interface Drawn {
  readonly body: string;
  /** What stands small below the lane's name. */
  readonly note: string;
}

interface Frame {
  readonly y: number;
  readonly height: number;
  readonly seconds: number;
  readonly ink: string;
  readonly x: (atS: number) => number;
}

function drawLevel(edges: readonly Edge[], { y, height, seconds, ink, x }: Frame): Drawn {
  const floor = y + height - PADDING;
  const reach = height - 2 * PADDING;
  let path = `M${LEFT} ${px(floor)}`;
  let onS = 0;
  let last = { atS: 0, level: 0 };
  for (const edge of [...edges.filter(({ atS, level }) => atS <= seconds && Number.isFinite(atS + level)), { atS: seconds, level: 0 }]) {
    if (last.level > 0) onS += edge.atS - Math.max(0, last.atS);
    const level = Math.min(1, Math.max(0, edge.level));
    path += `H${px(x(edge.atS))}V${px(floor - level * reach)}`;
    last = edge;
  }
  return { body: `<path d="${path}" fill="${ink}" fill-opacity="0.3" stroke="${ink}" stroke-width="1.5" stroke-linejoin="round"/>`, note: `on for ${onS.toFixed(2)} s` };
}

function drawWave(samples: ArrayLike<number>, rateHz: number, startS: number, { y, height, ink, x, seconds }: Frame): Drawn {
  const middle = y + height / 2;
  const line = `<path d="M${LEFT} ${px(middle)}H${RIGHT}" stroke="${ink}" stroke-opacity="0.35" stroke-width="1"/>`;
  const columns = RIGHT - LEFT;
  const low = new Float64Array(columns);
  const high = new Float64Array(columns);
  const power = new Float64Array(columns);
  const count = new Uint32Array(columns);
  let peak = 0;
  for (let i = 0; i < samples.length; i++) {
    const column = Math.floor(((startS + i / rateHz) / seconds) * columns);
    if (!(column >= 0 && column < columns) || !Number.isFinite(samples[i])) continue;
    low[column] = Math.min(low[column], samples[i]);
    high[column] = Math.max(high[column], samples[i]);
    power[column] += samples[i] ** 2;
    count[column]++;
    peak = Math.max(peak, Math.abs(samples[i]));
  }
  if (peak === 0) return { body: line, note: count.some((n) => n > 0) ? "silent" : "no samples" };
  const scale = (height / 2 - PADDING) / peak;
  const filled = Array.from(count.keys()).filter((column) => count[column] > 0);
  const outline = (above: (column: number) => number, below: (column: number) => number): string => {
    const corner = (column: number, at: number): string => `${px(x(((column + 0.5) / columns) * seconds))} ${px(at)}`;
    const there = filled.map((column) => corner(column, middle - above(column) * scale - 0.4));
    const back = filled.map((column) => corner(column, middle - below(column) * scale + 0.4)).reverse();
    return `M${there.join("L")}L${back.join("L")}Z`;
  };
  const rms = (column: number): number => Math.sqrt(power[column] / count[column]);
  const extremes = outline((column) => high[column], (column) => low[column]);
  const core = outline((column) => Math.min(high[column], rms(column)), (column) => Math.max(low[column], -rms(column)));
  return {
    body: `${line}<path d="${extremes}" fill="${ink}" fill-opacity="0.5"/><path d="${core}" fill="${ink}"/>`,
    note: `peak ${(20 * Math.log10(peak)).toFixed(1)} dBFS`,
  };
}

const markKinds = (marks: readonly Mark[]): string[] => distinct(marks.map(({ kind }) => kind));

function drawMarks(marks: readonly Mark[], { y, seconds, x }: Frame): Drawn {
  const kinds = markKinds(marks);
  const rows = kinds.map((kind, row) => {
    const places = new Set(marks.filter((mark) => mark.kind === kind && mark.atS >= 0 && mark.atS <= seconds).map(({ atS }) => Math.round(x(atS))));
    const top = y + PADDING + row * ROW + 2;
    const path = [...places].map((at) => `M${at} ${top}v${ROW - 4}`).join("");
    return `<path d="${path}" stroke="${MARK_INKS[row % MARK_INKS.length]}" stroke-width="1.4"/>`;
  });
  return { body: rows.join(""), note: `${marks.length} operation${marks.length === 1 ? "" : "s"}` };
}

function drawSpans(spans: readonly Span[], inkOf: ReadonlyMap<string, string>, { y, height, seconds, x }: Frame): Drawn {
  const size = 12;
  const parts = spans
    .filter(({ fromS, toS }) => toS >= 0 && fromS <= seconds && toS >= fromS)
    .map(({ fromS, toS, label }) => {
      const from = x(Math.max(0, fromS));
      const width = Math.max(1.5, x(Math.min(seconds, toS)) - from);
      const box = rect(from, y + PADDING, width, height - 2 * PADDING, inkOf.get(label) ?? SPAN_INKS[0], ' stroke="#ffffff" stroke-width="1" rx="3"');
      const inside = textWidth(label, size) + 10 < width ? text(from + width / 2, y + height / 2 + 4, size, label, ' text-anchor="middle"') : "";
      return `<g><title>${escape(`${label}: ${fromS.toFixed(3)} s to ${toS.toFixed(3)} s`)}</title>${box}${inside}</g>`;
    });
  return { body: parts.join(""), note: "" };
}

/** Swatches with their names, wrapped to the width. */
function legend(entries: readonly (readonly [ink: string, name: string])[], top: number): { body: string; height: number } {
  const size = 12;
  let x = LEFT;
  let y = top;
  const parts = entries.map(([ink, name]) => {
    const width = 18 + textWidth(name, size) + 18;
    if (x > LEFT && x + width > RIGHT) {
      x = LEFT;
      y += 20;
    }
    const part = rect(x, y - 10, 12, 12, ink, ' rx="2"') + text(x + 18, y, size, name, ' fill="#334155"');
    x += width;
    return part;
  });
  return { body: parts.join(""), height: y - top };
}

function axis(seconds: number, x: Frame["x"], bottom: number): string {
  const step = TICK_STEPS_S.find((s) => seconds / s <= 16) ?? seconds / 10;
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  let marks = "";
  for (let i = 0; i * step <= seconds * (1 + 1e-9); i++) {
    const at = px(x(i * step));
    marks += `<path d="M${at} ${TOP - 6}V${bottom + 5}" stroke="#cbd5e1" stroke-width="1"/>`;
    marks += text(x(i * step), bottom + 20, 12, `${(i * step).toFixed(digits)} s`, ' text-anchor="middle" fill="#475569"');
  }
  return marks;
}

/** The picture as SVG text, 1200 pixels wide. */
export function renderTimeline({ title, seconds, lanes }: Timeline): string {
  if (!(seconds > 0 && Number.isFinite(seconds))) throw new RangeError(`a timeline of ${seconds} s`);
  const x = (atS: number): number => LEFT + (Math.min(seconds, Math.max(0, atS)) / seconds) * (RIGHT - LEFT);
  const labels = distinct(lanes.flatMap((lane) => (lane.kind === "spans" ? lane.spans.map(({ label }) => label) : [])));
  const inkOf = new Map(labels.map((label, i) => [label, SPAN_INKS[i % SPAN_INKS.length]]));
  for (const lane of lanes) {
    for (const span of lane.kind === "spans" ? lane.spans : []) if (span.colour !== undefined) inkOf.set(span.label, SPAN_TINTS[span.colour]);
  }
  const entries: (readonly [string, string])[] = [];
  let y = TOP;
  let bands = "";
  let content = "";
  for (const lane of lanes) {
    const height = lane.kind === "marks" ? Math.max(2, markKinds(lane.marks).length) * ROW + 2 * PADDING : HEIGHTS[lane.kind];
    const frame: Frame = { y, height, seconds, ink: INKS[lane.colour ?? "slate"], x };
    const { body, note } =
      lane.kind === "level"
        ? drawLevel(lane.edges, frame)
        : lane.kind === "wave"
          ? drawWave(lane.samples, lane.rateHz, lane.startS, frame)
          : lane.kind === "marks"
            ? drawMarks(lane.marks, frame)
            : drawSpans(lane.spans, inkOf, frame);
    if (lane.kind === "marks") {
      for (const [row, kind] of markKinds(lane.marks).entries()) {
        entries.push([MARK_INKS[row % MARK_INKS.length], `${kind} (${lane.marks.filter((mark) => mark.kind === kind).length})`]);
      }
    }
    bands += rect(LEFT, y, RIGHT - LEFT, height, "#f8fafc", ' stroke="#e2e8f0" stroke-width="1" rx="4"');
    const base = y + height / 2 + (note === "" ? 5 : -1);
    content += text(LEFT - 14, base, 13, shorten(lane.name, 22), ' text-anchor="end" font-weight="600"');
    if (note !== "") content += text(LEFT - 14, base + 14, 11, note, ' text-anchor="end" fill="#64748b"');
    content += body;
    y += height + GAP;
  }
  for (const label of labels) entries.push([inkOf.get(label)!, label]);
  const bottom = y - GAP;
  const key = legend(entries, bottom + 52);
  const hasWave = lanes.some(({ kind }) => kind === "wave");
  const noteY = bottom + 52 + (entries.length > 0 ? key.height + 24 : 0);
  const height = Math.ceil(noteY + (hasWave ? 20 : 0));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="'DejaVu Sans', Verdana, system-ui, sans-serif" fill="#0f172a" role="img">
<title>${escape(title)}</title>
${rect(0, 0, WIDTH, height, "#ffffff")}
${text(28, 38, 20, title, ' font-weight="700"')}
${bands}
${axis(seconds, x, bottom)}
${content}
${key.body}${hasWave ? text(LEFT, noteY, 11, WAVE_NOTE, ' fill="#64748b"') : ""}
</svg>
`;
}
