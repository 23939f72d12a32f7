// Frames of voice as the link sends them: the Thumb bytes and the twin give what the protocol says, wherever in a message.

import assert from "node:assert/strict";
import { FRAME_HEADER_BYTES, FRAME_OPCODE, FRAME_RING_BYTES } from "../../../firmware/voice/abi.ts";
import { MOST_FRAME_BYTES } from "../../../firmware/link/protocol.ts";
import { kernelCalls } from "../../support/kernel-calls.ts";
import { random } from "../../support/random.ts";

const MOST = MOST_FRAME_BYTES - FRAME_HEADER_BYTES;
/** 40 s of voice. */
const LONGEST_MESSAGE = 160_640;

describe("the kernel's frames", () => {
  const thumb = kernelCalls(true);
  const twin = kernelCalls(false);
  const next = random(16);
  const ring = Uint8Array.from({ length: FRAME_RING_BYTES }, () => 1 + Math.floor(next() * 255));

  function check(length: number, offset: number): void {
    const voice = Array.from({ length }, (_, i) => ring[(offset + i) % FRAME_RING_BYTES]!);
    const expected = [FRAME_OPCODE, offset & 255, (offset >> 8) & 255, offset >> 16, ...voice];
    for (const kernel of [thumb, twin]) {
      const { frame, behind } = kernel.frame(ring, length, offset);
      assert.deepEqual([...frame], expected, `${length} from ${offset}`);
      assert.ok(behind.every((byte) => byte === 0), `writes behind its end: ${length} from ${offset}`);
    }
  }

  it("hold the offset and the voice from there on, across the ring's end, for every length", () => {
    for (let length = 0; length <= MOST; length++) {
      for (const offset of [0, 1, FRAME_RING_BYTES - length, FRAME_RING_BYTES - 1, FRAME_RING_BYTES]) check(length, offset);
    }
  });

  it("hold it at the end of the longest message and at random places", () => {
    check(MOST, LONGEST_MESSAGE - MOST);
    check(1, 2 ** 24 - 1);
    for (let i = 0; i < 500; i++) check(Math.floor(next() * (MOST + 1)), Math.floor(next() * LONGEST_MESSAGE));
  });

  function checkTake(bytes: number, offset: number, claimed = offset): void {
    const frame = Uint8Array.from({ length: bytes }, () => 1 + Math.floor(next() * 255));
    frame.set([FRAME_OPCODE, claimed & 255, (claimed >> 8) & 255, claimed >> 16].slice(0, bytes));
    const expected = ring.slice();
    const isFrame = bytes >= FRAME_HEADER_BYTES;
    const length = isFrame && claimed === offset ? bytes - FRAME_HEADER_BYTES : 0;
    for (let i = 0; i < length; i++) expected[(offset + i) % FRAME_RING_BYTES] = frame[FRAME_HEADER_BYTES + i]!;
    for (const kernel of [thumb, twin]) {
      const taken = kernel.take(frame, ring, offset);
      assert.equal(taken.offset, isFrame ? offset + length : -1, `${bytes} at ${offset}, claimed to be at ${claimed}`);
      assert.deepEqual([...taken.ring], [...expected], `${bytes} at ${offset}`);
      assert.ok(taken.behind.every((byte) => byte === 0), `writes behind the ring: ${bytes} at ${offset}`);
    }
  }

  it("are put into the ring where they belong, across its end, for every length", () => {
    for (let bytes = FRAME_HEADER_BYTES; bytes <= MOST_FRAME_BYTES; bytes++) {
      for (const offset of [0, FRAME_RING_BYTES - bytes, FRAME_RING_BYTES - 1, LONGEST_MESSAGE]) checkTake(bytes, offset);
    }
    for (let i = 0; i < 500; i++) checkTake(FRAME_HEADER_BYTES + Math.floor(next() * (MOST + 1)), Math.floor(next() * LONGEST_MESSAGE));
  });

  it("change nothing when they are not the next ones, or hold no voice", () => {
    for (const [offset, claimed] of [[0, 1], [124, 0], [124, 248], [256, 1], [1, 65536], [LONGEST_MESSAGE, 2 ** 24 - 1]] as const) checkTake(MOST_FRAME_BYTES, offset, claimed);
    for (const bytes of [1, 2, 3, 4]) checkTake(bytes, 0);
  });

  it("are told from everything else, which changes nothing", () => {
    for (let op = 0; op < 256; op++) {
      if (op === FRAME_OPCODE) continue;
      const other = Uint8Array.from({ length: MOST_FRAME_BYTES }, (_, i) => (i === 0 ? op : i < FRAME_HEADER_BYTES ? 0 : i));
      for (const kernel of [thumb, twin]) {
        const taken = kernel.take(other, ring, 0);
        assert.equal(taken.offset, -1, `opcode ${op}`);
        assert.deepEqual(taken.ring, ring);
      }
    }
  });

  it("are charged no fewer cycles by the simulator than the Thumb bytes take", () => {
    for (const [length, offset] of [[0, 0], [MOST, 0], [MOST, LONGEST_MESSAGE], [16, 2000], [1, LONGEST_MESSAGE]] as const) {
      const [before, predicted] = [thumb.spent.cycles, twin.spent.cycles];
      check(length, offset);
      const took = thumb.spent.cycles - before;
      const charged = twin.spent.cycles - predicted;
      assert.ok(charged >= took && charged < took * 1.3 + 30, `${length} from ${offset}: ${charged} charged, ${took} taken`);
    }
    for (const [bytes, offset] of [[FRAME_HEADER_BYTES, 0], [MOST_FRAME_BYTES, 0], [MOST_FRAME_BYTES, LONGEST_MESSAGE], [20, 2000]] as const) {
      const [before, predicted] = [thumb.spent.cycles, twin.spent.cycles];
      checkTake(bytes, offset);
      const took = thumb.spent.cycles - before;
      const charged = twin.spent.cycles - predicted;
      assert.ok(charged >= took && charged < took * 1.3 + 90, `${bytes} at ${offset}: ${charged} charged, ${took} taken`);
    }
  });
});
