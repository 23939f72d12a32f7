// The phones that the family accepted: the toy's own list, because the platform's bonds can neither be listed nor revoked. Kept in
// one record; an entry is an address as the stack writes it, and a name.

import { ERR_RANGE, OK, type Code } from "../../hal/contract.ts";
import { RECORD_PHONES, type Records } from "../messages/records.ts";
import { MOST_PHONES, NAME_BYTES } from "./protocol.ts";

/** "aa:bb:cc:dd:ee:ff random" is the longest that lasts. */
const ADDRESS_BYTES = 24;
const ENTRY_BYTES = ADDRESS_BYTES + NAME_BYTES;

export interface Phones {
  /** By number: lasting address, empty where there is no phone; and name. To be read only. */
  readonly addresses: string[];
  readonly names: string[];
  /** Number of the phone with that lasting address; -1 for a stranger. */
  find(address: string): number;
  /** Sets an entry, or with an empty address takes it away; what cannot be stored is not changed. */
  put(phone: number, address: string, name: string): Code;
}

export function createPhones(records: Records): Phones {
  const addresses: string[] = [];
  const names: string[] = [];

  function find(address: string): number {
    return address === "" ? -1 : addresses.indexOf(address);
  }

  function put(phone: number, address: string, name: string): Code {
    if (phone < 0 || phone >= MOST_PHONES || address.length > ADDRESS_BYTES || name.length > NAME_BYTES) return ERR_RANGE;
    const entries = new Uint8Array(MOST_PHONES * ENTRY_BYTES);
    for (let i = 0; i < MOST_PHONES; i++) {
      const first = i === phone ? address : addresses[i];
      const second = i === phone ? name : names[i];
      for (let at = 0; at < first.length; at++) entries[i * ENTRY_BYTES + at] = first.charCodeAt(at);
      for (let at = 0; at < second.length; at++) entries[i * ENTRY_BYTES + ADDRESS_BYTES + at] = second.charCodeAt(at);
    }
    const code = records.put(RECORD_PHONES, entries);
    if (code === OK) {
      addresses[phone] = address;
      names[phone] = name;
    }
    return code;
  }

  const stored = records.get(RECORD_PHONES);
  for (let at = 0; at < MOST_PHONES * ENTRY_BYTES; at++) {
    const phone = Math.floor(at / ENTRY_BYTES);
    const place = at % ENTRY_BYTES;
    if (place === 0) addresses.push("");
    if (place === 0) names.push("");
    const byte = stored && stored.length === MOST_PHONES * ENTRY_BYTES ? stored[at] : 0;
    if (byte !== 0 && place < ADDRESS_BYTES) addresses[phone] += String.fromCharCode(byte);
    else if (byte !== 0) names[phone] += String.fromCharCode(byte);
  }

  return { addresses: addresses, names: names, find: find, put: put };
}
