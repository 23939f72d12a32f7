// What an accepted phone may ask, opcode by opcode. Whoever comes here has passed the guard: the link is proven, the frame is as long
// as its opcode allows. Each request has one answer, which fits the smallest frame and is kept, to be given again when the phone
// repeats itself. There is no request that makes a sound or hears one.

import { ERR_BUSY, OK, type Code } from "../../hal/contract.ts";
import { ORIGIN_FAMILY } from "../messages/layout.ts";
import type { Guard } from "./guard.ts";
import type { LinkPorts } from "./link.ts";
import type { Phones } from "./phones.ts";
import {
  ANSWER_HEADER_BYTES,
  AT_REST,
  ATT_HEADER_BYTES,
  CHANGES,
  CODE_LENGTH,
  CODE_NOT_FOUND,
  CODE_OPCODE,
  CODE_RATE,
  CODE_STATE,
  CREDIT,
  EVENT_REVOKED,
  LEAST_FRAME_BYTES,
  LEAST_MTU,
  MESSAGE_FAMILY,
  MESSAGE_HEARD,
  MOST_MTU,
  OP_ABANDON,
  OP_BUILD,
  OP_CHECK,
  OP_COUNT,
  OP_DELETE,
  OP_FETCH,
  OP_GET,
  OP_HELLO,
  OP_JOURNAL,
  OP_LIST,
  OP_MARK,
  OP_PHONE,
  OP_PULL,
  OP_RENAME,
  OP_SEND,
  OP_SET,
  OP_STATE,
  PHONE_SELF,
  PROTOCOL_VERSION,
} from "./protocol.ts";
import type { Settings } from "./settings.ts";
import { SENDING, type Transfer } from "./transfer.ts";

export interface Requests {
  /** A new link: HELLO comes first. */
  reset(): void;
  /** A request of a known shape, or one that is not. */
  handle(frame: Uint8Array, isMalformed: boolean): void;
}

/** `mayChange` tells whether one more change may wear the flash. */
export function createRequests(ports: LinkPorts, phones: Phones, settings: Settings, guard: Guard, transfer: Transfer, mayChange: () => boolean): Requests {
  const log = ports.store.messages;
  const journal = ports.store.journal;
  const reply = new Uint8Array(LEAST_FRAME_BYTES);
  // Bytes of the answer that stands there; 0 while it is still sought.
  let length = 0;
  let hasHello = false;

  function put(value: number): void {
    for (let i = 0; i < 4; i++) reply[length + i] = value >>> (8 * i);
    length += 4;
  }

  function wordIn(frame: Uint8Array, at: number): number {
    return (frame[at] | (frame[at + 1] << 8) | (frame[at + 2] << 16) | (frame[at + 3] << 24)) >>> 0;
  }

  function answer(code: Code): void {
    if (code !== OK) length = ANSWER_HEADER_BYTES;
    reply[2] = code;
    if (guard.isSafe()) ports.radio.notify(new Uint8Array(reply.buffer, 0, length));
  }

  function putState(): void {
    reply[3] = ports.toy.activity;
    reply[4] = ports.measureBattery();
    reply[5] = log.count();
    reply[6] = log.unheard;
    reply[7] = settings.isTimeKnown ? 1 : 0;
    length = 8;
    put(settings.seconds());
    put(Math.floor(ports.clock.nowMs() / 1000));
  }

  function onTransfer(op: number, frame: Uint8Array): Code {
    const tag = frame[1];
    let code: Code = OK;
    if (op === OP_ABANDON) transfer.stop();
    else if (op === OP_CHECK) {
      code = transfer.check(function (outcome, crc) {
        // Another request has been answered since: the phone has given this one up.
        if (reply[0] !== OP_CHECK || reply[1] !== tag || length > 0) return;
        length = ANSWER_HEADER_BYTES;
        put(crc);
        answer(outcome);
      });
      if (code === OK) length = 0;
    } else if (op === OP_FETCH) {
      code = transfer.fetch(wordIn(frame, 2));
      put(transfer.bytes);
      put(transfer.samples);
    } else if (op === OP_SEND) {
      code = transfer.send(wordIn(frame, 2), wordIn(frame, 6));
      put(transfer.received);
    } else {
      code = transfer.finish();
      put(transfer.sequence);
      if (code === OK) ports.changed();
    }
    return code;
  }

  function onMessages(op: number, frame: Uint8Array): Code {
    const message = op === OP_LIST ? log.at(frame[2]) : log.find(wordIn(frame, 2));
    if (!message) return CODE_NOT_FOUND;
    if (op === OP_LIST) {
      reply[3] = frame[2];
      reply[4] = (message.origin === ORIGIN_FAMILY ? MESSAGE_FAMILY : 0) | (message.isHeard ? MESSAGE_HEARD : 0);
      length = 5;
      put(message.sequence);
      put(message.samples);
      return OK;
    }
    if (op === OP_DELETE && transfer.kind === SENDING) return ERR_BUSY;
    if (op === OP_DELETE) transfer.stop();
    const code = op === OP_DELETE ? log.remove(message) : log.markHeard(message);
    ports.changed();
    return code;
  }

  function onPhones(op: number, frame: Uint8Array): Code {
    const phone = frame[2];
    const address = phones.addresses[phone];
    let i = 0;
    if (!address) return CODE_NOT_FOUND;
    if (op === OP_PHONE) {
      reply[3] = address === guard.identity ? PHONE_SELF : 0;
      length = 4;
      for (; i < phones.names[phone].length; i++) reply[length++] = phones.names[phone].charCodeAt(i);
      return OK;
    }
    if (!mayChange()) return CODE_RATE;
    let name = "";
    for (i = 3; i < frame.length; i++) name += String.fromCharCode(frame[i]);
    if (op === OP_RENAME) return phones.put(phone, address, name);
    // To a phone that revokes itself this is the last word.
    if (address === guard.identity) answer(OK);
    const code = phones.put(phone, "", "");
    if (code === OK) journal.add(EVENT_REVOKED, phone);
    if (code === OK && address === guard.identity) guard.putOff();
    return code;
  }

  function onOthers(op: number, frame: Uint8Array): Code {
    const which = frame[2];
    if (op === OP_HELLO) {
      hasHello = true;
      transfer.frameBytes = Math.max(LEAST_MTU, Math.min(MOST_MTU, frame[3] | (frame[4] << 8))) - ATT_HEADER_BYTES;
      reply[3] = PROTOCOL_VERSION;
      reply[4] = transfer.frameBytes;
      reply[5] = CREDIT;
      reply[6] = phones.find(guard.identity);
      length = 7;
    } else if (op === OP_STATE) putState();
    else if (op === OP_SET) return mayChange() ? settings.set(which, frame, 3) : CODE_RATE;
    else if (op === OP_GET) {
      const bytes = settings.get(which, reply, 4);
      reply[3] = which;
      length = 4 + bytes;
      if (bytes < 0) return CODE_NOT_FOUND;
    } else if (op === OP_JOURNAL) {
      const entry = journal.at(which);
      if (!entry) return CODE_NOT_FOUND;
      reply[3] = entry.event;
      length = 4;
      put(entry.number);
      put(entry.detail);
      put(entry.seconds);
    } else {
      if (which > 2) return CODE_NOT_FOUND;
      const words = ports.build;
      if (!words) return CODE_NOT_FOUND;
      // The version, or half of the hash.
      for (let i = which === 0 ? 0 : which * 4 - 3; i <= which * 4; i++) put(words[i]);
    }
    return OK;
  }

  function handle(frame: Uint8Array, isMalformed: boolean): void {
    const op = frame[0];
    if (!isMalformed && hasHello && op === OP_PULL) transfer.pull(frame);
    else if (op === reply[0] && frame[1] === reply[1]) {
      // Asked again: done once, answered again.
      if (length > 0) answer(reply[2]);
    } else {
      reply[0] = op;
      reply[1] = frame[1];
      length = ANSWER_HEADER_BYTES;
      let code: Code = CODE_STATE;
      if (isMalformed) code = op >= OP_HELLO && op < OP_COUNT ? CODE_LENGTH : CODE_OPCODE;
      else if ((hasHello || op === OP_HELLO) && (ports.toy.activity === AT_REST || CHANGES.indexOf(op) < 0)) {
        if (op === OP_LIST || op === OP_DELETE || op === OP_MARK) code = onMessages(op, frame);
        else if (op >= OP_FETCH && op <= OP_ABANDON) code = onTransfer(op, frame);
        else if (op >= OP_PHONE && op < OP_BUILD) code = onPhones(op, frame);
        else code = onOthers(op, frame);
      }
      if (length > 0) answer(code);
      // A refusal of what came too early or crippled is not worth keeping.
      if (code === CODE_STATE || isMalformed) reply[0] = 0;
    }
  }

  function reset(): void {
    hasHello = false;
    reply[0] = 0;
    transfer.frameBytes = LEAST_FRAME_BYTES;
  }

  reset();

  return { reset: reset, handle: handle };
}
