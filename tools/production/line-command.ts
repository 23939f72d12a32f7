// `pawlock line`: the station, and its report.

import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { writeFileAtomic } from "../audio/wav-write.ts";
import { boardNamed } from "../commands/board-option.ts";
import { UserError } from "../errors.ts";
import { limitsOf } from "../flash/verdict.ts";
import { claimStation } from "./claim.ts";
import { printable } from "./files.ts";
import { checkVersion, verifyImage } from "./image-verify.ts";
import { warnUnsigned } from "./image-command.ts";
import { Ledger } from "./ledger.ts";
import { readLimits } from "./limits.ts";
import { makeReport } from "./report.ts";
import { reportPage } from "./report-page.ts";
import { readPublicKey } from "./signing.ts";
import { Station } from "./station.ts";
import { usbBoards } from "./usb-board.ts";

const options = {
  image: { type: "string" },
  key: { type: "string" },
  ledger: { type: "string" },
  limits: { type: "string" },
  station: { type: "string" },
  board: { type: "string" },
  "allow-unsigned": { type: "boolean" },
  html: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];

const HELP = `pawlock line --image FOLDER --key FILE.pub --ledger FILE --limits FILE [options]   runs a station
pawlock line limits --board ID                                                     limits to begin with, for --limits
pawlock line report --ledger FILE [--html FILE] [--json]                           yield, times, failures by cause

Station:
  --image FOLDER     what to load; see pawlock image
  --key FILE.pub     whose signature counts
  --ledger FILE      where every step of every unit is kept; fill it with pawlock provision
  --limits FILE      limits of the self-test, by item: a board passes when every item of the file was measured and lies within
  --station NAME     this station's name in the ledger (the computer's)
  --allow-unsigned   takes an unsigned development image: boards get no serial and no seal
Report:
  --html FILE        writes one plain page
Both:
  --json             one line of JSON for each step and verdict; the report as JSON
  --help

The station takes each board that is plugged in, as many at once as there are ports: writes and reads back, gives it its serial, tests it
(hold the paw when the heart lights), seals it and checks that no prompt answers. Unplug it at PASSED or FAILED. Ctrl-C ends the station
when the boards at work are finished, a second one at once. However it was stopped: started again it goes on where it was.`;

export async function line(args: string[]): Promise<number> {
  const { values, positionals } = parseOptions(args);
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (positionals.length === 0) return station(values);
  if (positionals.length === 1 && positionals[0] === "limits") return limits(values);
  if (positionals.length === 1 && positionals[0] === "report") return report(values);
  throw usage(`line does not understand ${JSON.stringify(positionals.join(" "))}`);
}

const usage = (what: string): UserError => new UserError(what, "See: pawlock line --help");

function parseOptions(args: string[]) {
  try {
    return parseArgs({ args, allowPositionals: true, options });
  } catch (error) {
    throw usage((error as Error).message.split(". To specify")[0]!);
  }
}

async function station(values: Values): Promise<number> {
  const { image: folder, ledger: path, limits } = values;
  if (folder === undefined || path === undefined || limits === undefined) throw usage("a station needs --image, --ledger and --limits");
  const policy = { ...(values.key === undefined ? {} : { key: readPublicKey(values.key) }), allowUnsigned: values["allow-unsigned"] === true };
  const image = verifyImage(folder, policy);
  warnUnsigned(image, folder);
  const name = values.station ?? hostname();
  const ledger = new Ledger(path);
  const close = [() => ledger.close()];
  try {
    close.push(claimStation(path, name));
    // No board of this line ever gets an older firmware than one before it.
    checkVersion(image.manifest, { minimumVersion: ledger.newestVersion(image.board.id) });
    const counts = { passed: 0, failed: 0, bench: 0, interrupted: 0 };
    const say = (port: string, text: string): void => console.log(values.json ? JSON.stringify({ at: Date.now(), port, text }) : `${new Date().toTimeString().slice(0, 8)}  ${printable(port, 30).padEnd(16)} ${text}`);
    const stop = new AbortController();
    // The second time the signal does what it does to any program.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => {
      say("station", "takes no more boards and finishes those at work; Ctrl-C again stops at once");
      stop.abort();
    });
    say("station", `${image.manifest.board}, firmware ${image.manifest.firmware}, build ${image.manifest.buildId}: plug in boards; Ctrl-C ends`);
    await new Station({
      ...{ ledger, image, say, limits: readLimits(limits), now: () => Date.now(), chips: new Set<string>(), ports: usbBoards(image.board) },
      name,
      finished: (outcome, port) => {
        counts[outcome.verdict]++;
        if (values.json) console.log(JSON.stringify({ at: Date.now(), port, ...outcome }));
      },
    }).run(stop.signal);
    say("station", `ended: ${counts.passed} passed, ${counts.failed} failed${counts.bench > 0 ? `, ${counts.bench} with a development image` : ""}`);
    return 0;
  } finally {
    for (const end of close) end();
  }
}

function limits({ board }: Values): number {
  if (board === undefined) throw usage("limits need --board");
  // What somebody must have seen is not asked at a line.
  const items = [...limitsOf(boardNamed(board))].filter(([item]) => item !== "light");
  console.log(JSON.stringify(Object.fromEntries(items), null, 2));
  return 0;
}

function report({ ledger: path, html, json }: Values): number {
  if (path === undefined) throw usage("a report needs --ledger");
  if (!existsSync(path)) throw new UserError(`there is no ledger ${path}`, "Name the file that the station writes.");
  const ledger = new Ledger(path);
  try {
    const made = makeReport(ledger);
    if (html !== undefined) writeFileAtomic(html, reportPage(made));
    if (json) console.log(JSON.stringify(made, null, 2));
    else {
      console.log(`${made.passed} of ${made.boards} boards passed, ${made.passedFirst} at their first run; ${made.perHour.toFixed(1)} boards per hour`);
      for (const { cause, count } of made.failures) console.log(`${String(count).padStart(6)}  ${cause}`);
      for (const { step, medianMs, p95Ms } of made.timing) console.log(`${step.padEnd(10)} ${(medianMs / 1000).toFixed(1)} s, 95 of 100 within ${(p95Ms / 1000).toFixed(1)} s`);
    }
    return 0;
  } finally {
    ledger.close();
  }
}
