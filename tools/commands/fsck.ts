// `pawlock fsck`: what a raw dump of flash holds; messages as WAV files where the key is given.

import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { KEY_BLANK, KEY_EMPTIED, KEY_LOST, KEY_NEWER, KEY_WHOLE } from "../../firmware/messages/key-page.ts";
import { BLOCK_BYTES, MESSAGE_RATE_HZ } from "../../firmware/voice/abi.ts";
import { adpcmWav, writeFileAtomic } from "../audio/wav-write.ts";
import { UserError } from "../errors.ts";
import { fsck as check, regionOf, type FsckReport } from "../image/fsck.ts";
import { plain, text } from "../image/fsck-report.ts";
import { readKeyPage, workingKey } from "../image/keys.ts";
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
  Lists messages, records and security log in a raw dump of a toy's flash and reports what is damaged. Exit code 1 when anything is.

  --board ID    board that the dump is of (XIAOBLE)
  --key FILE    dump of the toy's key page: opens all of them
  --roots HEX   the chip's own roots, 64 hexadecimal digits: 32 bytes from 0x10000080 (needed with --key)
  --export DIR  writes each whole message as an IMA ADPCM WAV file
  --json        one JSON object instead of text
  --help        this`;

const LEAST_KEY_BYTES = 64;
/** Why a key page gives no key. */
const KEY_STATES: Readonly<Record<number, string>> = {
  [KEY_BLANK]: "is blank: the toy has made no key yet",
  [KEY_LOST]: "is damaged, or its toy is forgetting everything",
  [KEY_EMPTIED]: "has no key any more: its toy has just forgotten everything",
  [KEY_NEWER]: "is of a newer layout",
};

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
  console.log(values.json ? JSON.stringify({ board: board.id, ...plain(report), files }, null, 2) : [text(report), ...files].join("\n"));
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
  if (page.length < LEAST_KEY_BYTES) throw new UserError("that is no key page", "Dump the page of internal flash that the board's data names keyPage.");
  const { state, key } = readKeyPage(page);
  if (state !== KEY_WHOLE) throw new UserError(`the key page ${KEY_STATES[state]}`, "Without its key only headers can be read: leave --key out.");
  if (roots === undefined || !/^[0-9a-f]{64}$/i.test(roots)) throw new UserError("a key needs the chip's roots beside it", "Add --roots with 64 hexadecimal digits.");
  return workingKey(key, new Uint32Array(new Uint8Array(Buffer.from(roots, "hex")).buffer));
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
