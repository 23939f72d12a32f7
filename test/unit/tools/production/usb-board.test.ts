// The station's board port on simulated boards at pseudo-terminals: the steps as the station takes them, and each way to fail as
// the kind that reports count.

import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import type { Board } from "../../../../boards/board.ts";
import { nrf52840dk } from "../../../../boards/nrf52840dk.ts";
import { xiaoble } from "../../../../boards/xiaoble.ts";
import { RECORD_AT, RECORD_LENGTH_AT } from "../../../../firmware/boot/manifest.ts";
import { Stage } from "../../../../sim/stage.ts";
import { UserError } from "../../../../tools/errors.ts";
import { buildLockdown } from "../../../../tools/build/lockdown.ts";
import { provisionedFlash } from "../../../../tools/image/storage.ts";
import { BoardFault, type FaultKind } from "../../../../tools/production/board-port.ts";
import { identityRecord } from "../../../../tools/production/identity.ts";
import { installationOf } from "../../../../tools/production/image-contents.ts";
import type { VerifiedImage } from "../../../../tools/production/image-verify.ts";
import { UsbBoard, usbBoards } from "../../../../tools/production/usb-board.ts";
import { describePort } from "../../../../tools/flash/serial-port.ts";
import { ESCAPES } from "../../../support/fake-boards.ts";
import { blankBoard, boardRunning, greeting } from "../../../support/flashing.ts";
import { PtyBoard, type CableOptions } from "../../../support/pty-board.ts";

const CHIP = "0123456789abcdef";
const record = identityRecord({ serial: "PW-000001", name: "Pawlock", colour: "brown" });

describe("a board on a serial port", function () {
  this.timeout(120000);
  let lockdown: string;
  before(async () => void (lockdown = await buildLockdown(xiaoble, xiaoble.flashMap.keyPage!)));

  const application = greeting(xiaoble, "one", 7);
  const imageWith = (boot: { boot0?: string; boot1?: string }): VerifiedImage =>
    ({ board: xiaoble, chip: [], storage: provisionedFlash(xiaoble, { application, ...boot }).storage }) as unknown as VerifiedImage;

  /** The board on a port, until the work is done. */
  async function on(stage: Stage, work: (board: UsbBoard) => Promise<void>, cable: CableOptions = {}, wanted: Board = xiaoble): Promise<void> {
    const pty = new PtyBoard(stage.powerOn(), cable);
    const board = new UsbBoard({ path: pty.path, usbId: "usb", open: pty.open }, wanted, { pollMs: 5, attentionMs: 300 });
    try {
      await work(board);
    } finally {
      await board.close();
      pty.unplug();
    }
  }

  const fails = (work: () => Promise<unknown>, kind: FaultKind): Promise<void> => assert.rejects(work, (error) => error instanceof BoardFault && error.kind === kind);

  it("is found by its USB numbers, after a reboot too, and opened at the speed of its console", async () => {
    let paths = ["/dev/a", "/dev/b"];
    const opened: string[] = [];
    const openPort = async (path: string, rate: number): Promise<never> => {
      opened.push(`${path} ${rate}`);
      throw new UserError(`there is no port ${path}`, "It is not the port that is tried here.");
    };
    for (const [board, baudRate] of [[xiaoble, 115200], [nrf52840dk, 9600]] as const) {
      const [{ vendorId, productId }] = board.usb.filter(({ name }) => !name.includes("boot loader")) as unknown as [{ vendorId: number; productId: number }];
      const listPorts = async () => [
        describePort({ path: paths[0]!, vendorId: vendorId.toString(16), productId: productId.toString(16), serialNumber: "toy" }),
        describePort({ path: "/dev/mouse", vendorId: "dead", productId: "beef" }),
      ];
      const found = await usbBoards(board, { listPorts, openPort }).list();
      assert.deepEqual(found.map(({ path, usbId }) => [path, usbId]), [[paths[0], "toy"]]);
      paths = paths.reverse();
      await fails(() => found[0]!.connect(), "vanished");
      assert.deepEqual(opened, [`${paths[0]} ${baudRate}`]);
      opened.length = 0;
    }
  });

  it("goes from blank to sealed, and bears its record", async () => {
    const stage = blankBoard(xiaoble);
    await on(stage, async (board) => {
      await board.connect();
      assert.deepEqual(await board.identify(), { board: "XIAOBLE", version: "2v29", chip: CHIP, record: undefined });
      const shares: number[] = [];
      await board.install(imageWith({ boot0: lockdown, boot1: lockdown }), (share) => shares.push(share));
      assert.equal(shares.at(-1), 1);
      assert.deepEqual(Buffer.from(await board.provision(record)), Buffer.from(record));
      // Once more, as after a kill.
      assert.deepEqual(Buffer.from(await board.provision(record)), Buffer.from(record));
      assert.deepEqual(Buffer.from((await board.identify()).record!), Buffer.from(record));
      await board.seal();
      assert.equal(await board.checkSealed(), true);
    });
    const [flash] = stage.memories;
    assert.deepEqual(Buffer.from(flash!.bytes.subarray(RECORD_AT, RECORD_AT + record.length)), Buffer.from(record));
  });

  it("that is sealed and answers all the same is found out", async () => {
    await on(blankBoard(xiaoble), async (board) => {
      await board.connect();
      await board.install(imageWith({}), () => undefined);
      await fails(() => board.seal(), "open");
      assert.equal(await board.checkSealed(), false);
    });
  });

  it("of another kind says which, and nothing is read from its flash", async () => {
    await on(blankBoard(nrf52840dk), async (board) => {
      await board.connect();
      const { board: id, record: borne } = await board.identify();
      assert.deepEqual([id, borne], ["NRF52840DK", undefined]);
    });
  });

  it("with a record of a length that lies gives no more than a record can have", async () => {
    const { storage } = provisionedFlash(xiaoble, { application, record });
    new DataView(storage.buffer).setUint32(RECORD_LENGTH_AT, 0x7fffffff, true);
    await on(new Stage({ board: xiaoble, storage, native: () => () => undefined }), async (board) => {
      await board.connect();
      assert.equal((await board.identify()).record!.length, 120);
    });
  });

  it("that goes away in the middle has vanished", async () => {
    for (const lines of [2, 20, 40]) {
      const stage = blankBoard(xiaoble);
      await on(stage, async (board) => {
        await fails(async () => {
          await board.connect();
          await board.identify();
          await board.install(imageWith({}), () => undefined);
        }, "vanished");
      }, { cutAfterLines: lines });
    }
  });

  it("S05: that prints escape sequences and false answers all the time is not believed, and its name reaches nobody's terminal", async () => {
    // Answers to whatever may have been asked, with a checksum that is wrong, and with a right one for something else.
    const forged = `1="${ESCAPES}"`;
    const lies = Array.from({ length: 40 }, (_, id) => `<~${id}="owned"~${id}~>`).join("") + `<~${forged}~${crc32(Buffer.from(forged, "latin1"))}~>`;
    await on(boardRunning(xiaoble, application), async (board) => {
      await board.connect();
      assert.deepEqual(await board.identify(), { board: "XIAOBLE", version: "2v29", chip: CHIP, record: undefined });
    }, { chatter: `${ESCAPES}${lies}` });
    const named = boardRunning(xiaoble, { ...application, text: Buffer.from(`process.env.BOARD=${JSON.stringify(ESCAPES)};${application.text.toString()}`) });
    await on(named, async (board) => {
      await board.connect();
      assert.match((await board.identify()).board, /^[\p{L}\p{N}\p{P}\p{S} ]{1,200}$/u);
    });
  });

  it("takes from an image what was put into it", () => {
    const installation = installationOf(imageWith({ boot0: "0", boot1: "1" }));
    assert.deepEqual(Buffer.from(installation.application.text), Buffer.from(application.text));
    assert.deepEqual(Buffer.from(installation.application.prompts), Buffer.from(application.prompts));
    assert.equal(installation.application.version, application.version);
    assert.deepEqual(installation.bootFiles.map(({ name }) => name), [".bootcde", ".boot1", ".boot0"]);
  });
});
