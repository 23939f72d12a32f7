// The whole line as it is: simulated boards on pseudo-terminals, the shipped bundle in a signed production image, the station as a
// process that is killed at random. Boards come blank, some lose their power on the way; every one ends sealed, once, with its own serial.

import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { xiaoble } from "../../boards/xiaoble.ts";
import { RECORD_AT, SEAL_AT, UNSEALED } from "../../firmware/boot/manifest.ts";
import { Stage } from "../../sim/stage.ts";
import { buildLockdown } from "../../tools/build/lockdown.ts";
import { nativeTable } from "../../tools/native-table.ts";
import { Ledger } from "../../tools/production/ledger.ts";
import { closeWorkshop, imageIn, openWorkshop, type Workshop } from "../support/images.ts";
import { PtyBoard } from "../support/pty-board.ts";
import { random } from "../support/random.ts";

const UNITS = 1000;
const SOCKETS = 20;
const KILLS = 100;
/** A station lives at most so long; a unit takes about two thirds of it on an idle machine. */
const LIFE_MS = 20000;
/** How long a cable stays unplugged: the station is to notice. */
const AWAY_MS = 4000;

/** A board of the line: its flash lives on, its cable and its power come and go. */
class LineBoard {
  readonly chip: string;
  readonly usbId: string;
  readonly stage: Stage;
  cable: PtyBoard | undefined;
  isHeld = false;

  constructor(number: number) {
    this.chip = number.toString(16).padStart(16, "0");
    this.usbId = `usb-${this.chip}`;
    const serial = `${this.chip.slice(0, 8)}-${this.chip.slice(8)}`;
    this.stage = new Stage({ board: xiaoble, storage: new Uint8Array(0), native: (bus) => nativeTable(bus, {}), serial });
  }

  /** Gives the path of its port. */
  plug(cutAfterLines = Infinity): string {
    this.isHeld = false;
    this.cable = new PtyBoard(this.stage.powerOn(), { cutAfterLines });
    return this.cable.path;
  }

  unplug(): void {
    this.cable?.unplug();
    this.cable = undefined;
  }

  firstPage(): Buffer {
    return Buffer.from(this.stage.memories[0]!.bytes.slice(0, 4096));
  }

  hold(isHeld: boolean): void {
    if (isHeld === this.isHeld || !this.stage.machine.isPowered) return;
    this.isHeld = isHeld;
    if (isHeld) this.stage.press();
    else this.stage.release();
  }
}

describe("the line on pseudo-terminals", () => {
  let shop: Workshop;
  let image: string;
  before(async () => {
    shop = openWorkshop();
    const lockdown = await buildLockdown(xiaoble, xiaoble.flashMap.keyPage!);
    image = imageIn(shop, "image", xiaoble, { kind: "production", key: shop.key, lockdown }).path;
  });
  const closing: (() => void)[] = [];
  after(() => {
    for (const close of closing) close();
    closeWorkshop(shop);
  });

  it(`makes ${UNITS} units on ${SOCKETS} ports though its station is killed ${KILLS} times`, async () => {
    const path = join(shop.folder, "line.db");
    const first = new Ledger(path);
    first.count("PW", "Pawlock", "brown");
    first.close();
    const next = random(15);
    const sockets: (LineBoard | undefined)[] = [];
    /** Whose board was last at a path; what a station says may come late. */
    const boards = new Map<string, LineBoard>();
    /** First page of each toy that passed, by chip. */
    const pages = new Map<string, Buffer>();
    let made = 0;
    let station: ChildProcess | undefined;

    const tell = (): void => {
      const plugged = sockets.flatMap((board) => (board?.cable?.isPlugged ? [{ path: board.cable.path, usbId: board.usbId }] : []));
      if (station?.connected) station.send(plugged, () => undefined);
    };
    const plug = (board: LineBoard, cutAfterLines?: number): void => {
      boards.set(board.plug(cutAfterLines), board);
      tell();
    };
    const plugNew = (socket: number): void => {
      sockets[socket] = undefined;
      if (made === UNITS) return;
      const board = new LineBoard(made++);
      sockets[socket] = board;
      // One in twenty loses its power at its first try.
      plug(board, next() < 0.05 ? 20 + Math.floor(next() * 100) : undefined);
    };
    const again = (board: LineBoard): void => {
      board.unplug();
      tell();
      setTimeout(() => plug(board), AWAY_MS);
    };
    const serve = (said: string, port: string): void => {
      const board = boards.get(port);
      const socket = sockets.indexOf(board);
      if (!board?.cable || socket < 0) return;
      board.hold(said.startsWith("HOLD"));
      if (/^PASSED|unplug it/.test(said)) {
        board.unplug();
        pages.set(board.chip, board.firstPage());
        plugNew(socket);
      } else if (said.startsWith("FAILED")) again(board);
    };
    for (let i = 0; i < SOCKETS; i++) plugNew(i);

    closing.push(() => {
      station?.kill("SIGKILL");
      for (const board of sockets) board?.unplug();
    });
    const from = Date.now();
    let kills = 0;
    for (; pages.size < UNITS || kills <= KILLS; kills++) {
      const execArgv = ["--import", fileURLToPath(new URL("close-terminals.mjs", import.meta.url)), "--import", "tsx"];
      const child = fork(fileURLToPath(new URL("pty-station.ts", import.meta.url)), [path, image, join(shop.folder, "key.pub")], { execArgv, stdio: ["ignore", "inherit", "inherit", "ipc"] });
      station = child;
      const life = kills < KILLS ? next() * LIFE_MS : Infinity;
      let killAt = Infinity;
      child.on("message", ({ said, port }: { said: string; port: string }) => {
        if (said === "ready") killAt = Date.now() + life;
        if (said === "ready") tell();
        else serve(said, port);
      });
      const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
      while (Date.now() < killAt && (pages.size < UNITS || kills < KILLS)) {
        assert.equal(child.exitCode, null, "the station ended by itself");
        await new Promise((resolve) => setTimeout(resolve, 50));
        for (const board of sockets) if (board?.cable && !board.cable.isPlugged) again(board);
      }
      child.kill("SIGKILL");
      await ended;
      for (const board of sockets) board?.hold(false);
    }
    const hours = (Date.now() - from) / 3600000;
    console.log(`      ${(UNITS / hours).toFixed(0)} boards per hour, ${(hours * 60).toFixed(0)} minutes, ${kills - 1} kills`);

    const ledger = new Ledger(path);
    const passes = ledger.runs().filter(({ verdict }) => verdict === "passed");
    assert.equal(passes.length, UNITS);
    for (const select of [({ serial }: (typeof passes)[number]) => serial, ({ chip }: (typeof passes)[number]) => chip]) assert.equal(new Set(passes.map(select)).size, UNITS);
    assert.equal(pages.size, UNITS);
    for (const [chip, page] of pages) {
      assert.notEqual(page.readUInt32LE(SEAL_AT), UNSEALED);
      assert.ok(page.subarray(RECORD_AT).toString("latin1").startsWith(`{"serial":"${ledger.unitOfChip(chip)!.serial}"`));
    }
    assert.deepEqual(ledger.openRuns("north"), []);
    assert.equal(kills, KILLS + 1);
    ledger.close();
  });
});
