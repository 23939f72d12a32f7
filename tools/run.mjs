// First command on a fresh clone: installs the locked dependencies when they are missing, then runs what was asked for.
// Plain JavaScript, because nothing is installed yet when it starts.

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Gives the exit code. What ends this process ends the command first, which may have boards to finish. */
function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", ...options });
    // The terminal sends Ctrl-C to both.
    process.on("SIGINT", () => undefined);
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("error", (error) => {
      console.error(`cannot run ${command}: ${error.message}`);
      resolve(1);
    });
    child.on("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Pawlock needs Node 20.19 or newer; this is ${process.versions.node}.\n  Install Node 20 LTS and run the command again.`);
  process.exit(1);
}

// npm writes this file last: it is there, and as new as the lock file, only when an installation was completed.
const installed = join(root, "node_modules", ".package-lock.json");
const isInstalled = () => {
  if (!existsSync(installed)) return false;
  const have = JSON.parse(readFileSync(installed, "utf8")).packages;
  const want = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  return Object.entries(want).every(([path, entry]) => path === "" || entry.optional || have[path]?.version === entry.version);
};

if (!isInstalled()) {
  console.error("installing the locked dependencies (once) ...");
  const status = await run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
  if (status !== 0) {
    console.error("npm ci failed.\n  Check the network or the npm registry settings and run the command again.");
    process.exit(status);
  }
}

const [command, ...args] = process.argv.slice(2);
process.exit(await run(process.execPath, ["--import", "tsx", "tools/main.ts", command, ...args]));
