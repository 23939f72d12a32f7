// Who a toy is: serial, device name, colour. One record in page 0 that survives a factory reset; ASCII JSON, which the
// interpreter parses. Names come from spreadsheets: nothing in them may mean anything to a shell, a spreadsheet or a page.

import { UserError } from "../errors.ts";
import { printable } from "./files.ts";

export interface Identity {
  readonly serial: string;
  readonly name: string;
  readonly colour: string;
}

/** Page 0 has more room; a record of this length is parsed from one small read. */
export const MOST_RECORD_BYTES = 120;

const SHAPES: Readonly<Record<keyof Identity, { readonly shape: RegExp; readonly told: string }>> = {
  serial: { shape: /^[A-Z0-9][A-Z0-9-]{2,18}[A-Z0-9]$/, told: "4 to 20 capital letters, digits and inner dashes" },
  name: { shape: /^[A-Za-z0-9]([A-Za-z0-9 .-]{0,18}[A-Za-z0-9.])?$/, told: "1 to 20 letters, digits, spaces, dots and dashes" },
  colour: { shape: /^[a-z]([a-z -]{0,18}[a-z])?$/, told: "1 to 20 small letters, spaces and dashes" },
};

/** Refuses what is no identity; `where` says which row or option it came from. */
export function checkIdentity(candidate: Readonly<Record<string, unknown>>, where: string): Identity {
  for (const field of Object.keys(SHAPES) as (keyof Identity)[]) {
    const value = candidate[field];
    if (typeof value === "string" && SHAPES[field].shape.test(value)) continue;
    throw new UserError(`${where}: ${field} ${printable(JSON.stringify(value) ?? "is missing", 40)} cannot be used`, `It has ${SHAPES[field].told}.`);
  }
  const { serial, name, colour } = candidate as unknown as Identity;
  return { serial, name, colour };
}

export function identityRecord({ serial, name, colour }: Identity): Uint8Array {
  const record = Buffer.from(JSON.stringify({ serial, name, colour }), "latin1");
  if (record.length > MOST_RECORD_BYTES) throw new RangeError(`a record of ${record.length} bytes`);
  return record;
}

/** Reads a record that a board answered; undefined when it is none. */
export function parseIdentity(record: Uint8Array): Identity | undefined {
  if (record.length > MOST_RECORD_BYTES) return undefined;
  try {
    const identity = checkIdentity(JSON.parse(Buffer.from(record).toString("latin1")) as Record<string, unknown>, "record");
    return Buffer.compare(Buffer.from(identityRecord(identity)), Buffer.from(record)) === 0 ? identity : undefined;
  } catch {
    return undefined;
  }
}
