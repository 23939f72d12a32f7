// How the message store wears its flash: the firmware's own store over flash in memory, used for days as a family uses it.

import type { Board } from "../../boards/board.ts";
import { messageMemory } from "../../boards/flash-map.ts";
import { OK, type Flash } from "../../hal/contract.ts";
import { mockFlash } from "../../hal/mock/flash.ts";
import { ORIGIN_FAMILY, ORIGIN_OWN, PAGES_PER_SHEET, SHEET_SAMPLES } from "../../firmware/messages/layout.ts";
import { RECORD_SETTINGS } from "../../firmware/messages/records.ts";
import type { Store } from "../../firmware/messages/store.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES, MESSAGE_RATE_HZ } from "../../firmware/voice/abi.ts";
import { LIMIT_SAMPLES } from "../../firmware/voice/recorder.ts";
import { messageSheets } from "../image/messages.ts";
import { bootStore } from "./bare-store.ts";

export const MESSAGES_A_DAY = 50;
export const MESSAGE_SECONDS = 8;
const DAYS = 30;
/** The time is put down once an hour, an event noted as often. */
const HOURS = 24;
const DAYS_A_YEAR = 365;

export interface Wear {
  readonly capacitySeconds: number;
  /** Erases a day of the pages of messages that were erased least and most, and of the most erased one behind them. */
  readonly least: number;
  readonly most: number;
  readonly mostBehind: number;
  /** Until the first page has borne what it bears. */
  readonly years: number;
  /** Bytes written for each byte of voice, records and security log included. */
  readonly amplification: number;
}

/** Undefined where messages lie in RAM. */
export function measureWear(board: Board): Wear | undefined {
  const memory = messageMemory(board);
  if (memory.kind !== "flash") return undefined;
  const inner = mockFlash(memory.pages);
  const erases = new Uint32Array(memory.pages);
  let written = 0;
  const flash: Flash = {
    ...inner,
    write(address, bytes) {
      written += bytes.length;
      return inner.write(address, bytes);
    },
    erasePage(page) {
      erases[page]!++;
      return inner.erasePage(page);
    },
  };
  let ms = 0;
  const store = bootStore({ flash, keyPage: mockFlash(1) }, { recordingSamples: LIMIT_SAMPLES, nowMs: () => ms });
  const blocks = Math.ceil((MESSAGE_SECONDS * MESSAGE_RATE_HZ) / BLOCK_SAMPLES);
  let voice = 0;
  settle(store);
  for (let event = 0; event < DAYS * MESSAGES_A_DAY; event++) {
    // Half of them are the child's; what the family sends is heard.
    if (!say(store, event % 2 === 0 ? ORIGIN_OWN : ORIGIN_FAMILY, blocks)) throw new Error(`${board.id}: message ${event} found no room`);
    voice += blocks * BLOCK_BYTES;
    const unheard = store.messages.oldestUnheard();
    if (unheard) store.messages.markHeard(unheard);
    settle(store);
    if (event % Math.round(MESSAGES_A_DAY / HOURS) !== 0) continue;
    ms += 3_600_000;
    store.records.put(RECORD_SETTINGS, new Uint8Array(29).fill(event));
    store.journal.add(1, event);
    settle(store);
  }
  const messagePages = messageSheets(board) * PAGES_PER_SHEET;
  const aDay = (pages: Uint32Array, pick: (...counts: number[]) => number): number => pick(...pages) / DAYS;
  const [ring, behind] = [erases.subarray(0, messagePages), erases.subarray(messagePages)];
  const most = aDay(erases, Math.max);
  const bears = board.externalFlash && board.storage.kind === "external" ? board.externalFlash.eraseCycles : board.chip.eraseCycles;
  return {
    capacitySeconds: (messageSheets(board) * SHEET_SAMPLES) / MESSAGE_RATE_HZ,
    least: aDay(ring, Math.min),
    most: aDay(ring, Math.max),
    mostBehind: aDay(behind, Math.max),
    years: bears / most / DAYS_A_YEAR,
    amplification: written / voice,
  };
}

function say(store: Store, origin: number, blocks: number): boolean {
  const { messages } = store;
  if (messages.begin(origin) !== OK) return false;
  for (let i = 0; i < blocks; i++) if (messages.append(new Uint8Array(BLOCK_BYTES)) !== OK) return false;
  return messages.commit(blocks * BLOCK_SAMPLES) === OK;
}

function settle(store: Store): void {
  while (store.maintain());
}
