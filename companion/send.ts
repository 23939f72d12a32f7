// A message on its way to the toy: a few frames beyond what the toy has granted, back to the grant when it stays out, and at the end
// the toy's own word that it is whole. Sent again after a disconnection, it goes on where the toy stopped.

import { CODE_STATE, DATA_HEADER_BYTES, OP_DATA, OP_FINISH, OP_SEND } from "../firmware/link/protocol.ts";
import { crc32 } from "./crc32.ts";
import type { Requester, Wire } from "./requests.ts";

const GRANT_MS = 500;
/** Grants that stay out before the toy is asked how far it is. */
const MOST_MISSED = 2;
/** The child has the toy: asked again after this, and given up after that. */
const BUSY_MS = 1000;
const PATIENCE_MS = 120_000;

const u32 = (value: number): number[] => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];

export interface Send {
  granted(offset: number): void;
  dueMs(): number;
  tick(): void;
}

export function createSend(
  wire: Wire,
  requester: Requester,
  frameBytes: () => number,
  credit: () => number,
  blocks: Uint8Array,
  samples: number,
  onProgress: (share: number) => void,
  done: (code: number, sequence: number) => void,
): Send {
  const begunMs = wire.now();
  const crc = crc32(blocks);
  let arrived = 0;
  let next = 0;
  let missed = 0;
  let dueMs = Infinity;
  let isFlowing = false;

  function end(code: number, sequence: number): void {
    dueMs = Infinity;
    isFlowing = false;
    done(code, sequence);
  }

  function laterOr(code: number): void {
    if (code !== CODE_STATE || wire.now() - begunMs > PATIENCE_MS) end(code, 0);
    else dueMs = wire.now() + BUSY_MS;
  }

  function begin(): void {
    isFlowing = false;
    dueMs = Infinity;
    requester.ask(OP_SEND, [...u32(samples), ...u32(crc)], (code, result) => {
      if (code !== 0) return laterOr(code);
      arrived = result.getUint32(0, true);
      next = arrived;
      missed = 0;
      isFlowing = true;
      flow();
    });
  }

  function flow(): void {
    const payload = frameBytes() - DATA_HEADER_BYTES;
    while (next < blocks.length && next - arrived < credit() * payload) {
      const part = blocks.subarray(next, Math.min(next + payload, arrived + credit() * payload));
      const frame = new Uint8Array(DATA_HEADER_BYTES + part.length);
      frame.set([OP_DATA, next & 255, (next >> 8) & 255, next >> 16]);
      frame.set(part, DATA_HEADER_BYTES);
      next += part.length;
      wire.write(frame, false);
    }
    dueMs = wire.now() + GRANT_MS;
    if (arrived === blocks.length) finish();
  }

  function finish(): void {
    isFlowing = false;
    dueMs = Infinity;
    requester.ask(OP_FINISH, [], (code, result) => {
      if (code === 0) end(0, result.getUint32(0, true));
      else laterOr(code);
    });
  }

  begin();

  return {
    granted(offset) {
      if (!isFlowing || offset < arrived || offset > blocks.length) return;
      // The same again: something was lost on the way.
      if (offset === arrived) next = arrived;
      arrived = offset;
      next = Math.max(next, arrived);
      missed = 0;
      onProgress(arrived / blocks.length);
      flow();
    },
    dueMs: () => dueMs,
    tick() {
      if (wire.now() < dueMs) return;
      if (!isFlowing || ++missed > MOST_MISSED) return begin();
      next = arrived;
      flow();
    },
  };
}
