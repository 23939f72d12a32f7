// `pawlock flash`: what was built, onto one board or all of them.

import { watch } from "node:fs";
import { parseArgs } from "node:util";
import { UserError } from "../errors.ts";
import { buildBundle } from "../build/build.ts";
import { boardNamed } from "./board-option.ts";
import { agree, baudRateOf, boardPorts, choosePort } from "../flash/choose.ts";
import { builtInstallation } from "../flash/firmware.ts";
import { flashBoard, type Flashed, type FlashOptions } from "../flash/flash-one.ts";
import { flashAll } from "../flash/many.ts";
import { openPort } from "../flash/serial-port.ts";

const HELP = `pawlock flash [options]
  Writes what \`npm run build\` made to a board over USB, reads it back, reboots, tests the board, and seals a product.
  --port PATH    the board at this port; otherwise the only one that is plugged in
  --board ID     which board it must be; otherwise it says so itself
  --all          all boards that are plugged in, at once
  --dev          leave the console open
  --erase        begin with a blank board, whatever stands on it
  --yes          agree to what is lost or closed for good
  --force        write to another board or an older Espruino all the same
  --no-selftest  do not test it
  --no-hold      test it without asking for a held paw
  --watch        build and flash again whenever the sources change (implies --dev)
  --json         one JSON object a line
  --help         this
  An interrupted flash is finished by running it again. Exits with 1 when any board failed.`;

const options = {
  port: { type: "string" },
  board: { type: "string" },
  all: { type: "boolean" },
  dev: { type: "boolean" },
  erase: { type: "boolean" },
  yes: { type: "boolean" },
  force: { type: "boolean" },
  "no-selftest": { type: "boolean" },
  "no-hold": { type: "boolean" },
  watch: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;

/** A pause after the last change of a file. */
const SETTLE_MS = 300;
const SOURCES = ["boards", "firmware", "hal"];

type Values = ReturnType<typeof parseArgs<{ args: string[]; options: typeof options }>>["values"];

export async function flash(args: string[]): Promise<number> {
  const values = parse(args);
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.all && (values.port !== undefined || values.watch)) throw new UserError("--all goes with neither --port nor --watch", "Leave one of them out.");
  if (values.all) return flashAll(await boardPorts(), args.filter((arg) => arg !== "--all" && arg !== "--json"), values.json === true);
  if (!values.watch) return flashOnce(values);
  for (;;) {
    await flashOnce({ ...values, dev: true }).catch((error: unknown) => {
      if (!(error instanceof UserError)) throw error;
      console.error(`pawlock: ${error.what}\n  ${error.remedy}`);
    });
    console.error("waiting for a change ...");
    await nextChange();
    if (values.board !== undefined) await buildBundle(boardNamed(values.board));
    else console.error("no --board was named: flashing what `npm run build` made last");
  }
}

async function flashOnce(values: Values): Promise<number> {
  const port = await choosePort(values.port);
  const say = (line: object | string): void => console.log(typeof line === "string" ? line : JSON.stringify(line));
  let told = -1;
  const report = (step: string, share?: number): void => {
    if (values.json) return say({ port: port.path, step, ...(share === undefined ? {} : { share }) });
    const tenth = share === undefined ? -1 : Math.floor(share * 10);
    if (share === undefined) say(`${port.path}  ${step}`);
    else if (tenth > told) say(`${port.path}  ${step} ${tenth * 10}%`);
    told = tenth;
  };
  const done = await flashBoard({ ...optionsOf(values, port.boards), report, open: () => openPort(port.path, baudRateOf(port.boards)) });
  if (values.json) say({ port: port.path, done });
  else say(`${port.path}  done: ${summary(done)}`);
  return 0;
}

function optionsOf(values: Values, candidates: FlashOptions["candidates"]): Omit<FlashOptions, "open" | "report"> {
  const canAsk = process.stdin.isTTY && !values["no-hold"];
  return {
    board: values.board === undefined ? undefined : boardNamed(values.board),
    candidates,
    installation: builtInstallation,
    isErasing: values.erase === true,
    isForced: values.force === true,
    isDev: values.dev === true,
    hasSelfTest: !values["no-selftest"],
    agree: (question) => agree(question, values.yes === true),
    ...(canAsk ? { askToHold: () => console.error("Hold the paw for three seconds, now.") } : {}),
  };
}

export function summary({ board, plan, isSealed, measured }: Flashed): string {
  const what = plan.kind === "first" ? "first installation" : `update ${plan.version}`;
  return `${board}, ${what}, ${measured.length === 0 ? "not tested" : `${measured.length} items tested`}, ${isSealed ? "sealed" : "console open"}`;
}

function nextChange(): Promise<void> {
  return new Promise((resolve) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const watchers = SOURCES.map((folder) =>
      watch(folder, { recursive: true }, () => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          for (const watcher of watchers) watcher.close();
          resolve();
        }, SETTLE_MS);
      }),
    );
  });
}

function parse(args: string[]): Values {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UserError((error as Error).message.split(". To specify")[0]!, "pawlock flash --help lists the options.");
  }
}
