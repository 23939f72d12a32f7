// `pawlock keys`: makes a release key, shows a public one, raises the oldest version that its holders accept.

import { parseArgs } from "node:util";
import { writeFileAtomic } from "../audio/wav-write.ts";
import { UserError } from "../errors.ts";
import { SCHEME, createKey, raiseMinimum, readPublicKey } from "./signing.ts";

const HELP = `pawlock keys new FILE                                makes FILE (secret, yours alone to read) and FILE.pub
pawlock keys show FILE.pub                           says whose it is and what it refuses
pawlock keys raise FILE.pub --minimum-version N      from now on, builds below version N are refused

Options:
  --json   print one line of JSON instead of text
  --help   print this

Keys are ${SCHEME} (FIPS 205). The secret file never lies in a git work tree, and nothing reads it from the environment.
Whoever has it can sign for you; whoever loses it cannot sign again. Copy FILE.pub to every station.`;

export async function keys(args: string[]): Promise<number> {
  const { values, positionals } = parseOptions(args);
  const [verb, file] = positionals;
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (file === undefined || positionals.length !== 2) throw usage("keys takes a verb and one file");
  const key = verb === "new" ? createKey(file) : verb === "show" ? readPublicKey(file) : verb === "raise" ? raise(file, values["minimum-version"]) : undefined;
  if (!key) throw usage(`keys cannot ${JSON.stringify(verb)}`);
  const path = verb === "new" ? `${file}.pub` : file;
  if (values.json) console.log(JSON.stringify({ command: verb, path, scheme: SCHEME, id: key.id, minimumVersion: key.minimumVersion }));
  else console.log(`${path}: ${SCHEME}, key ${key.id}, refuses versions below ${key.minimumVersion}`);
  return 0;
}

function raise(file: string, text: string | undefined): ReturnType<typeof readPublicKey> {
  const version = Number(text);
  if (text === undefined || !Number.isInteger(version) || version < 0 || version > 0xffffffff) throw usage("raise needs --minimum-version N, a whole number");
  writeFileAtomic(file, raiseMinimum(file, version));
  return readPublicKey(file);
}

const usage = (what: string): UserError => new UserError(what, "See: pawlock keys --help");

function parseOptions(args: string[]) {
  try {
    return parseArgs({ args, allowPositionals: true, options: { "minimum-version": { type: "string" }, json: { type: "boolean" }, help: { type: "boolean" } } });
  } catch (error) {
    throw usage((error as Error).message.split(". To specify")[0]!);
  }
}
