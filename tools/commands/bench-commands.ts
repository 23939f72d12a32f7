// `pawlock ports`, `monitor` and `doctor`: looking at boards without writing to them.

import { parseArgs } from "node:util";
import { UserError } from "../errors.ts";
import { baudRateOf, choosePort } from "../flash/choose.ts";
import { diagnose } from "../flash/doctor.ts";
import { createLine } from "../flash/serial-layer.ts";
import { listPorts, openPort, type FoundPort } from "../flash/serial-port.ts";
import { printable } from "../production/files.ts";

const options = { port: { type: "string" }, json: { type: "boolean" }, help: { type: "boolean" } } as const;

function parse(args: string[], command: string): ReturnType<typeof parseArgs<{ args: string[]; options: typeof options }>>["values"] {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UserError((error as Error).message.split(". To specify")[0]!, `pawlock ${command} --help lists the options.`);
  }
}

const idText = ({ usb }: FoundPort): string => (usb ? `${usb.vendorId.toString(16).padStart(4, "0")}:${usb.productId.toString(16).padStart(4, "0")}` : "-");

export async function ports(args: string[]): Promise<number> {
  const values = parse(args, "ports");
  if (values.help) {
    console.log("pawlock ports [--json]\n  Lists serial ports on USB, and which boards may be there.");
    return 0;
  }
  const found = await listPorts();
  if (values.json) {
    console.log(JSON.stringify(found.map(({ boards, ...port }) => ({ ...port, boards: boards.map(({ id }) => id) })), null, 2));
    return 0;
  }
  if (found.length === 0) console.log("no serial port on USB; `pawlock doctor` helps");
  for (const port of found) {
    const who = port.boards.length === 0 ? (port.manufacturer ?? "unknown") : port.boards.map(({ title }) => title).join(" or ");
    console.log(`${port.path}  ${idText(port)}  ${who}${port.isBootLoader ? ", in its boot loader" : ""}`);
  }
  return 0;
}

/** Until Ctrl-C: what the board prints, made safe for the terminal. */
export async function monitor(args: string[]): Promise<number> {
  const values = parse(args, "monitor");
  if (values.help) {
    console.log("pawlock monitor [--port PATH]\n  Shows the console of a board until Ctrl-C; what is typed goes to the board, a line at a time.");
    return 0;
  }
  const port = await choosePort(values.port);
  const line = createLine(await openPort(port.path, baudRateOf(port.boards)), 64);
  line.onText = (text) => process.stdout.write(text.split("\n").map((part) => printable(part.replaceAll("\r", ""), 4096)).join("\n"));
  const isClosed = new Promise<void>((resolve) => {
    line.onClose = resolve;
    process.once("SIGINT", resolve);
  });
  process.stdin.on("data", (text) => void line.write(text.toString("latin1")));
  await isClosed;
  process.stdin.destroy();
  await line.close();
  return 0;
}

export async function doctor(args: string[]): Promise<number> {
  const values = parse(args, "doctor");
  if (values.help) {
    console.log("pawlock doctor [--json]\n  Says what may keep this computer from a board: drivers, permissions, busy ports, cables. Exits with 1 when something does.");
    return 0;
  }
  const findings = await diagnose();
  if (values.json) console.log(JSON.stringify(findings, null, 2));
  else for (const { isGood, what, remedy } of findings) console.log(`${isGood ? "ok   " : "LOOK "} ${what}${remedy === undefined ? "" : `\n        ${remedy}`}`);
  return findings.every(({ isGood }) => isGood) ? 0 : 1;
}
