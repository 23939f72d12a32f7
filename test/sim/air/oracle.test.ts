// Our model of pairing and of the ATT server against a real host stack over a real Security Manager: the same attempts, the same
// services, the same answers.

import assert from "node:assert/strict";
import { xiaoble } from "../../../boards/xiaoble.ts";
import { ANSWER, BATTERY_LEVEL, BATTERY_SERVICE, DEVICE_INFORMATION, MANUFACTURER_NAME, MODEL_NUMBER, REQUEST, VOICE_SERVICE } from "../../../firmware/link/protocol.ts";
import { ATT_ERROR } from "../../../sim/air/att-server.ts";
import { SMP_REASONS, type PairingFeatures } from "../../../sim/air/pairing.ts";
import type { HciAir } from "../../support/hci-link.ts";
import { LEVEL2, LEVEL3, LEVEL4, OPEN, RadioBoard, boot } from "../../support/radio-bench.ts";
import { RealStack, type RealService } from "../../support/real-stack.ts";
import { buildLockdown } from "../../../tools/build/lockdown.ts";

/** What `.boot0` sets, as the real stack takes it. */
const OWN: readonly RealService[] = [
  {
    uuid: DEVICE_INFORMATION,
    characteristics: [MODEL_NUMBER, MANUFACTURER_NAME].map((uuid) => ({ uuid, properties: ["read"], read: "encrypted-mitm-sc", write: "not-permitted" })),
  },
  { uuid: BATTERY_SERVICE, characteristics: [{ uuid: BATTERY_LEVEL, properties: ["read"], read: "encrypted-mitm-sc", write: "not-permitted" }] },
  {
    uuid: VOICE_SERVICE,
    characteristics: [
      { uuid: REQUEST, properties: ["write", "write-without-response"], read: "not-permitted", write: "encrypted-mitm-sc" },
      { uuid: ANSWER, properties: ["notify"], read: "not-permitted", write: "not-permitted" },
    ],
  },
];
/** As the simulated central names it. */
const shortened = (uuid: string | number): string => (typeof uuid === "number" ? uuid.toString(16) : uuid.replaceAll("-", ""));
const UUIDS = [OPEN, LEVEL2, LEVEL3, LEVEL4];
const TOY = { display: 1, keyboard: 0, mitm: 1, lesc: 1, bond: 1, pair: true };
const NAMES = Object.fromEntries(Object.entries(SMP_REASONS).map(([name, code]) => [code, name]));

const features = (options: Partial<PairingFeatures> = {}): PairingFeatures => ({ ioCaps: "KeyboardOnly", oob: false, bond: true, mitm: true, sc: true, maxKeyBytes: 16, ...options });

/** What one attempt came to, and what could be done before and after it, by level of the characteristic: ATT errors, 0 for none. */
interface Found {
  readonly before: readonly number[];
  readonly how: string;
  readonly after: readonly number[];
  readonly written: readonly string[];
}

interface Attempt {
  readonly toy?: object;
  readonly phone?: Partial<PairingFeatures>;
  readonly isWrong?: boolean;
}

const wrong = (shown: string): string => String((Number(shown) + 1) % 1e6).padStart(6, "0");

function simulated({ toy = TOY, phone = {}, isWrong = false }: Attempt): Found {
  const board = RadioBoard.on(boot(toy));
  const central = board.connected();
  const tries = (): number[] => UUIDS.flatMap((uuid, i) => [board.read(central, uuid).error ?? 0, board.write(central, uuid, [i]).error ?? 0]);
  const before = tries();
  const show = (answer: (digits: string) => void): void => {
    central.after(300_000, () => {
      const line = board.machine.console.filter((text) => text.startsWith("passkey ")).at(-1)!;
      const shown = JSON.parse(line.slice(8)) as string;
      answer(isWrong ? wrong(shown) : shown);
    });
  };
  const outcome = board.pair(central, { ...features(phone), passkey: show });
  const after = tries();
  central.gatt.writeCommand(central.gatt.find(LEVEL4)!.handle, Uint8Array.of(0x77));
  board.wait(100);
  const names = ["open", "level2", "level3", "level4"];
  const written = board.printed().flatMap((line) => {
    const [name, value] = line.split(" ");
    return names.includes(name!) && value !== "desc" ? [`${names.indexOf(name!)}: ${Number(value).toString(16).padStart(2, "0")}`] : [];
  });
  return { before, how: outcome.isPaired ? "paired" : outcome.reason, after, written };
}

describe("Simulated radio and a real stack", function () {
  this.timeout(20000);
  let stack: RealStack | undefined;
  afterEach(() => {
    stack?.dispose();
    stack = undefined;
  });

  async function real({ toy = TOY, phone = {}, isWrong = false }: Attempt, air?: HciAir): Promise<Found> {
    const { display, mitm, lesc } = toy as Partial<typeof TOY>;
    stack = await RealStack.create(features({ ioCaps: display ? "DisplayOnly" : "NoInputNoOutput", mitm: Boolean(mitm), sc: Boolean(lesc) }), phone.sc ?? true, air);
    await stack.connect();
    const tries = async (): Promise<number[]> => {
      const found: number[] = [];
      for (const i of UUIDS.keys()) found.push(await stack!.read(i), await stack!.write(i));
      return found;
    };
    const before = await tries();
    const outcome = await stack.pair(features(phone), isWrong ? wrong : undefined);
    const after = await tries();
    stack.writeCommand(3);
    // A request behind it: by its answer the command has arrived.
    await stack.read(0);
    return { before, how: outcome.isPaired ? "paired" : (NAMES[outcome.reason] ?? String(outcome.reason)), after, written: stack.written };
  }

  const attempts: Readonly<Record<string, Attempt>> = {
    "Secure Connections with the passkey": {},
    "a wrong passkey": { isWrong: true },
    "legacy pairing with the passkey": { phone: { sc: false } },
    "a wrong passkey in legacy pairing": { phone: { sc: false }, isWrong: true },
    "Just Works at a toy that demands more": { phone: { ioCaps: "NoInputNoOutput" } },
    "Just Works": { toy: { bond: 1, lesc: 1 }, phone: { ioCaps: "NoInputNoOutput", mitm: false } },
    "Just Works in legacy pairing": { toy: { bond: 1 }, phone: { ioCaps: "NoInputNoOutput", mitm: false, sc: false } },
  };
  for (const [name, attempt] of Object.entries(attempts)) {
    it(`agree about ${name}`, async () => {
      assert.deepEqual(simulated(attempt), await real(attempt));
    });
  }

  it("agree when packets are lost and come late", async () => {
    assert.deepEqual(simulated({}), await real({}, { loss: 0.2, packetsPerEvent: 1, delayEvents: 2 }));
  });

  it("agree about the toy's own table, before a pairing and after it", async () => {
    const program = `global.air=function(e){print("air "+new Uint8Array(e.data).join())};
      NRF.on("passkey",function(p){print("passkey "+JSON.stringify(p))});NRF.setSecurity(${JSON.stringify(TOY)});NRF.wake();`;
    const board = RadioBoard.on({ ".boot0": await buildLockdown(xiaoble, xiaoble.flashMap.keyPage!), ".bootcde": program }, { wait: 3000 });
    const central = board.connected();
    const uuids = OWN.flatMap(({ characteristics }) => characteristics.map(({ uuid }) => shortened(uuid)));
    assert.deepEqual(central.gatt.characteristics.map(({ uuid }) => uuid).filter((uuid) => uuids.includes(uuid)), uuids, "all of them, in their order");
    // What the properties announce: whether the toy's stack refuses the rest by them is not known.
    const announced = OWN.flatMap(({ characteristics }) => characteristics).flatMap(({ properties }, i) => (["read", "write"] as const).filter((what) => properties.includes(what)).map((what) => [what, i] as const));
    assert.equal(announced.length, 4);
    const tries = (): number[] => announced.map(([what, i]) => (what === "read" ? board.read(central, uuids[i]!) : board.write(central, uuids[i]!, [i])).error ?? 0);
    const before = tries();
    board.printed();
    assert.ok(board.pair(central).isPaired);
    const after = tries();
    const written = board.printed().filter((line) => line.startsWith("air "));

    stack = await RealStack.create(features({ ioCaps: "DisplayOnly" }), true, {}, OWN);
    await stack.connect();
    const real = async (): Promise<number[]> => {
      const found: number[] = [];
      for (const [what, i] of announced) found.push(await stack![what](i));
      return found;
    };
    assert.deepEqual(before, await real());
    assert.ok((await stack.pair(features())).isPaired);
    assert.deepEqual(after, await real());
    assert.deepEqual(stack.written, ["3: 03"]);
    assert.deepEqual(written, ["air 3"]);
  });

  it("agree about a bond: encryption is missing until it is started, and a reconnection is a stranger until then", async () => {
    const board = RadioBoard.on(boot(TOY));
    const central = board.connected();
    board.pair(central);
    central.disconnect();
    board.wait(500);
    board.join(central);
    const expected = [board.read(central, LEVEL4).error, board.write(central, LEVEL4, [1]).error, board.encrypt(central), board.read(central, LEVEL4).error ?? 0];
    await real({});
    await stack!.disconnect();
    await stack!.connect();
    assert.deepEqual([await stack!.read(3), await stack!.write(3), await stack!.encrypt(), await stack!.read(3)], expected);
    assert.deepEqual(expected, [ATT_ERROR.insufficientEncryption, ATT_ERROR.insufficientEncryption, true, 0]);
  });
});
