// Writes boards/README.md from the boards' data: wiring, memory and limits of each. `--check` compares instead and fails
// when they differ. The text of the README lives here or in the board files, never in the README alone.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Board, MessageMemory, Pin } from "../boards/board.ts";
import { messageMemory, slotRuns } from "../boards/flash-map.ts";
import { boards } from "../boards/index.ts";
import { UserError } from "./errors.ts";

const COMMAND = "node --import tsx tools/boards-readme.ts";

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n");

const hex = (value: number, digits: number): string => `0x${value.toString(16).padStart(digits, "0")}`;

const port = (nrf: number): string => `P${nrf >> 5}.${String(nrf & 31).padStart(2, "0")}`;

const pin = (value: Pin): string => `${value.espruino} (${port(value.nrf)})`;

const volts = (value: number): string => `${Number(value.toFixed(3))} V`;

const gainText = (gain: number): string => (gain < 1 ? `1/${Math.round(1 / gain)}` : String(gain));

function messageText(messages: MessageMemory, pageBytes: number): string {
  if (messages.kind === "ram") return `${messages.seconds} s in RAM`;
  return `${messages.pages} pages (${(messages.pages * pageBytes) / 1024} KB) of flash from ${hex(messages.base, 8)}`;
}

function slotText(board: Board): string {
  const { chip, flashMap } = board;
  const runs = slotRuns(board).map(({ base, pages }) => `${pages} pages (${(pages * chip.pageBytes) / 1024} KB) from ${hex(base, 8)}`);
  const key = flashMap.keyPage === undefined ? "no key page" : `key page at ${hex(flashMap.keyPage, 8)}`;
  return `${runs.length === 1 ? "one slot" : "two slots"}: ${runs.join("; ")}; ${key}`;
}

function facts(board: Board): string {
  const { microphone, storage, capabilities, espruino, selfTest } = board;
  const reference = microphone.reference === "internal" ? board.chip.adc.referenceVolts : board.supplyVolts / 4;
  const yes = (value: boolean): string => (value ? "yes" : "no");
  return table(
    ["fact", "value"],
    [
      ["role", board.role],
      ["chip", `${board.chip.name}, ${board.chip.ramBytes / 1024} KB RAM`],
      ["Espruino", `${espruino.minimumVersion} or later, \`${espruino.binary}\`, ${espruino.variables} variables of ${espruino.variableBytes} bytes`],
      ["USB", board.usb.map((id) => `${hex(id.vendorId, 4)}:${hex(id.productId, 4)} ${id.name}`).join("; ")],
      ["paw", `${pin(board.paw)}; BTN1, where the paw never is: ${pin(board.btn1)}`],
      [
        "microphone",
        `${pin(microphone.input)}, analog input ${microphone.input.ain}; gain ${gainText(microphone.gain)} against ${volts(reference)}: full scale ` +
          `${volts(reference / microphone.gain)}, silence at ${volts(microphone.biasVolts)}, swing ${volts(microphone.peakVolts)}`,
      ],
      ["microphone power", `${pin(microphone.power)}${microphone.power.nrf === board.heart.recording.nrf ? ", the red light's own pin" : ""}`],
      ["speaker", `${pin(board.speaker.output)}, carrier ${board.speaker.carrierHz / 1000} kHz`],
      ["self-test", `silence up to ${selfTest.silenceAtMost}, tone of the speaker ${selfTest.loopback.atLeast} to ${selfTest.loopback.atMost} thousandths of the largest swing: assumed`],
      ["Storage", `${storage.kind}, ${hex(storage.base, 8)}, ${storage.pages} pages (${(storage.pages * board.chip.pageBytes) / 1024} KB)`],
      ["messages", messageText(messageMemory(board), board.chip.pageBytes)],
      ["application", slotText(board)],
      ["link, private address", `${yes(capabilities.link)}, ${yes(capabilities.privateAddress)}; ATT MTU ${capabilities.attMtu}`],
      ["longest time without JavaScript", `${capabilities.stallMs} ms (two buffers of ${2 * board.audioBufferMs} ms for capture, of ${board.audioBufferMs} ms for playback, in the same memory)`],
    ],
  );
}

function section(board: Board): string {
  const wiring = table(
    ["signal", "board pin", "goes to"],
    board.wiring.map((wire) => [wire.signal, wire.pin, wire.to]),
  );
  const limits =
    board.limits.length === 0
      ? "No limits: every promise of the project is for this board."
      : ["What it cannot do:", "", ...board.limits.map((limit) => `- ${limit}`)].join("\n");
  return [`## ${board.title} (\`${board.id}\`)`, facts(board), "### Wiring", wiring, "### Limits", limits].join("\n\n");
}

/** The whole README. */
export function boardsReadme(all: readonly Board[]): string {
  const intro = [
    "# Boards",
    `Generated from the files beside it by \`${COMMAND}\`: do not edit.`,
    "A board is a data file that satisfies the type in `board.ts` and the rules in `rules.ts`. To add one, write its file, name it in " +
      "`index.ts`, and run the command above. No board was seen on hardware yet: figures are from data sheets and sources, named in the files.",
  ];
  return [...intro, ...all.map(section)].join("\n\n") + "\n";
}

function main(args: readonly string[]): void {
  const path = fileURLToPath(new URL("../boards/README.md", import.meta.url));
  const text = boardsReadme(boards);
  if (!args.includes("--check")) {
    writeFileSync(path, text);
  } else if (readFileSync(path, "utf8") !== text) {
    throw new UserError("boards/README.md differs from the boards' data.", `Run: ${COMMAND}`);
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
