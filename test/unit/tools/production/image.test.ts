// Production images: what is in them, who refuses them (S01), and that a board boots from them.

import assert from "node:assert/strict";
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { internalRun } from "../../../../boards/flash-map.ts";
import { boards } from "../../../../boards/index.ts";
import { microbit2 } from "../../../../boards/microbit2.ts";
import { nrf52840dk } from "../../../../boards/nrf52840dk.ts";
import { xiaoble } from "../../../../boards/xiaoble.ts";
import { UserError } from "../../../../tools/errors.ts";
import { findFile } from "../../../../sim/storage-image.ts";
import { application } from "../../../../tools/build/application.ts";
import { buildLockdown } from "../../../../tools/build/lockdown.ts";
import { provisioned, provisionedFlash } from "../../../../tools/image/storage.ts";
import { diffImages } from "../../../../tools/production/image-diff.ts";
import { verifyImage, type Policy } from "../../../../tools/production/image-verify.ts";
import { rangeOf } from "../../../../tools/production/memory-image.ts";
import { closeWorkshop, imageIn, interpreterFor, openWorkshop, type Workshop } from "../../../support/images.ts";
import { Toy, bundleOf } from "../../../support/toy.ts";

describe("an image", function () {
  this.timeout(60000);
  let shop: Workshop;
  let signed: ReturnType<typeof imageIn>;
  let lockdown: string;

  before(async () => {
    shop = openWorkshop();
    lockdown = await buildLockdown(xiaoble, xiaoble.flashMap.keyPage!);
    signed = imageIn(shop, "signed", xiaoble, { kind: "production", key: shop.key, lockdown });
  });
  after(() => closeWorkshop(shop));

  const policy = (more: Partial<Policy> = {}): Policy => ({ key: shop.publicKey, ...more });
  const refused = (path: string, what: RegExp, how = policy()): void =>
    assert.throws(() => verifyImage(path, how), (error) => error instanceof UserError && what.test(error.what) && error.remedy.length > 10);
  /** A copy of the signed image that is then spoilt. */
  const spoilt = (name: string, spoil: (path: string) => void): string => {
    const path = join(shop.folder, name);
    cpSync(signed.path, path, { recursive: true });
    spoil(path);
    return path;
  };
  const rewrite = (path: string, from: string | RegExp, to: string): void => {
    const text = readFileSync(join(path, "manifest.json"), "utf8");
    assert.notEqual(text.replace(from, to), text);
    writeFileSync(join(path, "manifest.json"), text.replace(from, to));
  };

  it("of XIAOBLE holds Espruino as published, Storage for the USB loader, and protection for a probe", () => {
    const { manifest, storage, files, isSigned } = verifyImage(signed.path, policy({ board: "XIAOBLE" }));
    assert.ok(isSigned);
    assert.deepEqual(manifest.files.map(({ role }) => role), ["interpreter", "storage", "protection", "sbom"]);
    assert.deepEqual(Buffer.from(storage), Buffer.from(provisioned(xiaoble, bundleOf(xiaoble), { boot0: lockdown, boot1: lockdown }).storage));
    for (const name of [".boot0", ".boot1"]) assert.equal(Buffer.from(findFile(storage, name)!).toString("latin1"), lockdown);
    assert.deepEqual(files.get("XIAOBLE-espruino.uf2"), interpreterFor(shop, xiaoble).file);
    assert.match(files.get("XIAOBLE-protection.hex")!.toString(), /^:020000041000EA\r?\n:0412080000FFFFFFE5\r?\n:00000001FF\r?\n$/);
    assert.deepEqual([manifest.version, manifest.firmware, manifest.key], [1002003, "1.2.3", shop.key.id]);
  });

  for (const board of [nrf52840dk, microbit2]) {
    it(`of ${board.id} is one HEX: Espruino, the whole of its areas, and nothing else`, () => {
      const { path } = imageIn(shop, `merged-${board.id}`, board);
      const { chip, storage } = verifyImage(path, { allowUnsigned: true });
      assert.deepEqual(Buffer.from(storage), Buffer.from(provisioned(board, bundleOf(board)).storage));
      const [espruino] = interpreterFor(shop, board).pieces;
      assert.deepEqual(Buffer.from(rangeOf(chip, espruino!.address, espruino!.bytes.length)), Buffer.from(espruino!.bytes));
      const areas = board.storage.pages + (internalRun(board)?.pages ?? 0);
      assert.equal(chip.reduce((sum, { bytes }) => sum + bytes.length, 0), espruino!.bytes.length + areas * 4096);
    });
  }

  it("of NRF52840DK for production is the same HEX with the lock-down text and the word that forbids reading back", async () => {
    const { address, value } = nrf52840dk.chip.readbackProtection;
    const locked = await buildLockdown(nrf52840dk, nrf52840dk.flashMap.keyPage!);
    const { path, manifest } = imageIn(shop, "dk", nrf52840dk, { kind: "production", key: shop.key, lockdown: locked });
    const { chip, storage } = verifyImage(path, policy({ board: "NRF52840DK" }));
    assert.deepEqual(manifest.files.map(({ role }) => role), ["merged", "sbom"]);
    assert.equal(Buffer.from(rangeOf(chip, address, 4)).readUInt32LE(), value);
    assert.equal(Buffer.from(findFile(storage, ".boot0")!).toString("latin1"), locked);
    assert.ok(chip.every(({ address: from, bytes }) => from === address || from + bytes.length <= nrf52840dk.chip.flashBytes));
  });

  it("S13: holds no link or domain of anybody, in no part that reaches a toy, on any board", () => {
    const areas = [verifyImage(signed.path, policy()).storage, ...boards.flatMap((board) => {
      const { storage, flash } = provisionedFlash(board, { application: application(board, bundleOf(board)) });
      return [storage, ...flash.map(({ bytes }) => bytes)];
    })];
    assert.ok(areas.some((area) => Buffer.from(area).includes("pawlockSlot")));
    for (const area of areas) assert.doesNotMatch(Buffer.from(area).toString("latin1"), /https?:|www\.|\b[a-z0-9-]+\.(com|org|net|io)\b/i);
  });

  it("boots the simulated board", () => {
    const { storage } = verifyImage(signed.path, policy());
    Toy.awake({ storage }).hold(1500).wait(3000).assertHealthy();
    const bench = verifyImage(join(shop.folder, "dk"), policy());
    const beside = internalRun(nrf52840dk)!;
    const flash = [{ address: beside.base, bytes: rangeOf(bench.chip, beside.base, beside.pages * 4096) }];
    assert.equal(Toy.awake({ board: nrf52840dk, storage: bench.storage, flash }).hold(1500).wait(3000).assertHealthy().messages().length, 1);
  });

  describe("S01: is refused when", () => {
    it("it is not signed, loudly taken only on the bench, and never for production", () => {
      const { path } = imageIn(shop, "unsigned", xiaoble);
      refused(path, /^key: .*not signed/);
      refused(path, /^key: .*not signed/, {});
      assert.equal(verifyImage(path, { allowUnsigned: true }).isSigned, false);
      const bare = spoilt("bare", (copy) => {
        rmSync(join(copy, "manifest.sig"));
        rewrite(copy, /"key": ".*"/, '"key": null');
      });
      refused(bare, /^key: a production image is not signed/, { allowUnsigned: true });
      refused(signed.path, /^key: .*no key was given/, { allowUnsigned: true });
    });

    it("another key signed it", () => {
      refused(signed.path, /^key: .*not by 0123/, { key: { ...shop.publicKey, id: "0123456789abcdef" } });
      refused(signed.path, /^manifest.sig/, { key: { ...shop.publicKey, bytes: new Uint8Array(32) } });
    });

    it("any field of the manifest was altered", () => {
      const text = readFileSync(join(signed.path, "manifest.json"), "utf8");
      const path = spoilt("field", () => undefined);
      for (const line of text.split("\n")) {
        const altered = line.replace(/[0-9](?=[0-9a-f"]*,?$)/, (digit) => String((Number(digit) + 1) % 10)).replace("production", "development");
        if (altered === line) continue;
        writeFileSync(join(path, "manifest.json"), text.replace(line, altered));
        refused(path, /^(manifest\.|key:)/);
      }
    });

    it("a file was altered, truncated, removed, added or led elsewhere", () => {
      for (const { name } of signed.manifest.files) {
        refused(spoilt(`altered-${name}`, (path) => {
          const bytes = readFileSync(join(path, name));
          bytes[bytes.length >> 1]! ^= 1;
          writeFileSync(join(path, name), bytes);
        }), new RegExp(`^${name}: .*altered`));
        refused(spoilt(`short-${name}`, (path) => truncateSync(join(path, name), 10)), new RegExp(`^${name}: .*truncated`));
        refused(spoilt(`gone-${name}`, (path) => rmSync(join(path, name))), /ENOENT/);
      }
      refused(spoilt("more", (path) => writeFileSync(join(path, "autorun.inf"), "")), /autorun.inf/);
      refused(spoilt("traversal", (path) => rewrite(path, '"XIAOBLE-storage.bin"', '"../signed/XIAOBLE-storage.bin"')), /^manifest.json .*name/);
      refused(spoilt("no-signature", (path) => rmSync(join(path, "manifest.sig"))), /ENOENT/);
      refused(spoilt("cut-signature", (path) => truncateSync(join(path, "manifest.sig"), 7855)), /^manifest.sig/);
    });

    it("it is for another board, or older than what is accepted", () => {
      refused(signed.path, /^board: .*XIAOBLE, not for NRF52840DK/, policy({ board: "NRF52840DK" }));
      refused(signed.path, /^version: 1002003 .*older than 1002004/, policy({ minimumVersion: 1002004 }));
      refused(signed.path, /^version: .*older/, { key: { ...shop.publicKey, minimumVersion: 1002004 } });
      assert.ok(verifyImage(signed.path, policy({ minimumVersion: 1002003 })));
    });

    it("its files do not hold what its manifest says, though the signature is right", () => {
      const other = imageIn(shop, "other-storage", xiaoble, { bundle: `${bundleOf(xiaoble)};` });
      const path = join(shop.folder, "mixed");
      const [storage] = other.manifest.files.filter(({ role }) => role === "storage");
      const text = JSON.stringify({ ...signed.manifest, key: null, kind: "development", files: signed.manifest.files.map((file) => (file.role === "storage" ? storage : file)) }, null, 2);
      mkdirSync(path);
      for (const { name } of signed.manifest.files) copyFileSync(join(name === storage!.name ? other.path : signed.path, name), join(path, name));
      writeFileSync(join(path, "manifest.json"), `${text}\n`);
      refused(path, /^storage: /, { allowUnsigned: true });
    });

    it("its parts are not what its area holds", () => {
      const { manifest } = imageIn(shop, "parts", xiaoble);
      for (const part of manifest.parts) {
        const text = JSON.stringify({ ...manifest, parts: manifest.parts.map((one) => (one === part ? { ...one, sha256: "0".repeat(64) } : one)) }, null, 2);
        writeFileSync(join(shop.folder, "parts", "manifest.json"), `${text}\n`);
        refused(join(shop.folder, "parts"), new RegExp(`^parts: ${part.name.replace(".", "\\.")} `), { allowUnsigned: true });
      }
    });

    it("S06: it names files outside of its folder", () => {
      for (const name of ["../key", "/etc/passwd", "..", "C:\\\\x", "a/b", ".hidden", "a\\u0000b", ""]) {
        const path = spoilt("names", (copy) => rewrite(copy, '"XIAOBLE-storage.bin"', `"${name}"`));
        refused(path, /^manifest.json .*name/);
        rmSync(path, { recursive: true });
      }
    });

    it("its manifest is none", () => {
      const path = spoilt("junk", () => undefined);
      for (const text of ["", "null", "[]", "{", '{"format":2}', "\u0000", "x".repeat(100000), readFileSync(join(signed.path, "manifest.json"), "utf8") + " "]) {
        writeFileSync(join(path, "manifest.json"), text);
        refused(path, /manifest/);
      }
    });
  });

  describe("is not built for production", () => {
    const built = (change: object): (() => unknown) => () => imageIn(shop, "none", xiaoble, { kind: "production", key: shop.key, lockdown, ...change });
    it("for a bench board that cannot be locked, and says why", () => {
      assert.throws(
        () => imageIn(shop, "none", microbit2, { kind: "production", key: shop.key }),
        (error) => error instanceof UserError && /^MICROBIT2 has no production image: .*radio stack/.test(error.what) && /--dev/.test(error.remedy),
      );
    });
    it("without a key, a lock, or from changes that nobody committed", () => {
      assert.throws(built({ lockdown: undefined }), /XIAOBLE has no production image/);
      assert.throws(built({ key: undefined }), /signed/);
      assert.throws(built({ source: { firmware: "1.2.3", commit: "0".repeat(40), changed: ["tools/x.ts"] } }), /not as committed: tools\/x.ts$/m);
      assert.ok(!existsSync(join(shop.folder, "none")));
    });
    it("over an image that is there", () => {
      assert.throws(() => imageIn(shop, "signed", xiaoble), /exists already/);
      assert.ok(verifyImage(signed.path, policy()));
    });
  });

  describe("compared with another", () => {
    const changes = (change: Parameters<typeof imageIn>[3], board = xiaoble): string => {
      const paths = ["before", "after"].map((name, i) => imageIn(shop, `${name}-${Object.keys(change ?? {})}`, board, i === 0 ? {} : change).path);
      const [before, after] = paths.map((path) => verifyImage(path, { allowUnsigned: true }));
      return diffImages(before!, after!).map(({ what, before: a, after: b }) => `${what} | ${a} | ${b}`).join("\n");
    };

    it("is the same when nothing changed", () => assert.equal(changes({}), ""));

    it("is explained by the text that changed in the bundle", () => {
      const bundle = bundleOf(nrf52840dk);
      const told = changes({ bundle: bundle.replace("getTime()", "getTimE()") }, nrf52840dk);
      assert.match(told, /^buildId \|/m);
      assert.match(told, /^part bundle \| \d+ bytes; byte \d+: .*getTime\(\).* \| \d+ bytes; byte \d+: .*getTimE\(\)/m);
      assert.match(told, /^application, 0x[0-9a-f]+ to 0x[0-9a-f]+: \d+ bytes/m);
      assert.doesNotMatch(told, /interpreter/);
    });

    it("is explained by interpreter, version and commit", () => {
      const told = changes({ interpreter: interpreterFor(shop, xiaoble, { seed: 2 }), source: { firmware: "1.2.4", commit: "f".repeat(40), changed: ["tools/x.ts"] } });
      for (const expected of [/^version \| 1002003 \| 1002004$/m, /^commit \| .* \| f{40}\+$/m, /^espruino.sha256/m, /^file XIAOBLE-espruino.uf2 \| 16384 bytes, SHA-256 [0-9a-f]{16}\.\.\. \| 16384 bytes/m, /^file sbom.cdx.json \| /m, /^interpreter, 0x1000 to 0x2fff: \d+ bytes/m]) assert.match(told, expected);
    });
  });
});
