// Seeded noise for the link of the simulated toy: what a stranger may send to any handle, and what an accepted phone may write.

import assert from "node:assert/strict";
import { LONGEST, MOST_FRAME_BYTES, OP_COUNT, OP_REVOKE, SHORTEST } from "../../firmware/link/protocol.ts";
import type { Central } from "../../sim/air/central.ts";
import { FAMILY_PHONE, kept, type FamilyToy } from "./family-toy.ts";
import { random } from "./random.ts";
import { playbacks, sounds } from "./speaker.ts";
import { Stranger } from "./stranger.ts";

/** Packets in a connection event. */
const BURST = 4;
/** A toy has dealt with four frames in this time: what comes faster is dropped at the door. */
const HEARD_MS = 160;
const HANDLES = 40;
/** Opcodes of ATT: requests, commands, answers to nothing. */
const ATT_OPCODES = 0x20;

type Noise = () => number;

const below = (next: Noise, most: number): number => Math.floor(next() * most);
const bytes = (next: Noise, length: number): number[] => Array.from({ length }, () => below(next, 256));

/** Any packet at all; one in two has an opcode of ATT and a handle that may be there. */
function strangersPacket(next: Noise): number[] {
  const tail = bytes(next, below(next, 4) === 0 ? below(next, 200) : below(next, 20));
  if (next() < 0.5) return tail.length > 0 ? tail : [0];
  const opcodes = [0x01, 0x02, 0x04, 0x06, 0x08, 0x0a, 0x0c, 0x0e, 0x10, 0x12, 0x16, 0x18, 0x1b, 0x1d, 0x1e, 0x52, 0xd2];
  return [next() < 0.8 ? opcodes[below(next, opcodes.length)]! : below(next, ATT_OPCODES), below(next, HANDLES), 0, ...tail];
}

/** A frame: a third as its opcode wants it, a third of a wrong length, a third anything. Never its own revocation. */
function phonesFrame(next: Noise): number[] {
  const kind = next();
  const op = kind < 0.66 ? 1 + below(next, OP_COUNT - 1) : below(next, 256);
  const shortest = SHORTEST[op] ?? 2;
  const longest = LONGEST[op] ?? MOST_FRAME_BYTES;
  const length = kind < 0.33 ? shortest + below(next, longest - shortest + 1) : below(next, MOST_FRAME_BYTES + 1);
  // Small numbers are those of messages, phones, offsets and keys that exist.
  const frame = [op, ...Array.from({ length: Math.max(0, length - 1) }, () => (next() < 0.6 ? below(next, 5) : below(next, 256)))].slice(0, length);
  if (frame[0] === OP_REVOKE && frame[2] === 0) frame[2] = 1;
  return frame;
}

/** A stranger, half of the time under the phone's address, sends so many packets; reconnects whenever he is put off. */
export function fuzzByStranger({ toy }: FamilyToy, packets: number, seed: number): { readonly links: number; readonly notified: number } {
  const next = random(seed);
  const stranger = new Stranger(toy);
  let links = 0;
  for (let sent = 0; sent < packets; ) {
    if (!stranger.isConnected) {
      stranger.central.claimedAddress = next() < 0.5 ? FAMILY_PHONE : undefined;
      stranger.connect();
      links++;
    }
    for (let i = 0; i < 25 * BURST && sent < packets; i++, sent++) stranger.central.raw(Uint8Array.from(strangersPacket(next)));
    toy.wait(200);
  }
  if (stranger.isConnected) stranger.leave();
  return { links, notified: stranger.notified.length };
}

/** The family's phone sends so many frames that make little sense or none. */
export function fuzzByPhone({ toy, phone }: FamilyToy, frames: number, seed: number): { readonly answers: number } {
  const next = random(seed);
  const central: Central = phone.central;
  const told = central.gatt.onNotification;
  let answers = 0;
  let sent = 0;
  central.gatt.onNotification = (from, data) => {
    answers++;
    told?.(from, data);
  };
  while (sent < frames) {
    if (!central.isConnected) assert.equal(phone.open(), 0, `the phone gets in after ${sent} frames`);
    const handle = central.gatt.characteristics.find(({ uuid }) => uuid.startsWith("f04b0002"))!.handle;
    for (let i = 0; i < 64 && sent < frames && central.isConnected; i += BURST) {
      for (let j = 0; j < BURST; j++, sent++) central.gatt.writeCommand(handle, Uint8Array.from(phonesFrame(next)));
      toy.wait(HEARD_MS);
    }
    // Now and then it vanishes, with a transfer half done.
    if (next() < 0.002) {
      central.disconnect();
      toy.wait(1000);
    }
  }
  if (central.isConnected) phone.disconnect();
  return { answers };
}

/** After all that: nothing sounded or listened, nobody crashed, the toy records, and the family gets in. */
export function assertUnharmed({ toy }: FamilyToy, fromMs: number, before?: string): void {
  assert.equal(toy.machines.length, 1, "no reboot");
  assert.deepEqual(toy.machine.uncaught, []);
  assert.deepEqual(toy.machine.console, []);
  assert.deepEqual(playbacks(toy, fromMs), []);
  assert.deepEqual(sounds(toy, fromMs), []);
  assert.deepEqual(toy.lit("microphone"), []);
  if (before !== undefined) assert.equal(kept(toy), before);
  for (const { blocks, sequence } of toy.messages()) assert.ok(blocks, `message ${sequence} is torn`);
  const count = toy.messages().length;
  toy.wait(2000).hold(1500).wait(2000);
  assert.equal(toy.lit("microphone").length, 1);
  assert.equal(toy.messages().length, count + 1, "it records");
}
