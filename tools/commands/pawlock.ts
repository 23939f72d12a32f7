// The `pawlock` command: dispatches to its subcommands.

import { UserError } from "../errors.ts";
import { runWav } from "../audio/wav-command.ts";
import { image } from "../production/image-command.ts";
import { keys } from "../production/keys-command.ts";
import { provision } from "../production/provision-command.ts";
import { simulate } from "./simulate.ts";

const HELP = `pawlock COMMAND [options]
  sim        run the firmware on a simulated board and show what happened
  image      build, verify and compare production images
  keys       make and look at the keys that sign releases
  provision  identities for the line to hand out, and its ledger as CSV
  wav        encode and decode IMA ADPCM WAV files
  Each has --help.`;

export async function pawlock([command, ...args]: string[]): Promise<number> {
  switch (command) {
    case "sim":
      return simulate("pawlock sim", false, args);
    case "image":
      return image(args);
    case "keys":
      return keys(args);
    case "provision":
      return provision(args);
    case "wav":
      return runWav(args, { out: (line) => console.log(line), err: (line) => console.error(line) });
    case undefined:
    case "help":
    case "--help":
      console.log(HELP);
      return 0;
    default:
      throw new UserError(`there is no command ${JSON.stringify(command)}`, "pawlock --help lists the commands.");
  }
}
