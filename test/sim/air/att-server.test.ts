// The ATT server's answers to packets right and wrong (Core Specification Vol 3 Part F), and the table's handles.

import assert from "node:assert/strict";
import { AttServer, type AttLink } from "../../../sim/air/att-server.ts";
import { AttributeTable, PROPERTY, type Permission } from "../../../sim/air/attributes.ts";
import { random } from "../../support/random.ts";

function server(link: Partial<AttLink> = {}): { ask(...pdu: number[]): string; written: string[] } {
  const table = new AttributeTable(Buffer.from("XIAOBLE 0000"), new Uint8Array(8));
  const characteristic = (uuid: string, permission: Permission): object => ({
    uuid,
    properties: PROPERTY.read | PROPERTY.write | PROPERTY.notify,
    read: permission,
    write: permission,
    value: Buffer.from("0123456789abcdef0123456789abcdef"),
    maxLength: 40,
  });
  table.add({ uuid: "180f", characteristics: [characteristic("2a19", 1), characteristic("2a29", 4)] as never });
  const written: string[] = [];
  const att = new AttServer(table, {
    mtu: 23,
    serverMtu: 131,
    level: 1,
    keyBytes: 0,
    hasKey: false,
    cccd: () => 0,
    written: (attribute, data) => written.push(`${attribute.handle}:${Buffer.from(data).toString("hex")}`),
    confirmed: () => undefined,
    ...link,
  });
  return { ask: (...pdu) => Buffer.from(att.handle(Uint8Array.from(pdu)) ?? []).toString("hex"), written };
}

describe("ATT server", () => {
  const { ask, written } = server();
  const rows: readonly [what: string, pdu: readonly number[], answer: string][] = [
    ["agrees on the smaller MTU", [0x02, 200, 0], "038300"],
    ["lists services by group", [0x10, 1, 0, 255, 255, 0x00, 0x28], "1106" + "010009000018" + "0a000a000118" + "0b0011000f18"],
    ["has no group of characteristics", [0x10, 1, 0, 255, 255, 0x03, 0x28], "0110010010"],
    ["ends a list with attribute not found", [0x10, 0x12, 0, 255, 255, 0x00, 0x28], "011012000a"],
    ["finds a service by its value", [0x06, 1, 0, 255, 255, 0x00, 0x28, 0x0f, 0x18], "070b001100"],
    ["lists types of attributes", [0x04, 0x0a, 0, 0x0c, 0], "0501" + "0a000028" + "0b000028" + "0c000328"],
    ["refuses handle 0 and a range that runs backwards", [0x04, 9, 0, 3, 0], "0104090001"],
    ["reads on from an offset", [0x0c, 0x0d, 0, 30, 0], "0d6566"],
    ["refuses an offset past the end", [0x0c, 0x0d, 0, 33, 0], "010c0d0007"],
    ["refuses a handle that is not there", [0x0a, 0x77, 0], "010a770001"],
    ["refuses to write a declaration", [0x12, 0x0c, 0, 1], "01120c0003"],
    ["refuses too long a value", [0x12, 0x0d, 0, ...new Array<number>(41).fill(1)], "01120d000d"],
    ["refuses a switch that is not two bytes", [0x12, 0x0e, 0, 1], "01120e000d"],
    ["refuses what is secured", [0x0a, 0x10, 0], "010a100005"],
    ["refuses queued writes: nobody lent it memory", [0x16, 0x0d, 0, 0, 0, 1], "01160d0009"],
    ["takes their execution for nothing", [0x18, 1], "19"],
    ["refuses a packet of the wrong length", [0x0a, 1], "010a000004"],
    ["refuses opcodes that it does not know", [0x3f, 1, 2], "013f000006"],
    ["says nothing to commands, not even to unknown ones", [0x7f, 1], ""],
    ["says nothing to a confirmation", [0x1e], ""],
    ["says nothing to signed writes", [0xd2, 0x0d, 0, 1], ""],
  ];
  for (const [what, pdu, answer] of rows) it(what, () => assert.equal(ask(...pdu), answer));

  it("writes with and without response, and lets an open value be read by all", () => {
    assert.equal(ask(0x12, 0x0d, 0, 7), "13");
    assert.equal(ask(0x52, 0x0d, 0, 8), "");
    assert.equal(ask(0x0a, 0x0d, 0), "0b08");
    assert.deepEqual(written, ["13:07", "13:08"]);
  });

  it("tells what a link lacks", () => {
    const error = (link: Partial<AttLink>): string => server(link).ask(0x0a, 0x10, 0).slice(-2);
    assert.deepEqual(
      [error({}), error({ hasKey: true }), error({ level: 2, keyBytes: 16 }), error({ level: 3, keyBytes: 7 }), error({ level: 3, keyBytes: 16 })],
      ["05", "0f", "05", "0c", "05"],
    );
    assert.equal(server({ level: 4, keyBytes: 16 }).ask(0x0a, 0x10, 0).slice(0, 2), "0b");
  });

  it("answers every packet within the MTU, and only opened values change", () => {
    const chance = random(7);
    const fuzzed = server();
    for (let i = 0; i < 20_000; i++) {
      const pdu = Array.from({ length: 1 + Math.floor(chance() * 24) }, () => Math.floor(chance() * 256));
      if (chance() < 0.7) pdu[0] = [0x04, 0x06, 0x08, 0x0a, 0x0c, 0x0e, 0x10, 0x12, 0x16, 0x18, 0x52][Math.floor(chance() * 11)]!;
      if (chance() < 0.7 && pdu.length > 2) [pdu[1], pdu[2]] = [Math.floor(chance() * 20), 0];
      if (pdu[0] === 0x02) continue;
      assert.ok(fuzzed.ask(...pdu).length <= 2 * 23);
    }
    assert.ok(fuzzed.written.length > 0 && fuzzed.written.every((line) => ["13", "14", "17"].includes(line.split(":")[0]!)), "only the open value and the switches");
  });
});
