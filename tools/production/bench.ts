// What the line's own work costs: boards that answer at once, at twenty sockets, with the ledger on this machine's disk. Real boards
// take longer by what they need to be written and to test themselves; that is added by the reader, per socket.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { xiaoble } from "../../boards/xiaoble.ts";
import type { Section } from "../commands/bench.ts";
import type { BoardPort } from "./board-port.ts";
import type { VerifiedImage } from "./image-verify.ts";
import { Ledger } from "./ledger.ts";
import { createKey, isSignedBy, readSigningKey } from "./signing.ts";
import { UnitRun, type Bench } from "./unit-run.ts";

const SOCKETS = 20;
const UNITS = 200;

function instantBoard(chip: string): BoardPort {
  let isSealed = false;
  return {
    path: chip,
    usbId: chip,
    connect: async () => undefined,
    identify: async () => ({ board: xiaoble.id, version: "2v29", chip, record: undefined }),
    install: async () => undefined,
    provision: async (record) => record,
    selftest: async () => [{ item: "kernel", value: true }],
    seal: async () => void (isSealed = true),
    checkSealed: async () => isSealed,
    close: async () => undefined,
  };
}

async function boardsPerHour(folder: string): Promise<number> {
  const ledger = new Ledger(join(folder, "ledger.db"));
  ledger.count("BENCH", "Pawlock", "brown");
  const image = { board: xiaoble, digest: "0".repeat(64), manifest: { kind: "production", board: xiaoble.id, version: 1, espruino: { version: "2v29" } } } as unknown as VerifiedImage;
  const bench: Bench = { ledger, image, limits: new Map([["kernel", { is: true }]]), now: () => Date.now(), say: () => undefined, chips: new Set() };
  let made = 0;
  const socket = async (): Promise<void> => {
    while (made < UNITS) {
      const chip = (made++).toString(16).padStart(16, "0");
      const run = ledger.startRun({ station: "bench", port: chip, usbId: chip, board: xiaoble.id, image: image.digest, version: 1 }, Date.now());
      await new UnitRun(bench, instantBoard(chip), run).complete();
    }
  };
  const from = performance.now();
  await Promise.all(Array.from({ length: SOCKETS }, socket));
  const hours = (performance.now() - from) / 3600000;
  ledger.close();
  return UNITS / hours;
}

export async function productionBench(): Promise<Section> {
  const folder = mkdtempSync(join(tmpdir(), "pawlock-bench-"));
  try {
    const perHour = await boardsPerHour(folder);
    const publicKey = createKey(join(folder, "key"));
    const key = readSigningKey(join(folder, "key"));
    const message = new Uint8Array(4096);
    const signing = performance.now();
    const signature = key.sign(message);
    const signed = performance.now();
    isSignedBy(publicKey, message, signature);
    const verified = performance.now();
    return {
      title: "Factory line (this machine, its disk)",
      lines: [
        { what: `boards per hour at ${SOCKETS} sockets, boards taking no time`, value: Math.round(perHour), unit: "" },
        { what: "ledger and station, for each board", value: 3600000 / perHour, unit: "ms" },
        { what: "sign a manifest (SLH-DSA-SHA2-128s)", value: signed - signing, unit: "ms" },
        { what: "verify one", value: verified - signed, unit: "ms" },
      ],
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
