// The `pawlock` command: dispatches to its subcommands.

import { UserError } from "../errors.ts";
import { runWav } from "../audio/wav-command.ts";
import { image } from "../production/image-command.ts";
import { keys } from "../production/keys-command.ts";
import { line } from "../production/line-command.ts";
import { provision } from "../production/provision-command.ts";
import { doctor, monitor, ports, selftest } from "./bench-commands.ts";
import { flash } from "./flash.ts";
import { fsck } from "./fsck.ts";
import { simulate } from "./simulate.ts";

const HELP = `pawlock COMMAND [options]
  sim        run the firmware on a simulated board and show what happened
  image      build, verify and compare production images
  keys       make and look at the keys that sign releases
  line       load, test and seal many boards, and report on it
  provision  identities for the line to hand out, and its ledger as CSV
  flash      write the firmware to boards over USB, verified
  ports      list serial ports and the boards at them
  selftest   measure a board: kernel, converter, battery, radio, microphone, ...
  monitor    show a board's console
  doctor     find out why a board is not found or does not answer
  fsck       list, check and export the messages in a dump of flash
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
    case "line":
      return line(args);
    case "provision":
      return provision(args);
    case "flash":
      return flash(args);
    case "ports":
      return ports(args);
    case "selftest":
      return selftest(args);
    case "monitor":
      return monitor(args);
    case "doctor":
      return doctor(args);
    case "fsck":
      return fsck(args);
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
