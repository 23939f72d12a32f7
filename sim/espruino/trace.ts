// What happened on a simulated board since it booted, as lines that two engines can be compared by: pins, flash, calls of
// the radio, console and uncaught errors, in order of time. Nothing of how the engine works is in it.

import { crc32 } from "node:zlib";
import type { Machine } from "../machine.ts";
import type { Drive } from "../signals.ts";
import type { World } from "../world.ts";

/** One event: when, in microseconds, and what. */
export type TraceEvent = readonly [atUs: number, what: string];

export interface Divergence {
  readonly index: number;
  readonly expected: TraceEvent | undefined;
  readonly got: TraceEvent | undefined;
}

/** Clocks agree when they differ by less: sums of floats. */
const SAME_US = 1e-3;

function driveText(drive: Drive): string {
  if (drive.kind !== "duties") return JSON.stringify(drive);
  const { duties, ...rest } = drive;
  const bytes = new Uint8Array(duties.buffer, duties.byteOffset, duties.byteLength);
  return `${JSON.stringify(rest)} ${duties.length} words ${crc32(bytes).toString(16)}`;
}

export function traceOf(machine: Machine, world: World): TraceEvent[] {
  const events: TraceEvent[] = [];
  const { startUs, poweredOffUs } = machine;
  for (const [nrf, changes] of world.changes) {
    for (const { atUs, drive } of changes) if (atUs >= startUs && atUs <= poweredOffUs) events.push([atUs, `pin ${nrf} ${driveText(drive)}`]);
  }
  for (const { atUs, kind, address, length } of machine.flash.operations) events.push([atUs, `${kind} 0x${address.toString(16)} ${length}`]);
  for (const { atUs, name, args } of machine.radioCalls) events.push([atUs, `${name} ${JSON.stringify(args)}`]);
  // Texts of errors are the engine's own.
  for (const { atUs } of machine.uncaught) events.push([atUs, "uncaught error"]);
  events.sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1));
  for (const line of machine.console) events.push([machine.clock.now, `console: ${line}`]);
  events.push([machine.clock.now, machine.isPowered ? "end" : machine.isRebooting ? "reboot" : "power off"]);
  return events;
}

export function firstDivergence(expected: readonly TraceEvent[], got: readonly TraceEvent[]): Divergence | undefined {
  for (let index = 0; index < Math.max(expected.length, got.length); index++) {
    const a = expected[index];
    const b = got[index];
    if (!a || !b || a[1] !== b[1] || Math.abs(a[0] - b[0]) > SAME_US) return { index, expected: a, got: b };
  }
  return undefined;
}
