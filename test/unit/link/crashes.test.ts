// Boots that nobody wanted: when the radio stays asleep, and until when.

import assert from "node:assert/strict";
import { EVENT_CRASH } from "../../../firmware/link/protocol.ts";
import { RECORD_COUNTERS } from "../../../firmware/messages/records.ts";
import { linkRig, type LinkRig } from "../../support/link-rig.ts";

describe("a toy that keeps coming up", () => {
  let rig: LinkRig;
  beforeEach(() => {
    rig = linkRig();
  });
  afterEach(() => rig.time.restore());

  it("sleeps after three crashes within an hour, until the paw is pressed", () => {
    for (let crash = 1; crash <= 3; crash++) {
      rig.reboot(false);
      assert.equal(rig.radio.isAwake, crash < 3, `crash ${crash}`);
    }
    const written = rig.records.get(RECORD_COUNTERS);
    rig.time.tick(3_600_000);
    assert.equal(rig.radio.isAwake, false, "however long");
    assert.equal(rig.records.get(RECORD_COUNTERS), written, "and nothing wears");
    rig.link.pawPressed();
    rig.time.tick(1000);
    assert.deepEqual(rig.journal.filter(({ event }) => event === EVENT_CRASH).map(({ detail }) => detail), [1, 2, 3]);
    assert.equal(rig.radio.isAwake, true);
    rig.reboot(false);
    assert.equal(rig.radio.isAwake, true, "it counts anew");
  });

  it("forgets boots once it has run for twenty minutes", () => {
    for (let boot = 0; boot < 6; boot++) {
      rig.reboot(false);
      assert.equal(rig.radio.isAwake, true, `boot ${boot + 1}`);
      rig.time.tick(1_201_000);
    }
  });
});
