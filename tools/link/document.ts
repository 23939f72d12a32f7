// Writes firmware/link/PROTOCOL.md, for those who write a phone app: everything from protocol.ts and the tables beside this file.
// `--check` compares instead and fails when they differ.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as protocol from "../../firmware/link/protocol.ts";
import { UserError } from "../errors.ts";
import { codes } from "./codes.ts";
import { examples } from "./examples.ts";
import { events, frameBytes, frames, settings, type Field, type Frame, type Named } from "./frames.ts";
import { CHARTS, CONNECTING, FINDING, SECURITY, TRANSFERS, VOICE, title } from "./text.ts";

const COMMAND = "node --import tsx tools/link/document.ts";

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n");
const range = (bytes: Field["bytes"]): string => (typeof bytes === "number" ? String(bytes) : bytes[0] === bytes[1] ? String(bytes[0]) : `${bytes[0]} to ${bytes[1]}`);
const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
const short = (uuid: number): string => `0x${uuid.toString(16).toUpperCase()}`;

function gatt(): string {
  return table(
    ["service", "characteristic", "properties", "security", "value"],
    [
      [`Device Information ${short(protocol.DEVICE_INFORMATION)}`, `Manufacturer Name ${short(protocol.MANUFACTURER_NAME)}`, "read", "Mode 1 Level 4", `"${protocol.MANUFACTURER_TEXT}", on every toy`],
      ["", `Model Number ${short(protocol.MODEL_NUMBER)}`, "read", "Mode 1 Level 4", `"${protocol.MODEL_TEXT}", on every toy`],
      [`Battery ${short(protocol.BATTERY_SERVICE)}`, `Battery Level ${short(protocol.BATTERY_LEVEL)}`, "read", "Mode 1 Level 4", "percent, one byte"],
      [`Pawlock Voice \`${protocol.VOICE_SERVICE}\``, `Request \`${protocol.REQUEST}\``, "write, write without response", "Mode 1 Level 4", "one request"],
      ["", `Answer \`${protocol.ANSWER}\``, "notify", "the toy itself: only to an accepted phone on an encrypted, authenticated connection", "one answer, or one piece of voice"],
    ],
  );
}

function layout(fields: readonly Field[]): string {
  let at: number | undefined = 0;
  const rows = fields.map((field) => {
    const row = [at === undefined ? "" : String(at), range(field.bytes), field.name, field.about];
    at = at === undefined || typeof field.bytes !== "number" ? undefined : at + field.bytes;
    return row;
  });
  return table(["offset", "bytes", "field", "holds"], rows);
}

const opcode = ({ op }: Frame): Field => ({ name: "opcode", bytes: 1, about: String(op) });
const TAG: Field = { name: "tag", bytes: 1, about: "any; another one than the request before" };
const SAME_TAG: Field = { name: "tag", bytes: 1, about: "that of the request" };
const CODE: Field = { name: "code", bytes: 1, about: "0; any other code ends the answer here" };

function section(frame: Frame): string {
  const [least, most] = frameBytes(frame);
  const direction = frame.op === protocol.OP_GRANT ? "From the toy" : frame.op === protocol.OP_DATA ? "Both directions" : "From the phone";
  const parts = [
    `### ${frame.name} (${frame.op})`,
    frame.about,
    `${direction}, ${range([least, most])} bytes${frame.isChange ? "; a change: answered with STATE until the child has finished" : ""}.`,
    layout([opcode(frame), ...(frame.hasTag ? [TAG] : []), ...frame.fields]),
  ];
  if (frame.answer) parts.push("Answer:", layout([opcode(frame), SAME_TAG, CODE, ...frame.answer]));
  if (frame.notes.length > 0) parts.push(frame.notes.map((note) => `- ${note}`).join("\n"));
  return parts.join("\n\n");
}

const named = (what: string, rows: readonly Named[]): string => table([what, "name", "meaning"], rows.map(({ name, value, about }) => [String(value), name, about]));

function exampleTable(): string {
  return table(["what", "written to Request", "notified by Answer"], examples().map(({ what, written, answer }) => [what, `\`${hexOf(written)}\``, answer ? `\`${hexOf(answer)}\`` : "DATA frames"]));
}

/** The whole document. */
export function protocolDocument(): string {
  return (
    [
      title(COMMAND),
      FINDING,
      "## The GATT table",
      gatt(),
      `The table never changes: the toy's stack has no Service Changed, and phones keep what they once found. What changes later changes inside the protocol, by the version in HELLO. Other characteristics that a phone may find (Generic Access) belong to the stack and say nothing about the toy.`,
      SECURITY,
      CONNECTING,
      "## Requests and answers",
      [
        "A write to Request is one frame; a notification from Answer is one frame. Numbers are little-endian. A frame begins with an opcode, then a tag. The answer repeats both and adds a code.",
        `- A phone asks one thing at a time: it waits for the answer, repeats the request **with the same tag** after a second without one, and gives up after six repetitions. A request that comes again with its tag is answered again and not done again, so a lost answer costs nothing.`,
        "- Write requests with response: the system then repairs security by itself, and the write is known to have arrived. Write PULL and DATA without response.",
        "- Notifications may be lost without a word: the toy has room for one a connection interval. Nothing here relies on any single one.",
        "- A request of the wrong length gets LENGTH, an unknown opcode gets OPCODE; the connection goes on.",
      ].join("\n"),
      ...frames.map(section),
      "## Codes",
      named("code", codes),
      "## Settings",
      named("key", settings),
      "## Events of the security log",
      named("event", events),
      TRANSFERS,
      VOICE,
      "## Limits",
      limits(),
      CHARTS,
      "## Examples",
      "Bytes in hexadecimal, as the client in `companion/` writes them.",
      exampleTable(),
    ].join("\n\n") + "\n"
  );
}

function limits(): string {
  return table(
    ["what", "limit"],
    [
      ["MTU", `${protocol.LEAST_MTU} to ${protocol.MOST_MTU}; more is taken for ${protocol.MOST_MTU}`],
      ["frame", `${protocol.LEAST_FRAME_BYTES} to ${protocol.MOST_FRAME_BYTES} bytes: MTU less ${protocol.ATT_HEADER_BYTES}`],
      ["every request and answer but PULL, SET, RENAME and DATA", `fits ${protocol.LEAST_FRAME_BYTES} bytes: it works at the smallest MTU; those fit as well when they are no longer`],
      ["accepted phones", `${protocol.MOST_PHONES}`],
      ["phones connected at a time", "1"],
      ["message", "40 s: 320000 samples, 160 blocks of 1004 bytes"],
      ["transfers at a time", "1"],
      ["ranges that wait", `${protocol.MOST_RANGES}`],
      ["frames of voice beyond the grant", `${protocol.CREDIT}`],
      ["changes", "20 at once, then one in three minutes: SEND of a new message, SET, RENAME, REVOKE"],
      ["writes", `${protocol.ROOM} of which nothing comes, no answer and no grant, then four a second; others are not heard, and when they go on the radio sleeps for a while`],
      ["name", `${protocol.NAME_BYTES} bytes of UTF-8`],
    ],
  );
}

const PATH = new URL("../../firmware/link/PROTOCOL.md", import.meta.url);

function main(args: readonly string[]): void {
  const text = protocolDocument();
  if (!args.includes("--check")) writeFileSync(fileURLToPath(PATH), text);
  else if (readFileSync(fileURLToPath(PATH), "utf8") !== text) throw new UserError("firmware/link/PROTOCOL.md differs from the protocol.", `Run: ${COMMAND}`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`${error.what}\n  ${error.remedy}`);
    process.exitCode = 1;
  }
}
