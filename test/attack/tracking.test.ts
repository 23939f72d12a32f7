// Who listens without connecting, for days, or compares toys: what he learns of which toy this is, whose, and what its child does.

import assert from "node:assert/strict";
import { nrf52840dk } from "../../boards/nrf52840dk.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import { ATT_ERROR } from "../../sim/air/att-server.ts";
import { kindOf, resolves } from "../../sim/air/address.ts";
import type { Sighting } from "../../sim/air/air.ts";
import { Central } from "../../sim/air/central.ts";
import type { GattAnswer } from "../../sim/air/gatt-client.ts";
import { observed } from "../support/attack-table.ts";
import { FAMILY_PHONE, familyToy } from "../support/family-toy.ts";
import { openWindow } from "../support/paired.ts";
import { STRANGER, Stranger } from "../support/stranger.ts";
import { Toy, assertPromisesKept, tone } from "../support/toy.ts";

const ADDRESS_CYCLE_MS = 15 * 60_000;
const RESET_MS = 60_000;
const INTERVAL_MS = 7.5;
/** Random delay of an advertising event. */
const JITTER_US = 10_000;

const reset = (toy: Toy): void => void toy.tap(6).wait(150).hold(10_500).wait(RESET_MS);
const shown = ({ data, scanResponse }: Sighting): string => `${Buffer.from(data).toString("hex")}|${Buffer.from(scanResponse ?? []).toString("hex")}`;

/** Hears all from now on. */
function listen(toy: Toy): Sighting[] {
  const seen: Sighting[] = [];
  new Central(toy.air, { identity: STRANGER }).scan((sighting) => void seen.push(sighting));
  return seen;
}

describe("Somebody who watches the air", function () {
  this.timeout(60_000);
  afterEach(assertPromisesKept);

  it("T38 follows the toy by its address: another one every quarter of an hour, never its own", () => {
    const { toy } = familyToy();
    const seen = listen(toy);
    const HOURS = 2;
    for (let i = 0; i < HOURS * 60; i++) toy.wait(60_000);
    const addresses = [...new Set(seen.map(({ address }) => address))];
    assert.ok(addresses.every((address) => kindOf(address) === "private-resolvable"));
    assert.ok(addresses.length >= (HOURS * 3_600_000) / ADDRESS_CYCLE_MS, String(addresses.length));
    assert.ok(!seen.some(({ address }) => address === toy.address), "never its own");
    observed("T38", `${HOURS} hours of advertisements`, `${addresses.length} private addresses, each for a quarter of an hour, the toy's own never`);
  });

  it("T38 on a board without private addresses: one for ever, until the reset gives another", () => {
    const toy = Toy.awake({ board: nrf52840dk });
    const seen = listen(toy);
    toy.wait(3000);
    const before = toy.address;
    assert.deepEqual([...new Set(seen.map(({ address }) => address))], [before]);
    reset(toy);
    seen.length = 0;
    toy.wait(3000);
    assert.deepEqual([...new Set(seen.map(({ address }) => address))], [toy.address]);
    assert.notEqual(toy.address, before);
    assert.ok(nrf52840dk.limits.some((limit) => limit.includes("followed by its address")));
    observed("T38", "the same on the DK, which has no private addresses", "one address until a factory reset: a limit in its board data");
  });

  it("T39 tells from advertising what the child does: the same bytes as often, whatever it does", () => {
    const states: Readonly<Record<string, (toy: Toy) => void>> = {
      "at rest, mail unread": (toy) => void toy.wait(3000),
      recording: (toy) => void toy.speak(tone(440, 3), 300).hold(3000).wait(1500),
      playing: (toy) => void toy.tap().wait(2500),
      "all heard": (toy) => void toy.wait(3000),
      "window open": (toy) => {
        openWindow(toy);
        toy.wait(3000).tap().wait(2000);
      },
      "after a reset": (toy) => void toy.wait(3000),
    };
    const views = new Set<string>();
    const gaps: number[] = [];
    for (const batteryMillivolts of [4100, xiaoble.battery!.lowMillivolts - 100]) {
      const { toy } = familyToy({ batteryMillivolts });
      const seen = listen(toy);
      for (const [state, live] of Object.entries(states)) {
        if (state === "after a reset") reset(toy);
        seen.length = 0;
        live(toy);
        assert.ok(seen.length >= 6, `${state}: ${seen.length} seen`);
        seen.forEach((sighting) => views.add(shown(sighting)));
        gaps.push(...seen.slice(1).map(({ atUs }, i) => atUs - seen[i]!.atUs));
      }
    }
    assert.deepEqual([...views].length, 1, [...views].join());
    const least = Math.min(...gaps);
    const most = Math.max(...gaps);
    assert.ok(most - least <= JITTER_US, `${least} to ${most} us`);
    observed("T39", `${Object.keys(states).length} states, battery full and low`, `${[...views][0]}, every ${Math.floor(least / 1000)} ms and a random delay, in all of them`);
  });

  /** All that a stranger is answered, with the connection events that each answer takes, and when he is put off. */
  function answersOf(toy: Toy): string[] {
    const stranger = new Stranger(toy, { intervalMs: INTERVAL_MS });
    const { central } = stranger;
    const { clock } = toy.air;
    const said: string[] = [];
    let fromUs = 0;
    let toUs = 0;
    central.onConnect = () => (fromUs = clock.now);
    central.onDisconnect = () => (toUs = clock.now);
    central.connect(() => true);
    toy.wait(8000);
    said.push(`connect and hold: put off after ${Math.round((toUs - fromUs) / 100_000) / 10} s`);
    stranger.connect();
    const ask = <T>(what: string, how: (tell: (answer: T) => void) => void): void => {
      let isAnswered = false;
      const fromUs = clock.now;
      how((answer) => {
        isAnswered = true;
        said.push(`${what}: ${JSON.stringify(answer)} after ${Math.ceil((clock.now - fromUs) / (INTERVAL_MS * 1000))} events`);
      });
      while (!isAnswered) toy.wait(1);
    };
    const error = (tell: (error: unknown) => void) => (answer: GattAnswer): void => tell(answer.error ?? "done");
    for (const { uuid, handle, cccd } of central.gatt.characteristics) {
      ask(`read ${uuid}`, (tell) => central.gatt.read(handle, error(tell)));
      if (cccd) ask(`subscribe to ${uuid}`, (tell) => central.gatt.subscribe(cccd, error(tell)));
      ask(`write ${uuid}`, (tell) => central.gatt.write(handle, Uint8Array.of(1, 1, 1), error(tell)));
    }
    ask("pair", (tell) => central.pair({}, tell));
    return said;
  }

  it("T40 tells a toy of a family from a new one, or one refusal from another: same answers, same times, same deadline", () => {
    const bonded = answersOf(familyToy().toy);
    const unbonded = answersOf(Toy.awake());
    assert.deepEqual(bonded, unbonded);
    const guarded = bonded.filter((line) => /^(read|write) (2a24|2a29|2a19|f04b)/.test(line));
    assert.equal(guarded.length, 10);
    assert.deepEqual([...new Set(guarded.map((line) => line.split(": ")[1]))], [`${ATT_ERROR.insufficientAuthentication} after 2 events`]);
    observed("T40", `${bonded.length} questions to a bonded and to a new toy`, `the same answers after as many connection events; ${bonded[0]}`);
  });

  it("T40 under a phone's own lasting address, which he must know: the stack tells whether a key for it exists", () => {
    const errorsSeenBy = (toy: Toy): (number | undefined)[] => {
      const stranger = new Stranger(toy);
      stranger.central.claimedAddress = FAMILY_PHONE;
      stranger.connect();
      return [stranger.read(stranger.central.gatt.find("2a29")!.handle)?.error];
    };
    assert.deepEqual([familyToy().toy, Toy.awake()].map(errorsSeenBy), [[ATT_ERROR.insufficientEncryption], [ATT_ERROR.insufficientAuthentication]]);
    observed("T40", "the same under the address of a phone", "the stack's error tells that it holds a key for that address: a limit");
  });

  it("T63 recognises the toy by the identity key that an owner before had got: the address is another, the key is the chip's", () => {
    const { toy, phone } = familyToy();
    const { toyIrk, toyIdentity } = phone.central.bond!;
    reset(toy);
    assert.notEqual(toy.address, toyIdentity);
    const seen = listen(toy);
    toy.wait(3000);
    assert.notEqual(phone.open(10), 0, "and that is all that he can do");
    assert.ok(seen.length > 3 && seen.every(({ address }) => resolves(address, toyIrk)));
    observed("T63", "a former owner's phone beside a toy that was reset", "new address, no way in; its private addresses still resolve by the chip's key: a limit");
  });

  it("T63 T38 waits for a boot: the interpreter shows the chip's own address until the boot files run", () => {
    const { toy } = familyToy();
    const seen = listen(toy);
    toy.powerOn().wait(8000);
    const factory = seen.filter(({ address }) => kindOf(address) === "random");
    const [first, last] = [factory[0]!, factory.at(-1)!];
    assert.ok(last.atUs < 1_000_000, `${last.atUs} us`);
    assert.notEqual(first.address, toy.address);
    assert.ok(seen.length > factory.length + 10 && seen.slice(factory.length).every(({ address }) => kindOf(address) === "private-resolvable"));
    observed("T63", "scan while the power comes", `${factory.length} advertised under the factory's address in the first ${Math.ceil(last.atUs / 1000)} ms: a limit`);
  });
});
