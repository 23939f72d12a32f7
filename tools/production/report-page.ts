// The report as one plain page: no script, nothing from elsewhere, and every word that came from a board or a spreadsheet shown
// as text.

import type { FaultKind } from "./board-port.ts";
import type { Report } from "./report.ts";

const STYLE = `:root{color-scheme:light dark;--line:#d5d8dc;--soft:#6b7280;--good:#2f855a;--later:#b7791f;--bad:#c05621;--time:#2b6cb0}
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:2.2rem 0 .4rem}p{margin:.2rem 0 .8rem;color:var(--soft)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.8rem;margin:1.2rem 0}
.tiles div{border:1px solid var(--line);border-radius:.6rem;padding:.6rem .9rem;color:var(--soft)}.tiles b{display:block;font-size:1.7rem;line-height:1.3;color:CanvasText}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}th{font-weight:600;color:var(--soft)}
td:last-child{width:45%;overflow-wrap:anywhere}.n{text-align:right;font-variant-numeric:tabular-nums;padding-right:1.2rem}.n,.s{white-space:nowrap}
.bar{display:flex;height:1rem;margin:.25rem 0;border-radius:.25rem;overflow:hidden}.whole{height:1.6rem;background:var(--line)}.bar i{display:block}
.good{background:var(--good)}.later{background:var(--later)}.bad{background:var(--bad)}.time{background:var(--time)}.rest{background:var(--time);opacity:.35}
.key i{display:inline-block;width:.8rem;height:.8rem;border-radius:.2rem;margin:0 .35rem 0 1rem}.key i:first-child{margin-left:0}
@media print{body{margin:0;max-width:none}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}`;

/** What went wrong, for who has not read the program. */
const MEANINGS: Readonly<Record<FaultKind, string>> = {
  vanished: "the port went away: cable, socket or power",
  silent: "no prompt answered: no Espruino, sealed already, or a bad cable",
  timeout: "it took longer than any good board",
  foreign: "another kind of board, or another Espruino than the image's",
  damaged: "flash does not read back as it was written",
  garbled: "its answers make no sense",
  refused: "it would not do what was asked, or no serial was left",
  limits: "a measurement lies outside the limits",
  serial: "it bears a serial, or a chip's number, that is not its own",
  open: "its console still answers though it is sealed",
  error: "an error of its interpreter",
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Columns of figures with their units. */
const FIGURES = ["median", "95 of 100 within", "of all failures"];

/** A cell: text, a number, or bars. */
type Cell = string | number | { readonly html: string };

function table(head: readonly string[], rows: readonly (readonly Cell[])[], empty: string): string {
  if (rows.length === 0) return `<p>${escaped(empty)}</p>`;
  const isNumber = head.map((name, i) => typeof rows[0]![i] === "number" || FIGURES.includes(name));
  const kind = (i: number): string => (isNumber[i] ? ' class="n"' : i < head.length - 1 ? ' class="s"' : "");
  const content = (value: Cell): string => (typeof value === "object" ? value.html : escaped(String(value)));
  const line = (tag: string, cells: readonly Cell[]): string => `<tr>${cells.map((value, i) => `<${tag}${kind(i)}>${content(value)}</${tag}>`).join("")}</tr>`;
  return `<table><thead>${line("th", head)}</thead><tbody>${rows.map((row) => line("td", row)).join("\n")}</tbody></table>`;
}

/** Parts of a whole beside each other, with classes for their colours. */
function bar(whole: number, parts: readonly (readonly [kind: string, size: number])[], kind = "bar"): string {
  const width = (size: number): string => ((100 * size) / Math.max(whole, 1)).toFixed(2);
  return `<div class="${kind}">${parts.map(([name, size]) => `<i class="${name}" style="width:${width(size)}%"></i>`).join("")}</div>`;
}

const percent = (part: number, whole: number): string => (whole === 0 ? "-" : `${((100 * part) / whole).toFixed(1)}%`);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const time = (ms: number | null): string => (ms === null ? "-" : `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`);

export function reportPage(report: Report): string {
  const { verdicts, boards, passed, passedFirst } = report;
  const tile = (value: string | number, name: string): string => `<div><b>${escaped(String(value))}</b>${escaped(name)}</div>`;
  const key = (kind: string, name: string): string => `<i class="${kind}"></i>${escaped(name)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Pawlock line report</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Pawlock line report</h1>
<p>${escaped(time(report.fromMs))} to ${escaped(time(report.toMs))}</p>
<div class="tiles">
${tile(percent(passed, boards), "yield")}
${tile(passed, `of ${boards} boards passed`)}
${tile(percent(passedFirst, boards), "passed at their first run")}
${tile(report.perHour.toFixed(1), "passed boards per hour")}
${tile(report.serials, "serials given")}
</div>
<h2>Boards</h2>
${bar(boards, [["good", passedFirst], ["later", passed - passedFirst], ["bad", boards - passed]], "bar whole")}
<p class="key">${key("good", `${passedFirst} passed at their first run`)}${key("later", `${passed - passedFirst} passed later`)}${key("bad", `${boards - passed} not passed`)}</p>
<p>In ${report.runs} runs: ${verdicts.passed} passed, ${verdicts.failed} failed, ${verdicts.interrupted} interrupted with their station, ${verdicts.bench} of development images, ${verdicts.open} still open. A board is one chip, however often it comes; a run that ended before its chip was known counts as a board of its own.</p>
<h2>Failures by cause</h2>
${table(["cause", "runs", "of all failures", ""], report.failures.map(({ cause, count }) => [cause, count, percent(count, verdicts.failed), { html: bar(report.failures[0]!.count, [["bad", count]]) + escaped(meaningOf(cause)) }]), "None.")}
<h2>Times</h2>
${timesOf(report)}
<h2>Images</h2>
${table(["board", "version", "runs", "manifest (SHA-256)"], report.images.map(({ board, version, runs, image }) => [board, version, runs, image]), "None.")}
<h2>Latest failures</h2>
${table(["run", "serial", "port", "cause", "what was seen"], report.latest.map(({ run, serial, port, cause, detail }) => [run, serial || "none yet", port, cause, detail]), "None.")}
</body>
</html>
`;
}

/** By the kind of fault behind the step. */
function meaningOf(cause: string): string {
  const kind = cause.slice(cause.indexOf(": ") + 2);
  return MEANINGS[kind as FaultKind] ?? (kind === "ledger" ? "the ledger could not be written" : "");
}

function timesOf({ timing }: Report): string {
  const longest = timing.reduce((most, { p95Ms }) => Math.max(most, p95Ms), 0);
  const rows = timing.map(({ step, count, medianMs, p95Ms }): Cell[] => [
    step === "unit" ? "whole unit" : step,
    count,
    seconds(medianMs),
    seconds(p95Ms),
    { html: bar(longest, [["time", medianMs], ["rest", p95Ms - medianMs]]) },
  ]);
  return table(["step", "times", "median", "95 of 100 within", ""], rows, "No step has passed yet.");
}
