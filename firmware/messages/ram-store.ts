// The store of a board that keeps its messages in RAM: one message, which the next one replaces, gone with the power. Nothing else
// is kept, and nothing sealed: what lies in RAM is as safe as the running toy.

import { ERR_BUSY, ERR_FULL, ERR_RANGE, OK, type Code, type StorePorts } from "../../hal/contract.ts";
import { BLOCK_BYTES, BLOCK_SAMPLES } from "../voice/abi.ts";
import type { Message } from "./index.ts";
import { ORIGIN_OWN } from "./layout.ts";
import type { Store } from "./store.ts";

export function createRamStore(hal: StorePorts): Store {
  const flash = hal.flash;
  const room = Math.floor((flash.pages * flash.pageBytes) / BLOCK_BYTES);
  let message: Message | undefined;
  let sequence = 1;
  let isWriting = false;
  let blocks = 0;

  function no(): boolean {
    return false;
  }

  function none(): undefined {
    return undefined;
  }

  function ok(): Code {
    return OK;
  }

  function own(): Message | undefined {
    return message;
  }

  function clear(): void {
    message = undefined;
    isWriting = false;
    blocks = 0;
    for (let page = 0; page < flash.pages; page++) flash.erasePage(page);
  }

  function remove(): Code {
    clear();
    return OK;
  }

  return {
    messages: {
      begin: function () {
        if (isWriting) return ERR_BUSY;
        clear();
        isWriting = true;
        return OK;
      },
      roomSamples: function () {
        return (room - blocks) * BLOCK_SAMPLES;
      },
      append: function (block) {
        if (!isWriting) return ERR_RANGE;
        if (blocks >= room) return ERR_FULL;
        blocks++;
        return flash.write((blocks - 1) * BLOCK_BYTES, block);
      },
      commit: function (samples) {
        if (!isWriting) return ERR_RANGE;
        isWriting = false;
        if (Math.ceil(samples / BLOCK_SAMPLES) !== blocks || samples <= 0) {
          clear();
          return ERR_RANGE;
        }
        message = { sequence: sequence++, origin: ORIGIN_OWN, samples: samples, firstSheet: 0, sheets: 1, owner: 0, isHeard: false };
        return OK;
      },
      abandon: function () {
        if (isWriting) clear();
      },
      readBlock: function (of, index, into) {
        if (of !== message || index < 0 || index >= blocks) return ERR_RANGE;
        into.set(flash.read(index * BLOCK_BYTES, BLOCK_BYTES));
        return OK;
      },
      markHeard: ok,
      remove: remove,
      count: function () {
        return message ? 1 : 0;
      },
      unheard: 0,
      at: function (index) {
        return index === 0 ? message : undefined;
      },
      find: function (wanted) {
        return message && message.sequence === wanted ? message : undefined;
      },
      oldestUnheard: none,
      lastHeard: none,
      lastOwn: own,
    },
    records: {
      get: none,
      put: function () {
        return ERR_FULL;
      },
    },
    journal: { add: none, count: ok, at: none },
    code: OK,
    load: clear,
    isNew: false,
    isResetting: no,
    maintain: no,
    forget: no,
    renew: clear,
  };
}
