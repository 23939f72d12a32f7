// `pawlock provision`: the identities that boards get, from a table or by counting; one board's own, written into it; and what
// became of them all. Which board gets which is the ledger's to say, when the board is there.

import { parseArgs } from "node:util";
import { writeFileAtomic } from "../audio/wav-write.ts";
import { boards } from "../../boards/index.ts";
import { boardNamed } from "../commands/board-option.ts";
import { UserError } from "../errors.ts";
import { baudRateOf } from "../flash/choose.ts";
import { openPort } from "../flash/serial-port.ts";
import { BoardFault } from "./board-port.ts";
import { printable, readBounded } from "./files.ts";
import { labelSheet } from "./labels.ts";
import { MOST_CSV_BYTES, exportCsv, parsePlan } from "./ledger-csv.ts";
import { Ledger } from "./ledger.ts";
import { provisionBoard } from "./provisioning.ts";
import { UsbBoard } from "./usb-board.ts";

const options = {
  ledger: { type: "string" },
  csv: { type: "string" },
  count: { type: "string" },
  name: { type: "string" },
  colour: { type: "string" },
  port: { type: "string" },
  board: { type: "string" },
  export: { type: "string" },
  labels: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;

const HELP = `pawlock provision --ledger FILE [options]
  Fills the ledger with identities for boards to get, gives one to a board, and says how many are given and left.
  --ledger FILE    the ledger; made when it is not there
  --csv FILE       adds the rows of a table with the columns serial, name, colour: all or none
  --count PREFIX   counts serials when no row is left: PREFIX-000001 and so on, with
  --name NAME      this device name (Pawlock) and
  --colour COLOUR  this colour (brown)
  --port PATH      gives the board at this port its identity, and reads it back. Its firmware is on it already, and it is not
                   sealed; pawlock line does this itself. Cut off, run it again: the board gets the same serial
  --board ID       which board that is (the product's)
  --export FILE    writes every run with serial, verdict and cause as CSV; what looks like a formula goes out as text
  --labels FILE    writes a sheet to print, with a label for each serial that was given: serial, bar code, name and colour
  --json, --help

A serial belongs to one chip for ever: a board that comes back gets the one that it had. No key is made here: each toy makes its own.`;

const REMEDIES: Partial<Record<BoardFault["kind"], string>> = {
  foreign: "Flash it with `pawlock flash --dev` first; name another kind of board with --board.",
  serial: "A board never gets a second serial: use the ledger that gave it the first, or begin anew with `pawlock flash --erase`.",
  garbled: "Begin anew with `pawlock flash --erase`; the board gets the serial that the ledger keeps for it.",
  damaged: "Begin anew with `pawlock flash --erase`; the board gets the serial that the ledger keeps for it. If it fails again, its flash is broken.",
};

export async function provision(args: string[]): Promise<number> {
  const values = parseOptions(args);
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.ledger === undefined) throw usage("provision needs --ledger");
  if (values.count === undefined && (values.name ?? values.colour) !== undefined) throw usage("--name and --colour belong to --count");
  const rows = values.csv === undefined ? [] : parsePlan(readBounded(values.csv, "the table", MOST_CSV_BYTES).toString("utf8"));
  const ledger = new Ledger(values.ledger);
  try {
    ledger.plan(rows);
    if (values.count !== undefined) ledger.count(values.count, values.name ?? "Pawlock", values.colour ?? "brown");
    const unit = values.port === undefined ? undefined : await give(values.port, values.board, ledger);
    if (values.export !== undefined) writeFileAtomic(values.export, exportCsv(ledger));
    if (values.labels !== undefined) writeFileAtomic(values.labels, labelSheet(ledger.units()));
    const state = { command: "provision", ledger: values.ledger, imported: rows.length, given: ledger.units().length, left: ledger.planned().length, counting: ledger.prefix() ?? null };
    if (values.json) console.log(JSON.stringify({ ...state, ...(unit ? { unit } : {}) }));
    else {
      if (unit) console.log(`${values.port}: chip ${unit.chip} ${unit.isNew ? "is now" : "was already"} ${unit.serial} (${unit.name}, ${unit.colour})`);
      const counting = state.counting === null ? "no counting behind them" : `then counted with the prefix ${state.counting}`;
      console.log(`${state.ledger}: ${state.imported} rows imported, ${state.given} serials given, ${state.left} left, ${counting}`);
    }
    return 0;
  } finally {
    ledger.close();
  }
}

async function give(path: string, id: string | undefined, ledger: Ledger): ReturnType<typeof provisionBoard> {
  const board = id === undefined ? boards.find(({ role }) => role === "product")! : boardNamed(id);
  const port = new UsbBoard({ path, usbId: undefined, open: () => openPort(path, baudRateOf([board])) }, board);
  try {
    return await provisionBoard(port, board.id, ledger, Date.now());
  } catch (error) {
    if (!(error instanceof BoardFault)) throw error;
    throw new UserError(`the board at ${printable(path, 60)} got no identity: ${printable(error.message, 300)}`, REMEDIES[error.kind] ?? "Unplug it, plug it in and run the command again: it gets the serial that the ledger keeps for it.");
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
