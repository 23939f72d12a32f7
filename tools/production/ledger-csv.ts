// Tables that people keep in spreadsheets: identities in, the ledger out. What a spreadsheet would take for a formula never gets
// in, and goes out as text.

import Papa from "papaparse";
import { UserError } from "../errors.ts";
import { printable } from "./files.ts";
import { checkIdentity, type Identity } from "./identity.ts";
import type { Ledger } from "./ledger.ts";

const COLUMNS = ["serial", "name", "colour"] as const;
export const MOST_CSV_BYTES = 16 * 1024 * 1024;
/** A few seconds' work. */
const MOST_ROWS = 100000;

/** Identities of a CSV file with the columns serial, name, colour. */
export function parsePlan(text: string): Identity[] {
  const { data, errors, meta } = Papa.parse<Record<string, string>>(text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n"), {
    header: true,
    skipEmptyLines: "greedy",
    newline: "\n",
    delimiter: "",
    delimitersToGuess: [",", ";", "\t"],
  });
  const columns = meta.fields ?? [];
  if (columns.length !== COLUMNS.length || !COLUMNS.every((name) => columns.includes(name))) {
    throw new UserError(`the CSV has the columns ${printable(columns.join(", "), 60) || "none"}`, `It needs ${COLUMNS.join(", ")} in its first line, and no others.`);
  }
  // One column only: nothing to guess a delimiter from.
  const [error] = errors.filter(({ code }) => code !== "UndetectableDelimiter");
  if (error) throw new UserError(`row ${(error.row ?? 0) + 1} of the CSV: ${printable(error.message)}`, "Mend the row; nothing was imported.");
  if (data.length > MOST_ROWS) throw new UserError(`the CSV has ${data.length} rows`, `Import at most ${MOST_ROWS} at once.`);
  const seen = new Map<string, number>();
  return data.map((row, i) => {
    const identity = checkIdentity(row, `row ${i + 1} of the CSV`);
    const before = seen.get(identity.serial);
    if (before !== undefined) throw new UserError(`row ${i + 1} of the CSV has the serial of row ${before}: ${identity.serial}`, "Every serial is given once; nothing was imported.");
    seen.set(identity.serial, i + 1);
    return identity;
  });
}

/** Every run with what became of it, oldest first; then the boards that got their serial without one. */
export function exportCsv(ledger: Ledger): string {
  const units = new Map(ledger.units().map((unit) => [unit.serial, unit]));
  const time = (ms: number | null): string => (ms === null ? "" : new Date(ms).toISOString());
  const rows = ledger.runs().map((run) => ({
    run: run.id,
    serial: run.serial ?? "",
    name: units.get(run.serial ?? "")?.name ?? "",
    colour: units.get(run.serial ?? "")?.colour ?? "",
    chip: run.chip ?? "",
    verdict: run.verdict ?? "",
    cause: run.cause ?? "",
    board: run.board,
    version: run.version,
    image: run.image,
    station: run.station,
    port: run.port,
    started: time(run.started_at),
    ended: time(run.ended_at),
  }));
  const inRuns = new Set(rows.map(({ serial }) => serial));
  const others = ledger.units().filter(({ serial }) => !inRuns.has(serial)).map(({ serial, name, colour, chip }) => ({ serial, name, colour, chip }));
  const columns = ["run", "serial", "name", "colour", "chip", "verdict", "cause", "board", "version", "image", "station", "port", "started", "ended"];
  // Without rows it ends the line itself.
  return `${Papa.unparse({ fields: columns, data: [...rows, ...others] }, { escapeFormulae: true, newline: "\n" }).trimEnd()}\n`;
}
