// The station at its board port, in virtual time: twenty units, hostile boards (S05), a full disk, and a station that is killed
// before each thing that it writes down.
// Over 300 lines: one station and its fake boards serve all of it.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sinon from "sinon";
import { xiaoble } from "../../../../boards/xiaoble.ts";
import { identityRecord, parseIdentity } from "../../../../tools/production/identity.ts";
import type { VerifiedImage } from "../../../../tools/production/image-verify.ts";
import { Ledger, type RunRow } from "../../../../tools/production/ledger.ts";
import { parseLimits } from "../../../../tools/production/limits.ts";
import { Station, type StationParts } from "../../../../tools/production/station.ts";
import { STEPS } from "../../../../tools/production/unit-run.ts";
import { FakeBoard, FakeLine, type FakeBoardOptions } from "../../../support/fake-boards.ts";

const image = { board: xiaoble, digest: "d".repeat(64), manifest: { kind: "production", board: "XIAOBLE", version: 7, espruino: { version: "2v29" } } } as unknown as VerifiedImage;
const limits = parseLimits('{"kernel": {"is": true}, "battery": {"atLeast": 3500, "atMost": 4300, "unit": "mV"}}', "limits.json");
const chipOf = (i: number): string => i.toString(16).padStart(16, "0");
/** A production run takes this long, and some. */
const UNIT_MS = 35000;

class Killed extends Error {}

describe("the station", function () {
  this.timeout(60000);
  let clock: sinon.SinonFakeTimers;
  let folder: string;
  let files = 0;
  let said: string[];
  before(() => void (folder = mkdtempSync(join(tmpdir(), "pawlock-station-"))));
  after(() => rmSync(folder, { recursive: true }));
  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    said = [];
  });
  afterEach(() => clock.restore());

  function makeLedger(path = join(folder, `station-${files++}.db`)): Ledger {
    const ledger = new Ledger(path);
    ledger.count("PW", "Pawlock", "brown");
    return ledger;
  }

  interface Running {
    readonly stop: () => Promise<void>;
    readonly ended: Promise<unknown>;
  }

  function start(line: FakeLine, ledger: Ledger, more: Partial<StationParts> = {}): Running {
    const stop = new AbortController();
    const station = new Station({ ledger, image, limits, now: () => Date.now(), say: (port, text) => void said.push(`[${port}] ${text}`), chips: new Set(), name: "north", ports: line, ...more });
    const ended = station.run(stop.signal).catch((error: unknown) => error);
    return {
      ended,
      stop: async () => {
        stop.abort();
        await clock.tickAsync(UNIT_MS * 40);
        assert.equal(await ended, undefined);
      },
    };
  }

  const runsOf = (ledger: Ledger, chip: string): RunRow[] => ledger.runs().filter((run) => run.chip === chip);

  it("takes twenty boards at once from blank to sealed, each with its own serial", async () => {
    const line = new FakeLine();
    const ledger = makeLedger();
    const boards = Array.from({ length: 20 }, (_, i) => new FakeBoard({ chip: chipOf(i) }));
    const station = start(line, ledger);
    boards.forEach((board, i) => line.plug(`tty${i}`, board));
    await clock.tickAsync(UNIT_MS);
    assert.ok(boards.every(({ isSealed }) => isSealed));
    const serials = boards.map(({ record }) => parseIdentity(record!)!.serial);
    assert.equal(new Set(serials).size, 20);
    for (const { options, writes } of boards) {
      const [run, ...more] = runsOf(ledger, options.chip);
      assert.deepEqual([run!.verdict, more.length, run!.serial !== null], ["passed", 0, true]);
      assert.deepEqual(ledger.steps(run!.id).map(({ name, outcome }) => `${name} ${outcome}`), STEPS.map((name) => `${name} passed`));
      assert.deepEqual(writes, ["install", "provision", "seal"]);
    }
    await station.stop();
    ledger.close();
  });

  it("begins again with a board only after it was unplugged, and knows one that has passed", async () => {
    const line = new FakeLine();
    const ledger = makeLedger();
    const weak = new FakeBoard({ chip: chipOf(1), faults: { selftest: "weak" } });
    const good = new FakeBoard({ chip: chipOf(2) });
    const station = start(line, ledger);
    line.plug("a", weak);
    line.plug("b", good);
    await clock.tickAsync(UNIT_MS * 3);
    assert.equal(ledger.runs().length, 2);
    for (const [path, board] of [["a", weak], ["b", good]] as const) {
      line.unplug(path);
      await clock.tickAsync(5000);
      line.plug(path, board);
      await clock.tickAsync(UNIT_MS);
    }
    assert.deepEqual(ledger.runs().map(({ chip, verdict, cause, serial }) => [chip, verdict, cause, serial]), [
      [chipOf(1), "failed", "selftest: limits", "PW-000001"],
      [chipOf(2), "passed", null, "PW-000002"],
      [chipOf(1), "failed", "selftest: limits", "PW-000001"],
    ]);
    assert.ok(said.some((line) => line.includes("PW-000002 has passed: unplug it")));
    assert.ok(said.some((line) => line.includes("battery is 3100 mV, allowed 3500 to 4300")));
    await station.stop();
    ledger.close();
  });

  it("takes a board that vanished anew as soon as it is back, and knows its serial from before", async () => {
    const line = new FakeLine();
    const ledger = makeLedger();
    ledger.reserve(chipOf(1), 0);
    const board = new FakeBoard({ chip: chipOf(1), faults: { install: "vanish" } });
    const station = start(line, ledger);
    line.plug("a", board);
    while (board.isPlugged) await clock.tickAsync(100);
    await clock.tickAsync(600);
    board.mend();
    line.plug("a", board);
    await clock.tickAsync(UNIT_MS);
    assert.deepEqual(ledger.runs().map(({ verdict, cause, serial }) => `${verdict} ${cause} ${serial}`), ["failed install: vanished PW-000001", "passed null PW-000001"]);
    await station.stop();
    ledger.close();
  });

  describe("S05: given boards that misbehave, fails each for its own reason and goes on:", () => {
    const record = identityRecord({ serial: "XX-000001", name: "Other", colour: "red" });
    const cases: [string, string, FakeBoardOptions["faults"], Partial<FakeBoardOptions>?][] = [
      ["vanishes while it is identified", "identify: vanished", { identify: "vanish" }],
      ["vanishes half installed", "install: vanished", { install: "vanish" }],
      ["vanishes while it is sealed", "seal: vanished", { seal: "vanish" }],
      ["never answers", "connect: timeout", { connect: "hang" }],
      ["never ends its installation", "install: timeout", { install: "hang" }],
      ["never lets go", "selftest: limits", { selftest: "weak", close: "hang" }],
      ["reads back another checksum", "install: damaged", { install: "crc" }],
      ["reads back another record", "provision: damaged", { provision: "crc" }],
      ["has escape sequences for a name", "identify: foreign", { identify: "escape" }],
      ["has 100 KB for a chip's number", "identify: garbled", { identify: "garble" }],
      ["is another board", "identify: foreign", { identify: "wrong-board" }],
      ["runs an old Espruino", "identify: foreign", { identify: "old" }],
      ["is too weak", "selftest: limits", { selftest: "weak" }],
      ["answers its self-test without end", "selftest: garbled", { selftest: "endless" }],
      ["answers its self-test with escape sequences", "selftest: limits", { selftest: "escape" }],
      ["still answers when it is sealed", "check: open", { seal: "stay-open" }],
      ["bears a serial that is not its own", "identify: serial", {}, { record }],
      ["bears a record that is none", "identify: garbled", {}, { record: Buffer.from("{") }],
    ];

    it(`${cases.length} kinds, with two good ones between them`, async () => {
      const line = new FakeLine();
      const ledger = makeLedger();
      const station = start(line, ledger);
      line.plug("good-1", new FakeBoard({ chip: chipOf(1) }));
      cases.forEach(([, , faults, more], i) => line.plug(`bad-${i}`, new FakeBoard({ chip: chipOf(100 + i), faults: faults!, ...more })));
      line.plug("good-2", new FakeBoard({ chip: chipOf(2) }));
      await clock.tickAsync(UNIT_MS * 40);
      const causes = new Map(ledger.runs().map((run) => [run.port, `${run.verdict} ${run.cause ?? ""}`]));
      cases.forEach(([what, cause], i) => assert.equal(causes.get(`bad-${i}`), `failed ${cause}`, what));
      assert.deepEqual([causes.get("good-1"), causes.get("good-2")], ["passed ", "passed "]);
      await station.stop();
      // Neither the terminal nor the ledger ever holds what would steer a terminal, and nothing is without bounds.
      const kept = [...said, ...ledger.steps().map(({ detail }) => detail ?? ""), ...ledger.runs().map((run) => `${run.chip} ${run.cause}`)];
      for (const text of kept) assert.ok(/^[\x20-\x7e]*$/.test(text) && text.length < 500, JSON.stringify(text.slice(0, 100)));
      ledger.close();
    });

    it("two boards that claim one chip: one serial, one pass", async () => {
      const line = new FakeLine();
      const ledger = makeLedger();
      const station = start(line, ledger);
      for (const path of ["a", "b", "c"]) line.plug(path, new FakeBoard({ chip: chipOf(1), usbId: undefined }));
      await clock.tickAsync(UNIT_MS);
      line.plug("d", new FakeBoard({ chip: chipOf(1), usbId: undefined }));
      await clock.tickAsync(UNIT_MS);
      assert.deepEqual(ledger.runs().map(({ verdict, cause }) => `${verdict} ${cause}`), ["passed null", "failed identify: serial", "failed identify: serial", "failed identify: serial"]);
      assert.equal(ledger.units().length, 1);
      await station.stop();
      ledger.close();
    });
  });

  it("gives a development image no serial and no seal", async () => {
    const line = new FakeLine();
    const ledger = makeLedger();
    const board = new FakeBoard({ chip: chipOf(1) });
    const station = start(line, ledger, { image: { ...image, manifest: { ...image.manifest, kind: "development" } } });
    line.plug("a", board);
    await clock.tickAsync(UNIT_MS);
    assert.deepEqual([ledger.runs()[0]!.verdict, board.isSealed, board.record, ledger.units().length], ["bench", false, undefined, 0]);
    await station.stop();
    ledger.close();
  });

  it("fails units when serials run out, says why, and goes on when there are more", async () => {
    const line = new FakeLine();
    const ledger = new Ledger(join(folder, `station-${files++}.db`));
    const board = new FakeBoard({ chip: chipOf(1) });
    const station = start(line, ledger);
    line.plug("a", board);
    await clock.tickAsync(UNIT_MS);
    line.unplug("a");
    ledger.plan([{ serial: "NEW-1", name: "Bear", colour: "white" }]);
    await clock.tickAsync(5000);
    line.plug("a", board);
    await clock.tickAsync(UNIT_MS);
    assert.deepEqual(ledger.runs().map(({ verdict, cause, serial }) => [verdict, cause, serial]), [["failed", "provision: refused", null], ["passed", null, "NEW-1"]]);
    await station.stop();
    ledger.close();
  });

  it("waits when ports cannot be listed", async () => {
    const line = new FakeLine();
    const ledger = makeLedger();
    line.listFault = new Error("no bus");
    const station = start(line, ledger);
    line.plug("a", new FakeBoard({ chip: chipOf(1) }));
    await clock.tickAsync(2000);
    line.listFault = undefined;
    await clock.tickAsync(UNIT_MS);
    assert.equal(ledger.runs()[0]!.verdict, "passed");
    await station.stop();
    ledger.close();
  });

  it("with a full disk begins no unit and seals none, says so once, fails those at work, and goes on when there is room", async () => {
    const line = new FakeLine();
    const ledger = makeLedger();
    const boards = Array.from({ length: 4 }, (_, i) => new FakeBoard({ chip: chipOf(i) }));
    const station = start(line, ledger);
    boards.slice(0, 2).forEach((board, i) => line.plug(`tty${i}`, board));
    await clock.tickAsync(10000);
    ledger.limitPages(1);
    // What is left of the last pages is used up.
    for (const filler of ["x".repeat(200), "x"]) {
      assert.throws(() => {
        for (;;) ledger.startStep(1, filler, 0);
      });
    }
    assert.throws(() => {
      for (;;) ledger.startRun({ station: "n", port: "p", usbId: undefined, board: "b", image: "i", version: 1 }, 0);
    });
    boards.slice(2).forEach((board, i) => line.plug(`tty${i + 2}`, board));
    await clock.tickAsync(UNIT_MS * 3);
    assert.ok(boards.every(({ isSealed }) => !isSealed));
    assert.equal(said.filter((text) => /station\] the ledger cannot be written/.test(text)).length, 1);
    ledger.limitPages(100000);
    await clock.tickAsync(UNIT_MS);
    assert.deepEqual(runsOf(ledger, chipOf(0)).map(({ verdict }) => verdict), ["failed"]);
    assert.deepEqual([2, 3].map((i) => runsOf(ledger, chipOf(i)).map(({ verdict }) => verdict).join()), ["passed", "passed"]);
    await station.stop();
    ledger.close();
  });

  it("killed before or after anything that it writes down, loses no unit, no serial, no verdict", async () => {
    let calls = Infinity;
    for (let killAt = 1; killAt < calls; killAt++) {
      const path = join(folder, `killed-${killAt}.db`);
      const line = new FakeLine();
      const boards = [new FakeBoard({ chip: chipOf(1) })];
      boards.forEach((board, i) => line.plug(`tty${i}`, board));
      const first = makeLedger(path);
      let count = 0;
      const dying = new Proxy(first, {
        get: (target, name: keyof Ledger) => {
          const method = target[name] as (...args: unknown[]) => unknown;
          return (...args: unknown[]) => {
            if (++count >= killAt) throw new Killed();
            return method.apply(target, args);
          };
        },
      });
      const killed = start(line, dying);
      await clock.tickAsync(UNIT_MS);
      first.close();
      if (count < killAt) calls = killAt;
      else assert.ok((await killed.ended) instanceof Killed);
      for (const board of boards) board.hangUp();

      const ledger = new Ledger(path);
      const station = start(line, ledger);
      await clock.tickAsync(UNIT_MS);
      const passed = ledger.runs().filter(({ verdict }) => verdict === "passed");
      assert.deepEqual(passed.map(({ chip }) => chip), [chipOf(1)], `killed at call ${killAt}`);
      assert.equal(ledger.units().length, 1);
      for (const board of boards) {
        const unit = ledger.unitOfChip(board.options.chip)!;
        assert.equal(parseIdentity(board.record!)!.serial, unit.serial);
        assert.ok(board.isSealed);
        assert.equal(passed.filter(({ serial }) => serial === unit.serial).length, 1);
      }
      assert.deepEqual(ledger.openRuns("north"), []);
      if (calls < Infinity) await killed.stop();
      await station.stop();
      ledger.close();
    }
    assert.ok(calls > 20 && calls < 200, `${calls}`);
  });
});
