// Limits of the factory self-test, from a file: {"battery-mv": {"atLeast": 3500, "atMost": 4300, "unit": "mV"}, "kernel": {"is": true}}.
// Every item of the file must have been measured and lie within; what else a board measures is kept and not judged.

import { UserError } from "../errors.ts";
import { printable, readBounded } from "./files.ts";

export interface Measurement {
  readonly item: string;
  readonly value: number | boolean;
}

export interface Limit {
  readonly is?: boolean;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly unit?: string;
}

export type Limits = ReadonlyMap<string, Limit>;

const MOST_BYTES = 64 * 1024;
const MOST_ITEMS = 100;
const ITEM = /^[a-z][a-z0-9-]{0,29}$/;

export function readLimits(path: string): Limits {
  return parseLimits(readBounded(path, "the limits", MOST_BYTES).toString("utf8"), path);
}

export function parseLimits(text: string, path: string): Limits {
  const refused = (why: string): UserError => new UserError(`the limits in ${path}: ${why}`, 'An item is {"is": true} or {"atLeast": 1, "atMost": 2, "unit": "mV"}, by its name.');
  let items: unknown;
  try {
    items = JSON.parse(text);
  } catch {
    throw refused("no JSON");
  }
  if (typeof items !== "object" || items === null || Array.isArray(items)) throw refused("no object of items");
  const entries = Object.entries(items as Record<string, Limit>);
  if (entries.length === 0 || entries.length > MOST_ITEMS) throw refused(`${entries.length} items`);
  for (const [item, limit] of entries) {
    const fault = faultOf(limit);
    if (!ITEM.test(item) || fault !== undefined) throw refused(`${printable(item, 30)} ${fault ?? "is no name of an item"}`);
  }
  return new Map(entries);
}

function faultOf(limit: Limit): string | undefined {
  if (typeof limit !== "object" || limit === null) return "is no object";
  const { is, atLeast, atMost, unit, ...unknown } = limit;
  const [stranger] = Object.keys(unknown);
  if (stranger !== undefined) return `has ${printable(stranger, 20)}, which means nothing`;
  if (unit !== undefined && typeof unit !== "string") return "has a unit that is no text";
  if (is !== undefined) return typeof is === "boolean" && atLeast === undefined && atMost === undefined ? undefined : "mixes `is` with bounds";
  if (atLeast === undefined && atMost === undefined) return "limits nothing";
  for (const bound of [atLeast, atMost]) if (bound !== undefined && (typeof bound !== "number" || !Number.isFinite(bound))) return "has a bound that is no number";
  return atLeast !== undefined && atMost !== undefined && atLeast > atMost ? "can never be met" : undefined;
}

/** What lies outside, in words; empty when the board passes. */
export function violations(limits: Limits, measured: readonly Measurement[]): string[] {
  return [...limits].flatMap(([item, { is, atLeast = -Infinity, atMost = Infinity, unit = "" }]) => {
    const found = measured.filter((one) => one.item === item);
    if (found.length !== 1) return [`${item} was measured ${found.length} times`];
    const { value } = found[0]!;
    if (is !== undefined) return value === is ? [] : [`${item} is ${printable(String(value), 20)}`];
    if (typeof value === "number" && value >= atLeast && value <= atMost) return [];
    return [`${item} is ${printable(String(value), 20)} ${unit}, allowed ${atLeast} to ${atMost}`];
  });
}
