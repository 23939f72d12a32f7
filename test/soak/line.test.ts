// A day at the line: 1,000 units over twenty sockets, some of them faulty, and the station's process killed 100 times at random.
// Nothing is lost, nothing is there twice. And 100,000 serials and as many toys' keys, no two the same (S03).

import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { KEY_WORD_CHECK } from "../../firmware/boot/key-words.ts";
import { KEY_WORD_KEY, createKeyPage } from "../../firmware/messages/key-page.ts";
import { OK, type Entropy, type Flash, type NativeCode } from "../../hal/contract.ts";
import { BoardFault } from "../../tools/production/board-port.ts";
import { parseIdentity } from "../../tools/production/identity.ts";
import { Ledger } from "../../tools/production/ledger.ts";
import { FakeBoard, FakeLine, type FakeBoardOptions } from "../support/fake-boards.ts";
import { random } from "../support/random.ts";
import type { Answer, Call, Told } from "./line-station.ts";

const UNITS = 1000;
const SOCKETS = 20;
const KILLS = 100;
/** Boards here are so many times faster than the ones of the virtual line. */
const HASTE = 200;
const FAULTS: NonNullable<FakeBoardOptions["faults"]>[] = [{ install: "vanish" }, { install: "crc" }, { provision: "crc" }, { selftest: "weak" }, { seal: "vanish" }, { identify: "escape" }];

describe("the line, for a day,", () => {
  let folder: string;
  before(() => void (folder = mkdtempSync(join(tmpdir(), "pawlock-line-"))));
  after(() => rmSync(folder, { recursive: true }));

  it(`makes ${UNITS} units over ${SOCKETS} sockets though its station is killed ${KILLS} times`, async () => {
    const path = join(folder, "line.db");
    const first = new Ledger(path);
    first.count("PW", "Pawlock", "brown");
    first.close();
    const next = random(15);
    const line = new FakeLine();
    const all: FakeBoard[] = [];
    const passed = new Set<FakeBoard>();
    /** A new board, or none when all are made; one in twenty fails its first time. */
    const plugNew = (socket: string): void => {
      if (all.length === UNITS) return;
      const chip = all.length.toString(16).padStart(16, "0");
      const faults = next() < 0.05 ? FAULTS[Math.floor(next() * FAULTS.length)]! : {};
      const board = new FakeBoard({ chip, faults, haste: HASTE });
      all.push(board);
      line.plug(socket, board);
    };
    /** The operator: takes what has passed, mends what failed, and puts in the next. */
    const serve = (socket: string, said: string): void => {
      const board = line.boards.get(socket);
      if (!board || !/^(PASSED|FAILED)|unplug it/.test(said)) return;
      if (said.startsWith("FAILED")) return mend(socket, board);
      line.unplug(socket);
      passed.add(board);
      plugNew(socket);
    };
    const mend = (socket: string, board: FakeBoard): void => {
      line.unplug(socket);
      board.mend();
      setTimeout(() => line.plug(socket, board), 4000);
    };
    for (let i = 0; i < SOCKETS; i++) plugNew(`tty${i}`);

    // Spread over the day, the last station lives.
    for (let kill = 1; kill <= KILLS + 1; kill++) {
      const target = Math.floor((UNITS * kill) / (KILLS + 1));
      const child = start(path, line, serve);
      const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
      await until(() => {
        // One that went away while nobody was there to say so.
        for (const [socket, board] of line.boards) if (!board.isPlugged) mend(socket, board);
        return passed.size >= target || child.exitCode !== null;
      });
      assert.equal(child.exitCode, null, "the station ended by itself");
      if (kill <= KILLS) await new Promise((resolve) => setTimeout(resolve, next() * 1000));
      child.kill("SIGKILL");
      await ended;
      for (const board of line.boards.values()) board.hangUp();
    }

    const ledger = new Ledger(path);
    const runs = ledger.runs();
    const passes = runs.filter(({ verdict }) => verdict === "passed");
    assert.equal(passes.length, UNITS);
    assert.equal(new Set(passes.map(({ serial }) => serial)).size, UNITS);
    assert.equal(new Set(passes.map(({ chip }) => chip)).size, UNITS);
    for (const board of all) {
      assert.ok(board.isSealed);
      assert.equal(parseIdentity(board.record!)!.serial, ledger.unitOfChip(board.options.chip)!.serial);
    }
    assert.deepEqual(ledger.openRuns("north"), []);
    assert.ok(runs.some(({ verdict }) => verdict === "interrupted") && runs.some(({ verdict }) => verdict === "failed"));
    ledger.close();
  });

  it("S03: gives 100,000 chips 100,000 serials", () => {
    const ledger = new Ledger(join(folder, "serials.db"));
    ledger.count("PW", "Pawlock", "brown");
    const serials = new Set<string>();
    for (let i = 0; i < 100000; i++) serials.add(ledger.reserve(`chip ${i}`, i).serial);
    assert.equal(serials.size, 100000);
    for (let i = 0; i < 100000; i += 997) assert.ok(serials.has(ledger.reserve(`chip ${i}`, i).serial));
    assert.equal(ledger.units().length, 100000);
    ledger.close();
  });
});

describe("S03: at their first boot", () => {
  it("100,000 toys make 100,000 keys, each bit of them from the source of entropy", () => {
    const next = random(3);
    const drawn: number[] = [];
    const entropy: Entropy = {
      word: () => {
        const word = Math.floor(next() * 2 ** 32);
        drawn.push(word);
        return word;
      },
      root: () => 0,
    };
    const native = { crc32: (bytes: Uint8Array) => crc32(bytes) } as unknown as NativeCode;
    const keys = new Set<string>();
    for (let toy = 0; toy < 100000; toy++) {
      const page = Buffer.alloc(4096, 0xff);
      const flash = {
        read: (at: number, length: number) => page.subarray(at, at + length),
        write: (at: number, bytes: Uint8Array) => (page.set(bytes, at), OK),
        erasePage: () => (page.fill(0xff), OK),
      } as unknown as Flash;
      drawn.length = 0;
      const made = createKeyPage(flash, native, entropy);
      assert.equal(made.make(), OK);
      assert.deepEqual([...made.key], drawn.slice(-made.key.length));
      keys.add(page.toString("hex", KEY_WORD_KEY * 4, KEY_WORD_CHECK * 4));
    }
    assert.equal(keys.size, 100000);
  });
});

function start(ledger: string, line: FakeLine, serve: (socket: string, said: string) => void): ChildProcess {
  const child = fork(fileURLToPath(new URL("line-station.ts", import.meta.url)), [ledger], { execArgv: ["--import", "tsx"], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  child.on("message", (message: Call | Told) => {
    if ("said" in message) return serve(message.port, message.said);
    void answer(line, message).then((reply) => child.connected && child.send(reply, () => undefined));
  });
  return child;
}

async function answer(line: FakeLine, { id, method, path, record }: Call): Promise<Answer> {
  if (method === "list") return { id, value: (await line.list()).map(({ path: name, usbId }) => ({ path: name, usbId })) };
  const board = line.boards.get(path!);
  try {
    if (!board) throw new BoardFault("vanished", "nothing is plugged in there");
    if (method === "provision") return { id, value: Buffer.from(await board.provision(Buffer.from(record!, "base64"))).toString("base64") };
    if (method === "install") return { id, value: await board.install(undefined, () => undefined) };
    if (method !== "identify") return { id, value: await board[method]() };
    const identity = await board.identify();
    return { id, value: { ...identity, record: identity.record && Buffer.from(identity.record).toString("base64") } };
  } catch (error) {
    const { kind, message } = error as BoardFault;
    return { id, fault: { kind, message } };
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 20));
}
