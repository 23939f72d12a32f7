// The price of the encoder's search: builds of the kernel that give up ways sooner or later, each executed on the clips for what
// it costs and what it is worth. Needs the toolchain of `npm run build:kernel`.

import { compare } from "../audio/metrics.ts";
import { toPcm16 } from "../audio/wav-write.ts";
import { compile } from "./build.ts";
import { MESSAGE_HZ, shaped, toyBlocks } from "./chain.ts";
import { at, type Clip } from "./clips.ts";
import { captureCount, type Count } from "./counts.ts";
import { createHarness, type CaptureSettings } from "./harness.ts";
import { decodeMessage } from "./speakers.ts";

/** The part of its step squared that a way may cost more than the best one, as a shift; 3 ships. */
const PRUNE_SHIFTS = [2, 3, 4, 5, 6];
export const FRONTIER_DBFS = -6;
const SETTINGS: CaptureSettings = { mid: 0, full: 32767, decimation: 1 };

export interface FrontierRow {
  /** Of the step squared, that a way may cost more than the best one. */
  readonly part: string;
  readonly cells: readonly (Count & { readonly snrDb: number })[];
}

export async function measureFrontier(clips: readonly Clip[], onRow?: (part: string) => void): Promise<FrontierRow[]> {
  const rows: FrontierRow[] = [];
  for (const shift of PRUNE_SHIFTS) {
    const part = `1/${1 << shift}`;
    const { bytes, offsets } = compile([`-DPRUNE_SHIFT=${shift}`]);
    const cells: (Count & { snrDb: number })[] = [];
    for (const clip of clips) {
      const raw = toPcm16(await at(clip, MESSAGE_HZ, FRONTIER_DBFS));
      const decoded = decodeMessage(toyBlocks(raw, SETTINGS, createHarness(bytes, offsets)), raw.length);
      const { snrDb } = compare(shaped(raw, SETTINGS), decoded, { rateHz: MESSAGE_HZ });
      cells.push({ ...(await captureCount(createHarness(bytes, offsets), clip, FRONTIER_DBFS)), snrDb });
    }
    onRow?.(part);
    rows.push({ part, cells });
  }
  return rows;
}
