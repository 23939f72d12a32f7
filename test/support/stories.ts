// What a store goes through: the stories that are cut at every operation, and the events that chance makes stories of.

import fc from "fast-check";
import { PHASES } from "./cut-flash.ts";
import type { Command } from "./cut-rig.ts";

/** Two heard messages, one unheard, one own, some records and notes. */
export const history: readonly Command[] = [
  { do: "receive", blocks: 3 },
  { do: "record", blocks: 9 },
  { do: "receive", blocks: 2 },
  { do: "receive", blocks: 1 },
  { do: "hear", which: 0 },
  { do: "hear", which: 2 },
  { do: "put", kind: 2, bytes: 100 },
  { do: "note", times: 3 },
  { do: "settle" },
];

const many = (count: number, command: (i: number) => Command): Command[] => Array.from({ length: count }, (_, i) => command(i));

export const stories: Readonly<Record<string, readonly Command[]>> = {
  "it records": [{ do: "record", blocks: 9 }],
  "it receives": [{ do: "receive", blocks: 5 }],
  "it deletes": [{ do: "delete", which: 1 }, { do: "settle" }],
  "it marks a message heard": [{ do: "hear", which: 3 }],
  "it makes room": [{ do: "record", blocks: 16 }, { do: "settle" }, { do: "record", blocks: 16 }, { do: "settle" }],
  "it goes round": many(4, () => ({ do: "record", blocks: 9 })).flatMap((record): Command[] => [record, { do: "settle" }]),
  "it retires a page": [{ do: "wearOut", page: 2 }, { do: "delete", which: 1 }, { do: "settle" }, { do: "record", blocks: 17 }, { do: "settle" }, { do: "record", blocks: 9 }],
  "it puts records": many(18, (i) => ({ do: "put", kind: 1 + (i % 3), bytes: 1 + 13 * i })),
  "it puts records and keeps house": [...many(14, (i): Command => ({ do: "put", kind: 2 + (i % 2), bytes: 5 })), { do: "settle" }, { do: "put", kind: 3, bytes: 9 }],
  "it notes what happened": [{ do: "note", times: 120 }, { do: "settle" }],
  "it forgets everything": [{ do: "reset" }, { do: "record", blocks: 2 }],
};

const phase = fc.constantFrom(...PHASES);

export const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ do: fc.constantFrom("record", "receive"), blocks: fc.integer({ min: 1, max: 18 }) }),
  fc.record({ do: fc.constantFrom("hear", "delete"), which: fc.nat(7) }),
  fc.record({ do: fc.constant("put" as const), kind: fc.integer({ min: 1, max: 5 }), bytes: fc.nat(240) }),
  fc.record({ do: fc.constant("note" as const), times: fc.nat(40) }),
  fc.record({ do: fc.constantFrom("settle", "settle", "settle", "reboot") }),
  fc.record({ do: fc.constant("cut" as const), after: fc.nat(40), phase }),
  fc.record({ do: fc.constantFrom("reset") }),
  fc.record({ do: fc.constant("wearOut" as const), page: fc.nat(45) }),
) as fc.Arbitrary<Command>;
