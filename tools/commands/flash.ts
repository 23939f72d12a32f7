// `pawlock flash`: what was built, onto one board or all of them.

import { watch } from "node:fs";
import { parseArgs } from "node:util";
import type { Board } from "../../boards/board.ts";
import { UserError } from "../errors.ts";
import { buildBundle } from "../build/build.ts";
import { boardNamed } from "./board-option.ts";
import { baudRateOf, boardPorts, choosePort } from "../flash/choose.ts";
import { builtInstallation } from "../flash/firmware.ts";
import { flashBoard, type FlashOptions } from "../flash/flash-one.ts";
import type { Installation } from "../flash/install.ts";
import { flashAll } from "../flash/many.ts";
import { agree, operatorAtTerminal } from "../flash/operator.ts";
import { openPort } from "../flash/serial-port.ts";
import { createTeller } from "../flash/tell.ts";

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
  --no-hold      test it without asking for a held paw, or what was seen
  --watch        build and flash, and again whenever the sources change (implies --dev and --no-hold)
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
  if (!values.watch) {
    await flashOnce(values, builtInstallation);
    return 0;
  }
  for (const nextChange = watchSources(); ; await nextChange()) {
    await flashOnce({ ...values, dev: true, "no-hold": true }, buildAnew).catch((error: unknown) => {
      if (!(error instanceof UserError)) throw error;
      console.error(`pawlock: ${error.what}\n  ${error.remedy}`);
    });
    console.error("waiting for a change ...");
  }
}

async function buildAnew(board: Board): Promise<Installation> {
  await buildBundle(board);
  return builtInstallation(board);
}

async function flashOnce(values: Values, installation: FlashOptions["installation"]): Promise<void> {
  const { path, boards } = await choosePort(values.port);
  const tell = createTeller(values.json === true);
  const operator = values["no-hold"] ? undefined : operatorAtTerminal();
  const done = await flashBoard({
    ...{ installation, candidates: boards, open: () => openPort(path, baudRateOf(boards)) },
    board: values.board === undefined ? undefined : boardNamed(values.board),
    isErasing: values.erase === true,
    isForced: values.force === true,
    isDev: values.dev === true,
    hasSelfTest: !values["no-selftest"],
    agree: (question) => agree(question, values.yes === true),
    ...(operator ? { operator } : {}),
    report: (step, share) => tell({ port: path, step, ...(share === undefined ? {} : { share }) }),
    tell: (selftest) => tell({ port: path, selftest }),
  });
  tell({ port: path, done });
}

/** From now on; gives what waits until something has changed since it was last waited for. */
function watchSources(): () => Promise<void> {
  let hasChanged = false;
  let tell: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const settled = (): void => {
    hasChanged = true;
    tell?.();
  };
  for (const folder of SOURCES) {
    watch(folder, { recursive: true }, () => {
      clearTimeout(timer);
      timer = setTimeout(settled, SETTLE_MS);
    });
  }
  return async () => {
    if (!hasChanged) await new Promise<void>((resolve) => (tell = resolve));
    hasChanged = false;
  };
}

function parse(args: string[]): Values {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UserError((error as Error).message.split(". To specify")[0]!, "pawlock flash --help lists the options.");
  }
}
