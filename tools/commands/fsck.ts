// `pawlock fsck`: what a raw dump of flash holds; messages as WAV files where the key is given.

import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BLOCK_BYTES, MESSAGE_RATE_HZ } from "../../firmware/voice/abi.ts";
import { adpcmWav, writeFileAtomic } from "../audio/wav-write.ts";
import { UserError } from "../errors.ts";
import { fsck as check, regionOf, type FoundMessage, type FsckReport } from "../image/fsck.ts";
import { storedKey, workingKey } from "../image/keys.ts";
import { messageSheets } from "../image/messages.ts";
import { boardNamed } from "./board-option.ts";

const options = {
  board: { type: "string", default: "XIAOBLE" },
  key: { type: "string" },
  roots: { type: "string" },
  export: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;

const HELP = `pawlock fsck DUMP [options]
  Lists the messages in a raw dump of a toy's flash and reports what is damaged. Exit code 1 when anything is.

  --board ID    board that the dump is of (XIAOBLE)
  --key FILE    dump of the toy's key page: opens the messages
  --roots HEX   the chip's own roots, 64 hexadecimal digits: 32 bytes from 0x10000080 (needed with --key)
  --export DIR  writes each whole message as an IMA ADPCM WAV file
  --json        one JSON object instead of text
  --help        this`;

export async function fsck(args: string[]): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (positionals.length !== 1) throw new UserError("fsck reads one dump", "pawlock fsck DUMP; pawlock fsck --help lists the options.");
  const board = boardNamed(values.board);
  const region = regionOf(board, await read(positionals[0]!));
  const key = values.key === undefined ? undefined : keyFrom(await read(values.key), values.roots);
  if (values.export !== undefined && !key) throw new UserError("without its key no message can be exported", "Add --key and --roots.");
  const report = check(region, messageSheets(board), key);
  const files = values.export === undefined ? [] : await writeAll(values.export, report);
  if (values.json) console.log(JSON.stringify({ board: board.id, ...plain(report), files }, null, 2));
  else print(report, files);
  return report.damage.length === 0 ? 0 : 1;
}

function parse(args: string[]): ReturnType<typeof parseArgs<{ args: string[]; options: typeof options; allowPositionals: true }>> {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UserError((error as Error).message.split(". To specify")[0]!, "pawlock fsck --help lists the options.");
  }
}

async function read(file: string): Promise<Uint8Array> {
  try {
    // A Buffer is no Uint8Array where it counts: its slices share memory.
    return new Uint8Array(await readFile(file));
  } catch (error) {
    throw new UserError(`cannot read ${file}: ${(error as Error).message}`, "Name a file that holds a raw dump.");
  }
}

function keyFrom(page: Uint8Array, roots: string | undefined): Uint32Array {
  const stored = page.length >= 64 ? storedKey(page) : undefined;
  if (!stored) throw new UserError("that is no whole key page", "Dump the page of internal flash that the board's data names keyPage.");
  if (roots === undefined || !/^[0-9a-f]{64}$/i.test(roots)) throw new UserError("a key needs the chip's roots beside it", "Add --roots with 64 hexadecimal digits.");
  return workingKey(stored, new Uint32Array(new Uint8Array(Buffer.from(roots, "hex")).buffer));
}

async function writeAll(folder: string, { messages }: FsckReport): Promise<string[]> {
  const files: string[] = [];
  try {
    await mkdir(folder, { recursive: true });
    for (const { sequence, stored } of messages) {
      if (!stored?.blocks) continue;
      const file = join(folder, `message-${sequence}.wav`);
      writeFileAtomic(file, adpcmWav(stored.blocks, BLOCK_BYTES, stored.samples, MESSAGE_RATE_HZ));
      files.push(file);
    }
  } catch (error) {
    throw new UserError(`cannot write to ${folder}: ${(error as Error).message}`, "Name another folder with --export.");
  }
  return files;
}

function plain({ sheets, messages, damage }: FsckReport): object {
  return { sheets, messages: messages.map(({ stored, ...message }) => message), damage };
}

function line({ sequence, isOwn, isHeard, samples, state }: FoundMessage): string {
  const seconds = samples === undefined ? "" : `${(samples / MESSAGE_RATE_HZ).toFixed(1)} s`;
  return `message ${String(sequence).padStart(6)}  ${isOwn ? "own   " : "family"}  ${(isOwn ? "" : isHeard ? "heard" : "unheard").padEnd(7)}  ${seconds.padStart(12)}  ${state}`;
}

function print({ sheets, messages, damage }: FsckReport, files: readonly string[]): void {
  const { all, blank, messages: used, newer, unknown } = sheets;
  const lines = [
    `${all} sheets: ${used} hold messages, ${blank} are blank, ${newer} of a newer layout, ${unknown} not ours`,
    ...messages.map(line),
    ...damage.map((what) => `damage: ${what}`),
    ...files,
  ];
  console.log(lines.join("\n"));
}
