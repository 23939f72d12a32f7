// The report as one plain page: no script, nothing from elsewhere, and every word that came from a board or a spreadsheet shown
// as text.

import type { Report } from "./report.ts";

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.1rem;margin-top:2rem}.big{display:flex;flex-wrap:wrap;gap:1rem}.big div{border:1px solid #ccc;border-radius:.5rem;padding:.6rem 1rem;min-width:8rem}
.big b{display:block;font-size:1.6rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}td:last-child{overflow-wrap:anywhere}
td.n,th.n{text-align:right;white-space:nowrap}@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}.big div,th,td{border-color:#444}}`;

const escaped = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

type Cell = string | number;

function table(head: readonly string[], rows: readonly (readonly Cell[])[], empty: string): string {
  if (rows.length === 0) return `<p>${escaped(empty)}</p>`;
  const isNumber = head.map((_, i) => typeof rows[0]![i] === "number");
  const cell = (tag: string, value: Cell, i: number): string => `<${tag}${isNumber[i] ? ' class="n"' : ""}>${escaped(String(value))}</${tag}>`;
  return `<table><thead><tr>${head.map((name, i) => cell("th", name, i)).join("")}</tr></thead><tbody>${rows.map((row) => `<tr>${row.map((value, i) => cell("td", value, i)).join("")}</tr>`).join("\n")}</tbody></table>`;
}

const percent = (part: number, whole: number): string => (whole === 0 ? "-" : `${((100 * part) / whole).toFixed(1)}%`);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const time = (ms: number | null): string => (ms === null ? "-" : `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`);

export function reportPage(report: Report): string {
  const { verdicts, boards, passed, passedFirst } = report;
  const big = (value: string | number, name: string): string => `<div><b>${escaped(String(value))}</b>${escaped(name)}</div>`;
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
<div class="big">
${big(passed, `of ${boards} boards passed`)}
${big(percent(passed, boards), "yield")}
${big(percent(passedFirst, boards), "at the first run")}
${big(report.perHour.toFixed(1), "boards per hour")}
${big(report.serials, "serials given")}
</div>
<h2>Runs</h2>
${table(["verdict", "runs"], Object.entries(verdicts), "")}
<h2>Failures by cause</h2>
${table(["cause", "runs"], report.failures.map(({ cause, count }) => [cause, count]), "None.")}
<h2>Times</h2>
${table(["step", "times", "median", "95 of 100 within"], report.timing.map(({ step, count, medianMs, p95Ms }) => [step, count, seconds(medianMs), seconds(p95Ms)]), "No step has passed yet.")}
<h2>Images</h2>
${table(["board", "version", "runs", "manifest (SHA-256)"], report.images.map(({ board, version, runs, image }) => [board, version, runs, image]), "None.")}
<h2>Latest failures</h2>
${table(["run", "serial", "port", "cause", "what was seen"], report.latest.map(({ run, serial, port, cause, detail }) => [run, serial, port, cause, detail]), "None.")}
</body>
</html>
`;
}
