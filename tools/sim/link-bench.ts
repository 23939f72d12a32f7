// What the link gives: voice in both directions against what air and interpreter allow, and how long a family phone needs to get in
// while strangers storm the toy. Measured on the simulated product board with the companion's client. The interpreter's limit is what its
// time for a frame in the same run allows: code that takes longer lowers both, so the time for a frame is shown as well.

import { xiaoble } from "../../boards/xiaoble.ts";
import { ATT_HEADER_BYTES, CREDIT, DATA_HEADER_BYTES, MOST_FRAME_BYTES, MOST_MTU } from "../../firmware/link/protocol.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES, FRAME_RING_BYTES, MESSAGE_RATE_HZ } from "../../firmware/voice/abi.ts";
import { Central } from "../../sim/air/central.ts";
import { Stage } from "../../sim/stage.ts";
import { buildBundle, type BuiltBundle } from "../build/build.ts";
import type { Line, Section } from "../commands/bench.ts";
import { UserError } from "../errors.ts";
import { soldFlash } from "../image/sold.ts";
import { nativeTable } from "../native-table.ts";
import { Phone, type PhoneOptions } from "./phone.ts";

const SAMPLES = 10 * MESSAGE_RATE_HZ;
/** The longest message that the toy takes. */
const LONGEST_SAMPLES = 40 * MESSAGE_RATE_HZ;
/** The shortest connection interval that there is. */
const LEAST_INTERVAL_MS = 7.5;
const STORMS = 8;
const STRANGERS = 5;
/** Until a toy that has paired has started anew. */
const ANEW_MS = 12_000;
/** Frames that the air takes in a connection event: one notification from the toy; to it as many as it grants, with the grant in every other event. */
const FRAMES_FROM_TOY = 1;
const FRAMES_TO_TOY = CREDIT / 2;

interface Conditions {
  readonly intervalMs: number;
  readonly mtu: number;
  readonly loss: number;
}
const USUAL: Conditions = { intervalMs: 15, mtu: MOST_MTU, loss: 0 };
const CONDITIONS: readonly Conditions[] = [
  ...[LEAST_INTERVAL_MS, 15, 30, 50].map((intervalMs) => ({ ...USUAL, intervalMs })),
  ...[23, 65].map((mtu) => ({ ...USUAL, mtu })),
  ...[0.05, 0.2].map((loss) => ({ ...USUAL, loss })),
];

export async function linkBench(): Promise<Section> {
  const built = await buildBundle(xiaoble);
  const lines: Line[] = [];
  for (const conditions of CONDITIONS) lines.push(...goodput(built, conditions));
  lines.push(...longest(built), ...storm(built));
  lines.push({ what: "memory of transfers: the recorder's two blocks, and one frame", value: FRAME_RING_BYTES + MOST_FRAME_BYTES, unit: "bytes" });
  return { title: "Link, XIAOBLE", lines };
}

/** A toy with a phone of its family; not connected. */
function family(built: BuiltBundle, options: PhoneOptions): { readonly stage: Stage; readonly phone: Phone } {
  const stage = new Stage({ board: built.board, ...soldFlash(built.board, built, { seed: 1 }), native: (bus) => nativeTable(bus) });
  stage.powerOn().wait(6000);
  const phone = new Phone(stage, options);
  stage.tap(4).wait(150).hold(3200).wait(800);
  demand(phone.pair() === 0, "the phone was not paired");
  phone.disconnect();
  stage.wait(ANEW_MS);
  return { stage, phone };
}

function demand(isTrue: boolean, what: string): void {
  if (!isTrue) throw new UserError(`the link's bench cannot go on: ${what}`, "See what `npm test -- --grep link` says.");
}

function voice(samples: number): Uint8Array {
  const blocks = new Uint8Array(Math.ceil(samples / BLOCK_SAMPLES) * BLOCK_BYTES);
  for (let i = 0; i < blocks.length; i++) blocks[i] = i % BLOCK_BYTES === 3 ? 0 : (i * 7) % 80;
  return blocks;
}

interface Run {
  readonly seconds: number;
  /** Of the interpreter, for each frame that was sent, arrived or not. */
  readonly frameMs: number;
}

function moved(stage: Stage, framesSent: () => number, move: () => number): Run {
  const [fromMs, busyUs, sent] = [stage.nowMs, stage.machine.busyUs, framesSent()];
  demand(move() === 0, "a message did not arrive");
  return { seconds: (stage.nowMs - fromMs) / 1000, frameMs: (stage.machine.busyUs - busyUs) / 1000 / (framesSent() - sent) };
}

function both(built: BuiltBundle, samples: number, { intervalMs, mtu, loss }: Conditions): { readonly fetch: Run; readonly send: Run } {
  const { stage, phone } = family(built, { intervalMs, leastIntervalMs: intervalMs, mtu });
  demand(phone.open() === 0, "the phone was not let in");
  stage.air.loss = loss;
  let sequence = 0;
  const notified = (): number => stage.machine.radioCalls.filter(({ name }) => name === "nrf.updateServices").length;
  const send = moved(stage, () => phone.commands, () => {
    const { code, value } = phone.send(voice(samples), samples);
    sequence = value ?? 0;
    return code;
  });
  return { send, fetch: moved(stage, notified, () => phone.fetch(sequence).code) };
}

function goodput(built: BuiltBundle, conditions: Conditions): Line[] {
  const { intervalMs, mtu, loss } = conditions;
  const runs = both(built, SAMPLES, conditions);
  return (["fetch", "send"] as const).flatMap((direction): Line[] => {
    const { seconds, frameMs } = runs[direction];
    const payload = mtu - ATT_HEADER_BYTES - DATA_HEADER_BYTES;
    const frames = direction === "fetch" ? FRAMES_FROM_TOY : FRAMES_TO_TOY;
    const air = ((frames * payload * 1000) / intervalMs) * (1 - loss);
    const interpreter = (payload * 1000) / frameMs;
    const limit = Math.min(air, interpreter);
    const rate = voice(SAMPLES).length / seconds;
    const name = `${direction}, ${intervalMs} ms, MTU ${mtu}, ${loss * 100}% lost`;
    return [
      { what: name, value: Math.round(rate), unit: "bytes/s", peer: `${air < interpreter ? "the air" : "the interpreter"} allows ${Math.round(limit)}` },
      { what: "", value: Math.round((rate / limit) * 100), unit: "% of that", goal: { atLeast: 80 } },
      { what: "", value: Math.round(frameMs * 10) / 10, unit: "ms of the interpreter for each frame" },
    ];
  });
}

function longest(built: BuiltBundle): Line[] {
  const { fetch, send } = both(built, LONGEST_SAMPLES, { ...USUAL, intervalMs: LEAST_INTERVAL_MS });
  const how = `of 40 s of voice, ${LEAST_INTERVAL_MS} ms, MTU ${MOST_MTU}`;
  return [
    { what: `fetch ${how}`, value: Math.round(fetch.seconds * 10) / 10, unit: "s", goal: { atMost: 20 } },
    { what: `send ${how}`, value: Math.round(send.seconds * 10) / 10, unit: "s", goal: { atMost: 20 } },
  ];
}

/** Strangers that connect again as soon as they are put off, whenever the toy lets them. */
function storm(built: BuiltBundle): Line[] {
  const { stage, phone } = family(built, {});
  for (let i = 0; i < STRANGERS; i++) {
    const stranger = new Central(stage.air, { identity: `e0:00:00:00:00:0${i} random` });
    const again = (): void => void stranger.connect(() => true);
    stranger.onDisconnect = again;
    again();
  }
  stage.wait(10_000);
  const seconds = Array.from({ length: STORMS }, () => {
    const fromMs = stage.nowMs;
    while (phone.open(60) !== 0) demand(stage.nowMs - fromMs < 120_000, "no way in through the storm in two minutes");
    const taken = (stage.nowMs - fromMs) / 1000;
    phone.disconnect();
    stage.wait(3000);
    return taken;
  }).sort((a, b) => a - b);
  return [
    { what: `family phone gets in while ${STRANGERS} strangers storm, median of ${STORMS}`, value: Math.round(seconds[STORMS >> 1]! * 10) / 10, unit: "s" },
    { what: "the slowest", value: Math.round(seconds.at(-1)! * 10) / 10, unit: "s" },
  ];
}
