// T62: any single bit of Storage's first header rots, and whoever sends audio has guessed it: where the interpreter's file chain
// then leads, as far as that is a place for bytes from the air, a boot file stands ready. None of it may ever run.

import assert from "node:assert/strict";
import { xiaoble } from "../../../boards/xiaoble.ts";
import { messageMemory } from "../../../boards/flash-map.ts";
import { PAGE_MAGIC } from "../../../firmware/messages/layout.ts";
import { buildStorage } from "../../../sim/storage-image.ts";
import { observed } from "../../support/attack-table.ts";
import { boardWith, says, saying } from "../../support/slots.ts";

const HEADER_BYTES = 32;
const PAGE = 4096;
const ATTACK = Buffer.from(buildStorage([{ name: ".boot0", data: Buffer.from('print("attack")') }], 48));

/** What a board does whose first header has a wrong bit: it boots as ever; finds no whole application; wipes itself; or finds no boot files. */
type Outcome = "boots" | "finds no application" | "wiped, stock console" | "no boot files, stock console";

function rangesOf(bits: readonly number[]): string {
  const starts = bits.filter((bit) => !bits.includes(bit - 1));
  return starts.map((from) => {
    let to = from;
    while (bits.includes(to + 1)) to++;
    return from === to ? `${from}` : `${from}-${to}`;
  }).join(" ");
}

describe("T62 Storage's first header with a wrong bit", function () {
  this.timeout(120000);
  const messages = messageMemory(xiaoble) as { base: number; pages: number };
  const first = messages.base - xiaoble.storage.base;

  /** The chain's next address as Espruino reckons it, and where it looks when nothing is there. */
  function landings(header: Uint8Array): number[] {
    const size = new DataView(header.buffer, header.byteOffset).getUint32(0, true) & 0xffffff;
    const next = HEADER_BYTES + ((size + 3) & ~3);
    return [next, (Math.floor(next / PAGE) + 1) * PAGE];
  }

  function outcomeOf(bit: number): Outcome {
    const stage = boardWith(xiaoble, saying("toy", 1), { boot0: 'print("lock")', boot1: 'print("lock")' });
    const { bytes } = stage.memories[0]!;
    const words = new DataView(bytes.buffer);
    // Every page that may hold messages does, and says so first.
    bytes.fill(0xa5, first, first + messages.pages * PAGE);
    for (let page = 0; page < messages.pages; page++) words.setUint32(first + page * PAGE, PAGE_MAGIC, true);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    for (const at of landings(bytes)) {
      for (let i = 0; i < ATTACK.length; i++) {
        const isFromTheAir = at + i >= first && at + i < first + messages.pages * PAGE && (at + i) % PAGE >= 4;
        if (isFromTheAir) bytes[at + i] = ATTACK[i]!;
      }
    }
    const said = says(stage);
    assert.ok(!said.includes("attack"), `bit ${bit} runs what came from the air`);
    if (said.join() === "lock,lock,toy0") return "boots";
    if (said.includes("Erase complete.")) return "wiped, stock console";
    if (said.join() === "lock,lock,no whole application") return "finds no application";
    assert.deepEqual(said, [], `bit ${bit}`);
    return "no boot files, stock console";
  }

  it("never runs what came from the air; what it does instead is written down", () => {
    const outcomes = new Map<Outcome, number[]>();
    for (let bit = 0; bit < HEADER_BYTES * 8; bit++) {
      const outcome = outcomeOf(bit);
      outcomes.set(outcome, [...(outcomes.get(outcome) ?? []), bit]);
    }
    const ranges = [...outcomes].map(([outcome, bits]) => [outcome, rangesOf(bits)]);
    // Bits 0 to 23 are the size, 24 to 31 the kind, the rest the name by which the loader finds its file.
    assert.deepEqual(Object.fromEntries(ranges), {
      boots: "5-11 24-31",
      "finds no application": "32-255",
      "no boot files, stock console": "0-4 12-14",
      "wiped, stock console": "15-23",
    });
    observed("T62", `${HEADER_BYTES * 8} single bits of the first header, a boot file wherever they lead`, "never run; bits 0-4 and 12-23 leave a stock console: a limit");
  });
});
