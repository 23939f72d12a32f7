// `pawlock selftest`: the self-test alone.

import { parseArgs } from "node:util";
import { findBoard } from "../../boards/index.ts";
import { UserError } from "../errors.ts";
import { readIdentity } from "../flash/board-state.ts";
import { baudRateOf, choosePort } from "../flash/choose.ts";
import { operatorAtTerminal } from "../flash/operator.ts";
import { runSelfTest } from "../flash/self-test.ts";
import { openPort } from "../flash/serial-port.ts";
import { Session } from "../flash/session.ts";
import { failures, judge, verdictLines } from "../flash/verdict.ts";

const options = { port: { type: "string" }, "no-hold": { type: "boolean" }, json: { type: "boolean" }, help: { type: "boolean" } } as const;

export async function selftest(args: string[]): Promise<number> {
  const values = parse(args);
  if (values.help) {
    console.log("pawlock selftest [--port PATH] [--no-hold] [--json]\n  Measures a flashed board that is not sealed: each item, its value and its limits. Exits with 1 when one fails.\n  Asks for a held paw (paw, microphone, silence, loopback) and what was seen (light); without a terminal those are not judged.\n  --no-hold  does not ask");
    return 0;
  }
  const port = await choosePort(values.port);
  const session = new Session({ open: () => openPort(port.path, baudRateOf(port.boards)), board: port.boards[0] ?? findBoard("XIAOBLE")!, report: () => undefined });
  await session.connect();
  try {
    const identity = await readIdentity(session.console);
    const board = findBoard(identity.board);
    if (!board) throw new UserError(`this is ${identity.board}: there is no firmware for it`, "Boards are listed in boards/README.md.");
    const operator = values["no-hold"] ? undefined : operatorAtTerminal();
    const verdicts = judge(board, await runSelfTest({ console: session.console, board, ...(operator ? { operator } : {}) }));
    if (values.json) console.log(JSON.stringify({ board: board.id, verdicts }, null, 2));
    else console.log(verdictLines(verdicts).join("\n"));
    return failures(verdicts).length === 0 ? 0 : 1;
  } finally {
    await session.close();
  }
}

function parse(args: string[]): ReturnType<typeof parseArgs<{ args: string[]; options: typeof options }>>["values"] {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UserError((error as Error).message.split(". To specify")[0]!, "pawlock selftest --help lists the options.");
  }
}
