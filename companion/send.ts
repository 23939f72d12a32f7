// A message on its way to the toy: a few frames beyond what the toy has granted, back to the grant when it stays out, and at the end
// the toy's own word that it is whole. Sent again after a disconnection, it goes on where the toy stopped.

import { CODE_STATE, DATA_HEADER_BYTES, OP_DATA, OP_FINISH, OP_SEND } from "../firmware/link/protocol.ts";
import { crc32 } from "./crc32.ts";
import { STALLED, u32, type Requester, type Wire } from "./requests.ts";

const GRANT_MS = 500;
/** A grant that says nothing new makes us go back no more often than this: each way back makes the toy repeat itself. */
const BACK_MS = 100;
/** Grants that stay out before the toy is asked how far it is. */
const MOST_MISSED = 2;
/** The child has the toy: asked again after this, and given up when nothing has moved for that long. */
const BUSY_MS = 1000;
const PATIENCE_MS = 120_000;

export interface Send {
  granted(offset: number): void;
  dueMs(): number;
  tick(): void;
}

export interface SendOptions {
  readonly wire: Wire;
  readonly requester: Requester;
  /** Bytes of a frame on this connection, and frames that may be on their way. */
  readonly frameBytes: number;
  readonly credit: number;
  /** Whole blocks. */
  readonly blocks: Uint8Array;
  readonly samples: number;
  onProgress(share: number): void;
  /** `sequence` is the number that the message got, 0 with any code but 0. */
  done(code: number, sequence: number): void;
}

export function createSend({ wire, requester, frameBytes, credit, blocks, samples, onProgress, done }: SendOptions): Send {
  const payload = frameBytes - DATA_HEADER_BYTES;
  const crc = crc32(blocks);
  let arrived = 0;
  let next = 0;
  let missed = 0;
  let backMs = -BACK_MS;
  let movedMs = wire.now();
  let dueMs = Infinity;
  let isFlowing = false;

  function end(code: number, sequence = 0): void {
    dueMs = Infinity;
    isFlowing = false;
    done(code, sequence);
  }

  /** Begins anew after a while, or gives up. */
  function later(): void {
    if (wire.now() - movedMs > PATIENCE_MS) end(STALLED);
    else dueMs = wire.now() + BUSY_MS;
  }

  function begin(): void {
    isFlowing = false;
    dueMs = Infinity;
    requester.ask(OP_SEND, [...u32(samples), ...u32(crc)], (code, result) => {
      if (code === CODE_STATE) return later();
      if (code !== 0) return end(code);
      const before = arrived;
      arrived = result.getUint32(0, true);
      next = arrived;
      missed = 0;
      if (arrived > before) movedMs = wire.now();
      if (wire.now() - movedMs > PATIENCE_MS) return end(STALLED);
      isFlowing = true;
      flow();
    });
  }

  function flow(): void {
    const limit = Math.min(blocks.length, arrived + credit * payload);
    while (next < limit) {
      const part = blocks.subarray(next, Math.min(next + payload, limit));
      const frame = new Uint8Array(DATA_HEADER_BYTES + part.length);
      frame.set([OP_DATA, ...u32(next).slice(0, 3)]);
      frame.set(part, DATA_HEADER_BYTES);
      next += part.length;
      wire.command(frame);
    }
    dueMs = wire.now() + GRANT_MS;
    if (arrived === blocks.length) finish();
  }

  function finish(): void {
    isFlowing = false;
    dueMs = Infinity;
    requester.ask(OP_FINISH, [], (code, result) => {
      if (code === CODE_STATE) later();
      else if (code === 0) end(0, result.getUint32(0, true));
      else end(code);
    });
  }

  begin();

  return {
    granted(offset) {
      if (!isFlowing || offset < arrived || offset > blocks.length) return;
      if (offset === arrived) {
        // The same again: something was lost on the way.
        if (wire.now() - backMs < BACK_MS) return;
        backMs = wire.now();
        next = arrived;
      } else movedMs = wire.now();
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
