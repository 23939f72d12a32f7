// Guard and pairing window over a fake radio: who is let in, who is put off and when, and what each link must have shown.

import assert from "node:assert/strict";
import { CODE_LENGTH, CODE_OPCODE, CODE_STATE, EVENT_PAIRED, EVENT_PAIRING_FAILED, EVENT_REPLACED, EVENT_STRANGER, EVENT_WINDOW_OPENED, OP_HELLO, OP_STATE } from "../../../firmware/link/protocol.ts";
import { WINDOW_ENDED, WINDOW_FAILED, WINDOW_PAIRED, WINDOW_REPLACED } from "../../../firmware/link/window.ts";
import { RECORD_PHONES } from "../../../firmware/messages/records.ts";
import { ERR_BUSY, ERR_FULL, OK } from "../../../hal/contract.ts";
import { FAMILY, SECOND, STRANGER, linkRig, type LinkRig } from "../../support/link-rig.ts";

const HELLO = [OP_HELLO, 1, 1, 131, 0];

describe("link guard and pairing window", () => {
  let rig: LinkRig;
  beforeEach(() => {
    rig = linkRig();
  });
  afterEach(() => rig.time.restore());

  const answers = (): number => rig.radio.notified.length;
  /** What a phone that pairs does, as far as told. */
  const attempt = ({ address = FAMILY, passkey = true, secured = true as boolean | null, encrypt = true } = {}): void => {
    rig.radio.connect(address);
    rig.radio.bond("start");
    if (passkey) rig.radio.passkey("123456");
    if (encrypt) rig.radio.encrypt();
    if (secured !== null) rig.radio.secured(secured);
    rig.radio.bond("success");
  };
  const isIn = (): boolean => rig.records.has(RECORD_PHONES);

  it("speaks the passkey at once, takes the phone in at its first request, and shuts", () => {
    rig.pair();
    assert.deepEqual(rig.spoken, ["123456"]);
    assert.deepEqual(rig.told, [WINDOW_PAIRED]);
    assert.equal(rig.radio.isPairingOpen, false);
    assert.ok(rig.radio.link, "the phone stays connected");
    assert.deepEqual(rig.journal.map(({ event }) => event), [EVENT_WINDOW_OPENED, EVENT_PAIRED]);
    assert.ok(!JSON.stringify(rig.journal).includes("123456"));
  });

  for (const [what, how] of [
    ["without a passkey", { passkey: false }],
    ["whose bond is not of the highest level", { secured: false }],
    ["of which no end was told", { secured: null }],
    ["that is not encrypted", { encrypt: false }],
  ] as const) {
    it(`takes no phone in ${what}`, () => {
      rig.link.open();
      attempt(how);
      rig.radio.write(...HELLO);
      assert.equal(isIn(), false);
      assert.equal(answers(), 0);
      assert.equal(rig.radio.link, undefined, "put off");
    });
  }

  it("takes nobody in for what another connection showed", () => {
    rig.link.open();
    attempt();
    rig.radio.vanish();
    rig.radio.connect(FAMILY);
    rig.radio.encrypt();
    rig.radio.write(...HELLO);
    assert.equal(isIn(), false);
    assert.equal(answers(), 0);
  });

  it("takes nobody in with the window shut, whatever the stack says", () => {
    attempt();
    rig.radio.write(...HELLO);
    assert.deepEqual(rig.spoken, []);
    assert.equal(isIn(), false);
    assert.equal(answers(), 0);
  });

  it("waits with a phone whose private address cannot be resolved yet", () => {
    rig.link.open();
    attempt({ address: "5a:00:00:00:00:01 private-resolvable" });
    rig.radio.write(...HELLO);
    assert.equal(isIn(), false);
    assert.ok(rig.radio.link);
    rig.radio.identities["5a:00:00:00:00:01 private-resolvable"] = FAMILY;
    rig.radio.write(...HELLO);
    assert.equal(isIn(), false, "its bond is not stored yet");
    assert.ok(rig.radio.link);
    rig.radio.bonds[FAMILY] = 1;
    rig.radio.write(...HELLO);
    assert.equal(answers(), 1);
    rig.radio.vanish();
    rig.reboot();
    rig.connect(FAMILY);
  });

  it("says so when a known phone pairs anew, and its name is gone", () => {
    const client = rig.pair();
    rig.wait(5, (done) => client.rename(0, Buffer.from("Ada"), done));
    rig.reboot();
    const again = rig.pair();
    assert.equal(rig.told.at(-1), WINDOW_REPLACED);
    assert.equal(rig.journal.at(-1)!.event, EVENT_REPLACED);
    const { value } = rig.wait<readonly { name: Uint8Array }[]>(5, (done) => again.phones(done as never));
    assert.deepEqual(value!.map(({ name }) => name.length), [0]);
  });

  it("does not let a known phone in by its address while the window is open", () => {
    rig.pair();
    rig.reboot();
    rig.link.open();
    rig.radio.connect(FAMILY);
    rig.radio.encrypt();
    rig.radio.write(...HELLO);
    assert.equal(rig.radio.link, undefined);
  });

  it("stays open for the rest of three attempts and tells each failure", () => {
    rig.link.open();
    for (const told of [[WINDOW_FAILED], [WINDOW_FAILED, WINDOW_FAILED], [WINDOW_FAILED, WINDOW_FAILED, WINDOW_ENDED]]) {
      assert.equal(rig.radio.isPairingOpen, true);
      rig.radio.connect(STRANGER);
      rig.radio.bond("start");
      rig.radio.passkey("111111");
      rig.radio.bond("fail");
      assert.equal(rig.radio.link, undefined);
      assert.deepEqual(rig.told, told);
    }
    assert.equal(rig.radio.isPairingOpen, false);
    rig.time.tick(600_000);
    assert.deepEqual(rig.journal.filter(({ event }) => event === EVENT_PAIRING_FAILED).map(({ detail }) => detail), [3], "put down together");
  });

  it("counts an attempt that just goes away as failed", () => {
    rig.link.open();
    for (let i = 0; i < 3; i++) {
      rig.radio.connect(STRANGER);
      rig.radio.bond("start");
      rig.radio.vanish();
    }
    assert.equal(rig.told.at(-1), WINDOW_ENDED);
  });

  it("shuts after a minute, and gives back what a silent stranger took of it, up to three minutes in all", () => {
    rig.link.open();
    rig.time.tick(59000);
    assert.equal(rig.radio.isPairingOpen, true);
    rig.time.tick(2000);
    assert.equal(rig.radio.isPairingOpen, false);
    assert.deepEqual(rig.told, [WINDOW_ENDED]);
    rig.link.open();
    for (let i = 0; i < 58; i++) {
      rig.radio.connect(STRANGER);
      rig.time.tick(1000);
    }
    rig.radio.vanish();
    rig.time.tick(40000);
    assert.equal(rig.radio.isPairingOpen, true);
    rig.time.tick(20000);
    assert.equal(rig.radio.isPairingOpen, false);
  });

  it("opens for nobody when four phones are in", () => {
    for (const last of ["1", "2", "3", "4"]) {
      rig.pair(`c0:00:00:00:00:0${last} public`);
      rig.reboot();
    }
    assert.equal(rig.link.open(), ERR_FULL);
    assert.equal(rig.radio.isPairingOpen, false);
  });

  it("has one window a key pair: the toy starts anew when it is left alone, and opens no other before", () => {
    rig.pair();
    rig.time.tick(20000);
    assert.equal(rig.reboots, 0, "the phone is still there");
    assert.equal(rig.link.open(), ERR_BUSY);
    rig.time.tick(5000);
    assert.equal(rig.reboots > 0, true);
  });

  it("shuts at a tap and ends a pairing under way", () => {
    rig.link.open();
    rig.radio.connect(STRANGER);
    rig.radio.bond("start");
    rig.radio.passkey("222222");
    rig.link.close();
    assert.equal(rig.radio.link, undefined);
    assert.equal(rig.radio.isPairingOpen, false);
    assert.deepEqual(rig.told, []);
  });

  it("puts an unknown caller off after 5 s, a pairing one after 30 s, a known one that stays silent after 5 s", () => {
    const lasts = (): number => {
      let ms = 0;
      for (; rig.radio.link && ms < 60000; ms += 100) rig.time.tick(100);
      return ms;
    };
    rig.radio.connect(STRANGER);
    assert.equal(lasts(), 5000);
    rig.time.tick(20000);
    rig.link.open();
    rig.radio.connect(STRANGER);
    rig.radio.bond("start");
    assert.equal(lasts(), 30000);
    rig.reboot();
    rig.pair();
    rig.reboot();
    rig.radio.connect(FAMILY);
    assert.equal(lasts(), 5000);
  });

  it("shrinks a storm's deadlines to a second, and leaves an accepted phone its own", () => {
    rig.pair();
    rig.reboot();
    const lasted: number[] = [];
    for (let i = 0; i < 8; i++) {
      rig.radio.connect(`e1:00:00:00:00:0${i} random`);
      let ms = 0;
      for (; rig.radio.link; ms += 100) rig.time.tick(100);
      lasted.push(ms);
    }
    assert.deepEqual(lasted, [5000, 4000, 4000, 3000, 2000, 1000, 1000, 1000]);
    rig.radio.connect(FAMILY);
    rig.time.tick(4900);
    assert.ok(rig.radio.link);
    rig.radio.vanish();
    rig.time.tick(700_000);
    assert.ok(rig.journal.some(({ event, detail }) => event === EVENT_STRANGER && detail >= 8));
    rig.radio.connect(STRANGER);
    rig.time.tick(4900);
    assert.ok(rig.radio.link, "forgotten after a while");
  });

  it("refuses whatever a link says that is not what the stack has", () => {
    rig.pair();
    rig.radio.write(OP_STATE, 50);
    const before = answers();
    rig.radio.link!.encrypted = false;
    rig.radio.write(OP_STATE, 51);
    assert.equal(answers(), before);
    assert.equal(rig.radio.link, undefined, "an unsecured attempt ends the link");
    rig.connect();
    rig.radio.link!.mitm_protected = false;
    rig.radio.write(OP_STATE, 52);
    assert.equal(rig.radio.link, undefined);
    rig.connect();
    const now = answers();
    rig.radio.link!.connected_addr = SECOND;
    rig.radio.write(OP_STATE, 53);
    assert.equal(answers(), now);
    assert.ok(rig.radio.link, "who is there now did not say it");
  });

  it("asks for HELLO first on each link, and answers what is crippled or unknown with one code each", () => {
    rig.pair();
    rig.radio.vanish();
    rig.radio.connect(FAMILY);
    rig.radio.encrypt();
    const say = (...frame: number[]): number => {
      rig.radio.write(...frame);
      return rig.radio.notified.at(-1)![2]!;
    };
    assert.equal(say(OP_STATE, 1), CODE_STATE);
    assert.equal(say(...HELLO), OK);
    assert.equal(say(OP_STATE, 1), OK);
    assert.equal(say(OP_STATE, 2, 3), CODE_LENGTH);
    assert.equal(say(OP_STATE), CODE_LENGTH);
    for (const op of [0, 20, 21, 128, 255]) assert.equal(say(op, 3, 4, 5), CODE_OPCODE);
    assert.equal(say(), CODE_OPCODE);
  });

  it("hears the loss of an event within a second", () => {
    rig.radio.isDeaf = true;
    rig.radio.connect(STRANGER);
    rig.radio.isDeaf = false;
    rig.time.tick(6100);
    assert.equal(rig.radio.link, undefined, "put off though its connection was not told");
    rig.pair();
    rig.radio.isDeaf = true;
    rig.radio.vanish();
    rig.radio.connect(STRANGER);
    rig.radio.encrypt();
    rig.radio.isDeaf = false;
    const before = answers();
    rig.radio.write(OP_STATE, 9);
    assert.equal(answers(), before);
    rig.radio.vanish();
    rig.radio.isAwake = false;
    rig.time.tick(1100);
    assert.equal(rig.radio.isAwake, true, "advertises again");
  });
});
