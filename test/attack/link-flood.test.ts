// A phone of the family, in bad hands, that says more than a toy can hear.

import assert from "node:assert/strict";
import { OP_STATE, REQUEST } from "../../firmware/link/protocol.ts";
import { observed } from "../support/attack-table.ts";
import { family } from "../support/paired.ts";
import { assertPromisesKept, tone } from "../support/toy.ts";

describe("A phone of the family that floods the toy", () => {
  afterEach(assertPromisesKept);

  for (const [perSecond, everyUs] of [[30, 33_000], [50, 20_000]] as const) {
    it(`T36 with ${perSecond} requests a second finds its master in the paw: the child's message is kept`, () => {
      const { toy, phone } = family({ intervalMs: 7.5 });
      const { central } = phone;
      const handle = central.gatt.find(REQUEST.replaceAll("-", ""))!.handle;
      let sent = 0;
      const flood = (): void => {
        if (!central.isConnected) return;
        central.gatt.writeCommand(handle, Uint8Array.of(OP_STATE, sent++ & 0xff, 0, 0, 0));
        central.after(everyUs, flood);
      };
      flood();
      toy.wait(1000).speak(tone(440, 3), 400).hold(3000).wait(2500);
      assert.ok(sent > 90, String(sent));
      assert.equal(toy.messages().length, 1);
      observed("T36", `a family phone's ${perSecond} requests a second`, `${sent} sent, the message is whole`);
    });
  }
});
