// Times during which something held, from a list of its changes. Plain arithmetic for tests; knows neither pins nor paws.

import type { Drive } from "../../sim/signals.ts";

export interface Span {
  readonly fromUs: number;
  readonly toUs: number;
}

/** Spans in which the last change made `holds` true; the last one ends now. */
export function spans<T extends { readonly atUs: number }>(changes: readonly T[], holds: (change: T) => boolean, nowUs: number): Span[] {
  const found: Span[] = [];
  let fromUs: number | undefined;
  for (const change of changes) {
    if (holds(change)) fromUs ??= change.atUs;
    else if (fromUs !== undefined) {
      found.push({ fromUs, toUs: change.atUs });
      fromUs = undefined;
    }
  }
  if (fromUs !== undefined) found.push({ fromUs, toUs: nowUs });
  return found;
}

/** The same with gaps of up to `gapUs` closed. */
export function merged(all: readonly Span[], gapUs: number): Span[] {
  const found: Span[] = [];
  for (const span of all) {
    const last = found.at(-1);
    if (last && span.fromUs - last.toUs <= gapUs) found[found.length - 1] = { fromUs: last.fromUs, toUs: span.toUs };
    else found.push(span);
  }
  return found;
}

/** Whether a drive switches on what is wired to be on at level `on`. */
export function isOn(drive: Drive, on: 0 | 1): boolean {
  if (drive.kind === "level") return drive.level === on;
  return drive.kind === "pwm" && (on === 1 ? drive.duty > 0 : drive.duty < 1);
}
