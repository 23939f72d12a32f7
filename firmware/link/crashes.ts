// Whoever can crash the toy over the air opens the race of the boot anew, before the boot files have shut the interpreter's doors. So
// after three boots that came too soon upon each other the radio sleeps until somebody presses the paw. A crash cannot be told from a
// power loss: both count, what the toy wants itself does not. From then on nothing is written, so the flash does not wear either.

import type { Clock } from "../../hal/contract.ts";
import type { Journal } from "../messages/journal.ts";
import { RECORD_COUNTERS, type Records } from "../messages/records.ts";
import { EVENT_CRASH } from "./protocol.ts";

/** A toy that runs for so long comes up less than three times an hour. */
const CALM_MS = 1200000;
const MOST = 3;

export interface Crashes {
  /** Whether the radio should sleep. */
  readonly isMany: boolean;
  /** This boot is not counted yet. */
  readonly isNew: boolean;
  /** The next boot is wanted, or somebody is there. */
  forgive(): void;
  /** Once a second; the first one counts this boot. */
  tick(): void;
}

export function createCrashes(clock: Clock, records: Records, journal: Journal): Crashes {
  const stored = records.get(RECORD_COUNTERS);
  const before = stored ? stored[0] : 0;
  let isCounted = before >= MOST;

  function forgive(): void {
    if (self.isMany) journal.add(EVENT_CRASH, before);
    self.isMany = self.isNew = false;
    if (!isCounted) return;
    isCounted = false;
    records.put(RECORD_COUNTERS, new Uint8Array([0]));
  }

  function tick(): void {
    if (self.isMany) return;
    if (isCounted && clock.nowMs() >= CALM_MS) forgive();
    if (!self.isNew) return;
    self.isNew = false;
    isCounted = true;
    records.put(RECORD_COUNTERS, new Uint8Array([before + 1]));
    if (before > 0) journal.add(EVENT_CRASH, before);
  }

  const self = { isMany: before >= MOST, isNew: true, forgive: forgive, tick: tick };
  return self;
}
