// Stories on a store: run again from the beginning, or cut at every operation and once more at every operation of the recovery.

import { CutRig, type Command, type Place } from "./cut-rig.ts";

/** How a toy comes back: it boots, completes what was begun, and keeps house. */
const RECOVERY: readonly Command[] = [{ do: "reboot" }, { do: "settle" }];

/** Runs a story from new flash; a failure prints the call that repeats it. */
export function replay(commands: readonly Command[], sheets = 8): void {
  repeatable(commands, sheets, () => void new CutRig(sheets).run(commands).end());
}

function repeatable(commands: readonly Command[], sheets: number, run: () => void): void {
  try {
    run();
  } catch (error) {
    // What runs within another one is the shorter way to the same.
    if (error instanceof NotKept) throw error;
    throw new NotKept(`${(error as Error).message}\nto run it again: replay(${JSON.stringify(commands)}, ${sheets});`, { cause: error });
  }
}

/** A new error, for only its own message is printed everywhere. */
class NotKept extends Error {}

export interface Explored {
  /** States of flash that a first cut left, and those that only a second one did. */
  readonly once: number;
  readonly twice: number;
}

/**
 * Plays `act` after `prepare`, and cuts the power before, during and after every operation of it. Each state that this leaves recovers,
 * goes on with the rest of `act` and lives on; and it recovers again, cut before, during and after every operation of the recovery,
 * which then recovers and lives on. States that are alike to the last bit are tried once.
 */
export function cutEverywhere(prepare: readonly Command[], act: readonly Command[], sheets = 8): Explored {
  const once = new Set<string>();
  const twice = new Set<string>();
  const ended = new Set<string>();
  // Recoveries lead to few states.
  const end = (rig: CutRig): void => {
    if (!ended.has(rig.signature)) rig.copy().end();
    ended.add(rig.signature);
  };
  const ready = new CutRig(sheets).run(prepare).copy();
  const all: Command[] = [{ do: "reboot" }, ...act];
  repeatable([...prepare, ...all], sheets, () =>
    ready.copy().explore(all, (first, place) => {
      if (once.has(first.signature)) return;
      once.add(first.signature);
      const story = [...prepare, cutAt(place), ...all.slice(0, place.command + 1)];
      const rest = [...RECOVERY, ...all.slice(place.command + 1)];
      repeatable([...story, ...rest], sheets, () => end(first.copy().run(rest)));
      first.copy().explore(RECOVERY, (second, again) => {
        if (once.has(second.signature) || twice.has(second.signature)) return;
        twice.add(second.signature);
        const commands = [...story, cutAt(again), ...RECOVERY.slice(0, again.command + 1), ...RECOVERY];
        repeatable(commands, sheets, () => end(second.run(RECOVERY)));
      });
    }),
  );
  return { once: once.size, twice: twice.size };
}

function cutAt({ after, phase }: Place): Command {
  return { do: "cut", after, phase };
}
