// Outcomes of a request, by their numbers.

import * as contract from "../../hal/contract.ts";
import * as protocol from "../../firmware/link/protocol.ts";
import type { Named } from "./frames.ts";

export const codes: readonly Named[] = [
  { name: "OK", value: contract.OK, about: "done; the result follows" },
  { name: "FORBIDDEN", value: contract.ERR_FORBIDDEN, about: "is not answered over the air: it belongs to the paw" },
  { name: "BUSY", value: contract.ERR_BUSY, about: "something else is under way: ask again when it has ended" },
  { name: "HARDWARE", value: contract.ERR_HARDWARE, about: "the flash did not take it" },
  { name: "MEMORY", value: contract.ERR_MEMORY, about: "the toy could not get its memory at boot: no transfers until it starts anew" },
  { name: "RANGE", value: contract.ERR_RANGE, about: "a value is outside what is possible" },
  { name: "FULL", value: contract.ERR_FULL, about: "no room: delete messages" },
  { name: "DAMAGED", value: contract.ERR_DAMAGED, about: "what is stored fails its check: this message cannot be read" },
  { name: "KERNEL", value: contract.ERR_KERNEL, about: "the toy's firmware is damaged" },
  { name: "LAYOUT", value: contract.ERR_LAYOUT, about: "a newer firmware wrote the messages: update the toy" },
  { name: "LENGTH", value: protocol.CODE_LENGTH, about: "the request is too short or too long for its opcode or for this connection" },
  { name: "OPCODE", value: protocol.CODE_OPCODE, about: "the toy does not know this request" },
  { name: "STATE", value: protocol.CODE_STATE, about: "not now: HELLO is missing, no transfer is under way, or the child has the toy: ask again after a second" },
  { name: "NOT_FOUND", value: protocol.CODE_NOT_FOUND, about: "no such message, phone, key or entry" },
  { name: "CHECK", value: protocol.CODE_CHECK, about: "the voice that arrived is not what was announced" },
  { name: "RATE", value: protocol.CODE_RATE, about: "too many changes: 20 are possible at once, then one in three minutes" },
];

export function codeName(value: number): string {
  return codes.find((code) => code.value === value)?.name ?? String(value);
}
