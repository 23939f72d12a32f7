// `pawlock provision`: the identities that a line hands out, from a table or by counting, and what became of them. Which board
// gets which is the ledger's to say, when the board is there.

import { parseArgs } from "node:util";
import { writeFileAtomic } from "../audio/wav-write.ts";
import { UserError } from "../errors.ts";
import { readBounded } from "./files.ts";
import { MOST_CSV_BYTES, exportCsv, parsePlan } from "./ledger-csv.ts";
import { Ledger } from "./ledger.ts";

const options = {
  ledger: { type: "string" },
  csv: { type: "string" },
  count: { type: "string" },
  name: { type: "string", default: "Pawlock" },
  colour: { type: "string", default: "brown" },
  export: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;

const HELP = `pawlock provision --ledger FILE [options]
  Fills the ledger with identities for the line to hand out, and says how many are given and left.
  --ledger FILE    the ledger; made when it is not there
  --csv FILE       adds the rows of a table with the columns serial, name, colour: all or none
  --count PREFIX   counts serials when no row is left: PREFIX-000001 and so on, with
  --name NAME      this device name (Pawlock) and
  --colour COLOUR  this colour (brown)
  --export FILE    writes every run with serial, verdict and cause as CSV; what looks like a formula goes out as text
  --json, --help

A serial belongs to one chip for ever: a board that comes back gets the one that it had. No key is made here: each toy makes its own.`;

export async function provision(args: string[]): Promise<number> {
  const values = parseOptions(args);
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.ledger === undefined) throw usage("provision needs --ledger");
  const rows = values.csv === undefined ? [] : parsePlan(readBounded(values.csv, "the table", MOST_CSV_BYTES).toString("utf8"));
  const ledger = new Ledger(values.ledger);
  try {
    ledger.plan(rows);
    if (values.count !== undefined) ledger.count(values.count, values.name, values.colour);
    if (values.export !== undefined) writeFileAtomic(values.export, exportCsv(ledger));
    const state = { command: "provision", ledger: values.ledger, imported: rows.length, given: ledger.units().length, left: ledger.planned().length, counting: ledger.prefix() ?? null };
    const counting = state.counting === null ? "no counting behind them" : `then counted as ${state.counting}-000001 and so on`;
    console.log(values.json ? JSON.stringify(state) : `${state.ledger}: ${state.imported} rows imported, ${state.given} serials given, ${state.left} left, ${counting}`);
    return 0;
  } finally {
    ledger.close();
  }
}

const usage = (what: string): UserError => new UserError(what, "See: pawlock provision --help");

function parseOptions(args: string[]) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw usage((error as Error).message.split(". To specify")[0]!);
  }
}
