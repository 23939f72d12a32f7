// The phones that the family accepted: the toy's own list, because the platform's bonds can neither be listed nor revoked. Kept in
// one record: lasting identities and names in turn, each closed by a zero. An identity holds for one bond: who pairs under a phone's
// address, and so replaces its bond in the stack, is not that phone.

import { ERR_RANGE, OK, type Code } from "../../hal/contract.ts";
import { RECORD_PHONES, type Records } from "../messages/records.ts";
import { MOST_PHONES, NAME_BYTES } from "./protocol.ts";

/** "aa:bb:cc:dd:ee:ff random" is the longest that lasts; its bond follows (hal/contract.ts). */
const ADDRESS_BYTES = 32;

export interface Phones {
  /** By number: lasting identity, empty where there is no phone; and name. To be read only. */
  readonly addresses: string[];
  readonly names: string[];
  /** Number of the phone with that identity; -1 for a stranger. */
  find(address: string): number;
  /** Sets an entry, or with an empty address takes it away; what cannot be stored is not changed. */
  put(phone: number, address: string, name: string): Code;
}

export function createPhones(records: Records): Phones {
  const stored = records.get(RECORD_PHONES);
  // At once, not in a loop: that would cost 400 ms of the boot.
  const texts = stored ? String.fromCharCode.apply(null, stored as unknown as number[]).split("\0") : [];
  const addresses: string[] = [];
  const names: string[] = [];
  for (let i = 0; i < MOST_PHONES; i++) {
    addresses.push(texts[i * 2] || "");
    names.push(texts[i * 2 + 1] || "");
  }

  function find(address: string): number {
    return address === "" ? -1 : addresses.indexOf(address);
  }

  function put(phone: number, address: string, name: string): Code {
    if (phone < 0 || phone >= MOST_PHONES || address.length > ADDRESS_BYTES || name.length > NAME_BYTES || name.indexOf("\0") >= 0) return ERR_RANGE;
    let text = "";
    for (let i = 0; i < MOST_PHONES; i++) text += (i === phone ? address : addresses[i]) + "\0" + (i === phone ? name : names[i]) + "\0";
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < bytes.length; at++) bytes[at] = text.charCodeAt(at);
    const code = records.put(RECORD_PHONES, bytes);
    if (code !== OK) return code;
    addresses[phone] = address;
    names[phone] = name;
    return OK;
  }

  return { addresses: addresses, names: names, find: find, put: put };
}
