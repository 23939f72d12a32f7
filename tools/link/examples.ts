// Frames of an exchange as the companion's own client writes them: examples that cannot be wrong.

import { createClient, type Client } from "../../companion/client.ts";
import { quietBytes, timeBytes, volumeBytes } from "../../companion/settings.ts";
import { CREDIT, KEY_QUIET, KEY_TIME, KEY_VOLUME, MOST_FRAME_BYTES, MOST_MTU, PROTOCOL_VERSION } from "../../firmware/link/protocol.ts";

export interface Example {
  readonly what: string;
  /** Written by the phone, and what the toy answers; undefined where this is left open. */
  readonly written: Uint8Array;
  readonly answer: Uint8Array | undefined;
}

const ignore = (): void => undefined;
const u32 = (value: number): number[] => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];

export function examples(): Example[] {
  const found: Example[] = [];
  let written: Uint8Array = new Uint8Array(0);
  const client = createClient({ request: (frame) => (written = frame), command: (frame) => (written = frame), now: () => 0 });
  const add = (what: string, ask: (client: Client) => void, result?: readonly number[]): void => {
    ask(client);
    const answer = result && Uint8Array.of(written[0]!, written[1]!, 0, ...result);
    found.push({ what, written, answer });
    if (answer) client.received(answer);
  };
  const seconds = new DataView(Uint8Array.from(timeBytes(new Date(2026, 11, 24, 18, 0, 0))).buffer).getUint32(0, true);
  add("HELLO, MTU 131", (toy) => toy.hello(MOST_MTU, ignore), [PROTOCOL_VERSION, MOST_FRAME_BYTES, CREDIT, 0]);
  add("SET time, 2026-12-24 18:00:00", (toy) => toy.set(KEY_TIME, u32(seconds), ignore), []);
  add("SET volume, one half", (toy) => toy.set(KEY_VOLUME, volumeBytes(0.5), ignore), []);
  add("SET quiet hours, 20:00 to 07:00", (toy) => toy.set(KEY_QUIET, quietBytes({ from: 20 * 60, to: 7 * 60 }), ignore), []);
  add("DELETE message 7", (toy) => toy.remove(7, ignore), []);
  add("FETCH message 8, which has 3 blocks", (toy) => toy.fetch(8, ignore), [...u32(3 * 1004), ...u32(5000)]);
  found.push({ what: "PULL, all of it: 25 frames from offset 0", written, answer: undefined });
  return found;
}
