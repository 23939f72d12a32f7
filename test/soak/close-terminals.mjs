// Loaded before anything else by a process that is forked where terminals are open: it inherits them, and a board that is
// unplugged would not go away as long as anybody has them, this process and what it starts included.

import { closeSync, readdirSync, readlinkSync } from "node:fs";

for (const fd of readdirSync("/proc/self/fd").map(Number)) if (isTerminal(fd)) closeSync(fd);

function isTerminal(fd) {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === "/dev/ptmx";
  } catch {
    // The one that listed the folder.
    return false;
  }
}
