// Espruino's release file: the right one is taken, every wrong one is named as what it is.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { espruinoReleases } from "../../../../boards/espruino-releases.ts";
import { boards } from "../../../../boards/index.ts";
import { nrf52840dk } from "../../../../boards/nrf52840dk.ts";
import { xiaoble } from "../../../../boards/xiaoble.ts";
import { UserError } from "../../../../tools/errors.ts";
import { readInterpreter } from "../../../../tools/production/espruino-release.ts";
import { sha256 } from "../../../../tools/production/files.ts";
import { fakeEspruino } from "../../../support/espruino-file.ts";

describe("Espruino's release file", () => {
  let folder: string;
  before(() => void (folder = mkdtempSync(join(tmpdir(), "pawlock-espruino-"))));
  after(() => rmSync(folder, { recursive: true }));

  const file = (name: string, content: Uint8Array): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const refused = (run: () => unknown, what: RegExp): void => assert.throws(run, (error) => error instanceof UserError && what.test(error.what));
  const good = fakeEspruino(xiaoble);
  const listed = [{ version: "2v29", boards: ["XIAOBLE"], sha256: { XIAOBLE: sha256(good) } }];

  it("is taken by the list's checksum, or by the one that the operator states, and says who vouches", () => {
    const path = file("good.uf2", good);
    assert.equal(readInterpreter(path, xiaoble, undefined, listed).vouchedBy, "list");
    const { vouchedBy, version, pieces } = readInterpreter(path, xiaoble, sha256(good).toUpperCase());
    assert.deepEqual([vouchedBy, version, pieces.length, pieces[0]!.address], ["operator", "2v29", 1, 0x1000]);
  });

  it("is refused without anybody's word, or against it", () => {
    const path = file("good.uf2", good);
    refused(() => readInterpreter(path, xiaoble, undefined), /nobody has vouched/);
    refused(() => readInterpreter(path, xiaoble, "0".repeat(64)), /expected 0000/);
    refused(() => readInterpreter(path, xiaoble, "0".repeat(64), listed), /expected 0000/);
    refused(() => readInterpreter(path, xiaoble, "abc"), /no SHA-256/);
    const altered = Buffer.from(good);
    altered[40]! ^= 1;
    refused(() => readInterpreter(file("altered.uf2", altered), xiaoble, undefined, listed), /has SHA-256/);
  });

  it("is refused for another board, chip, format or version, and says which it is", () => {
    const stated = "0".repeat(64);
    refused(() => readInterpreter(file("other.uf2", fakeEspruino(xiaoble, { board: "NRF52840DK" })), xiaoble, stated), /Espruino for NRF52840DK, not for XIAOBLE/);
    refused(() => readInterpreter(file("none.uf2", fakeEspruino(xiaoble, { board: "PUCKJS" })), xiaoble, stated), /no board that is known/);
    refused(() => readInterpreter(file("old.uf2", fakeEspruino(xiaoble, { version: "2v20" })), xiaoble, stated), /not one of the releases/);
    refused(() => readInterpreter(file("nightly.uf2", fakeEspruino(xiaoble, { version: "2v29.277" })), xiaoble, stated), /not one of the releases/);
    refused(() => readInterpreter(file("x.hex", fakeEspruino(nrf52840dk)), xiaoble, stated), /not what XIAOBLE takes: .uf2/);
    const family = Buffer.from(good);
    for (let at = 28; at < family.length; at += 512) family.writeUInt32LE(0x621e937a, at);
    refused(() => readInterpreter(file("family.uf2", family), xiaoble, stated), /for family 0x621e937a, not for the nRF52840/);
  });

  it("has a list that names every board's oldest release, and no checksum that is none", () => {
    for (const { id, espruino } of boards) assert.ok(espruinoReleases.some(({ version, boards: ids }) => version === espruino.minimumVersion && ids.includes(id)), id);
    for (const release of espruinoReleases) for (const sum of Object.values(release.sha256)) assert.match(sum, /^[0-9a-f]{64}$/);
  });
});
