// The `pawlock` command: dispatches to its subcommands.

import { UserError } from "../errors.ts";

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

type Command = (args: string[]) => number | Promise<number>;

/** Loaded when it is wanted: the compiler alone takes longer to load than most commands to run. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  sim: async () => {
    const { simulate } = await import("./simulate.ts");
    return (args) => simulate("pawlock sim", false, args);
  },
  image: async () => (await import("../production/image-command.ts")).image,
  keys: async () => (await import("../production/keys-command.ts")).keys,
  line: async () => (await import("../production/line-command.ts")).line,
  provision: async () => (await import("../production/provision-command.ts")).provision,
  flash: async () => (await import("./flash.ts")).flash,
  ports: async () => (await import("./bench-commands.ts")).ports,
  selftest: async () => (await import("./selftest.ts")).selftest,
  monitor: async () => (await import("./bench-commands.ts")).monitor,
  doctor: async () => (await import("./bench-commands.ts")).doctor,
  fsck: async () => (await import("./fsck.ts")).fsck,
  wav: async () => {
    const { runWav } = await import("../audio/wav-command.ts");
    return (args) => runWav(args, { out: (line) => console.log(line), err: (line) => console.error(line) });
  },
};

export async function pawlock([command = "help", ...args]: string[]): Promise<number> {
  if (command === "help" || command === "--help") {
    console.log(HELP);
    return 0;
  }
  const load = commands[command];
  if (!load) throw new UserError(`there is no command ${JSON.stringify(command)}`, "pawlock --help lists the commands.");
  return (await load())(args);
}
