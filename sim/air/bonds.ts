// What the peer manager keeps of each peer, in FDS: bonding data, subscriptions, rank; identified by address or identity key (nRF5
// SDK 12 components/ble/peer_manager: peer_data_storage.c, peer_manager_types.h, id_manager.c; softdevice ble_gap.h). SDK 15, with
// which the product boards are built, keeps the same records.

import { addressOf, bytesOf, kindOf, resolves, type Address } from "./address.ts";
import type { FlashMemory } from "../flash.ts";
import { Fds, FDS_PAGES } from "./fds.ts";
import type { SecurityLevel } from "./pairing.ts";

export interface BondKeys {
  readonly ltk: string;
  readonly level: SecurityLevel;
  readonly keyBytes: number;
  /** Found by this pair of numbers at re-encryption: legacy keys have them, Secure Connections keys do not. */
  readonly isSc: boolean;
  readonly identity: Address;
  readonly irk: Uint8Array | undefined;
}

export interface Bond extends BondKeys {
  readonly peer: number;
  /** System attributes: the subscriptions that this identity's links left behind. */
  readonly cccds: ReadonlyMap<number, number>;
}

/** File of peer 0; keys of the records. */
const FIRST_FILE = 0xc000;
const KEY_RANK = 0xc006;
const KEY_BONDING = 0xc007;
const KEY_SUBSCRIPTIONS = 0xc008;

// pm_peer_data_bonding_t: own role, identity key and address of the peer, its key, the own key (ble_gap_enc_key_t: key, flags,
// and the numbers of a legacy key, which nothing here needs).
const BONDING_BYTES = 80;
const ROLE_PERIPHERAL = 1;
const IRK_AT = 1;
const ADDRESS_AT = 17;
const KEY_AT = 52;
const FLAGS_AT = KEY_AT + 16;
const KEY_BYTES = 16;
const FLAG_LESC = 1;
const FLAG_AUTHENTICATED = 2;
const LENGTH_SHIFT = 2;
const TYPE_RANDOM = 1;

export class Bonds {
  readonly fds: Fds;

  constructor(
    memory: FlashMemory,
    /** Whether level 4 needs 128 bits. */
    private readonly checksKeySize: boolean,
  ) {
    this.fds = new Fds(memory);
  }

  /** peer_manager_init: with all buttons held everything is erased before; what cannot be used is erased too. */
  boot(isErasing: boolean): void {
    if (isErasing) this.#erasePages();
    if (this.fds.mount()) return;
    this.#erasePages();
    this.fds.mount();
  }

  get all(): readonly Bond[] {
    return this.fds.records().flatMap(({ key, file, data }) => (key === KEY_BONDING ? [this.#bond(file, data)] : []));
  }

  /** Whose connection this claims to be: by address, or by the key that resolves it; no proof of anything (id_manager.c). */
  claimedBy(address: Address): Bond | undefined {
    return this.all.find(({ identity, irk }) => (kindOf(address) === "private-resolvable" ? irk !== undefined && resolves(address, irk) : identity === address));
  }

  get(peer: number): Bond | undefined {
    return this.all.find((bond) => bond.peer === peer);
  }

  /** Keeps a new bond; one of the same identity or identity key is replaced (im_is_duplicate_bonding_data). */
  store(keys: BondKeys): Bond {
    const { all } = this;
    const same = all.find(
      ({ identity, irk }) => identity === keys.identity || (irk !== undefined && keys.irk !== undefined && Buffer.compare(irk, keys.irk) === 0),
    );
    let peer = same?.peer ?? 0;
    while (!same && all.some((bond) => bond.peer === peer)) peer++;
    this.fds.write(FIRST_FILE + peer, KEY_BONDING, bondingData(keys));
    return { ...keys, peer, cccds: this.#cccds(FIRST_FILE + peer) };
  }

  /** Written at once, whoever subscribed: only the address is asked (gatt_cache_manager.c). */
  subscribe(peer: number, cccds: ReadonlyMap<number, number>): void {
    if (!this.get(peer)) return;
    const data = new Uint8Array(8 + 6 * cccds.size);
    const view = new DataView(data.buffer);
    view.setUint32(0, 1, true);
    view.setUint16(4, 6 * cccds.size + 2, true);
    [...cccds].forEach(([handle, value], i) => [handle, 2, value].forEach((part, j) => view.setUint16(6 + 6 * i + 2 * j, part, true)));
    this.fds.write(FIRST_FILE + peer, KEY_SUBSCRIPTIONS, data);
  }

  /** pm_peer_rank_highest, at every connection of a bonded address and every encryption. */
  rankHighest(peer: number): void {
    const ranks = this.fds.records().filter(({ key }) => key === KEY_RANK).map(({ file, data }) => ({ file, rank: new DataView(data.buffer).getUint32(0, true) }));
    const highest = ranks.reduce((best, one) => (one.rank > best.rank ? one : best), { file: 0, rank: 0 });
    if (highest.file === FIRST_FILE + peer) return;
    this.fds.write(FIRST_FILE + peer, KEY_RANK, new Uint8Array(Uint32Array.of(highest.rank + 1).buffer));
  }

  /** NRF.eraseBonds(): peer by peer, and NRF.eraseBonds(true): what is meant to be the pages. */
  erase(isHard: boolean): void {
    if (isHard) this.#erasePages();
    else for (const { peer } of this.all) this.fds.delete(FIRST_FILE + peer);
  }

  /** peer_manager_erase_pages steps by FDS_PHY_PAGE_SIZE, words, where bytes are meant: twice the upper page, never the lower one. */
  #erasePages(): void {
    for (let i = 0; i < FDS_PAGES; i++) this.fds.erasePage(FDS_PAGES - 1);
  }

  #cccds(file: number): Map<number, number> {
    const data = this.fds.find(file, KEY_SUBSCRIPTIONS)?.data;
    if (!data) return new Map();
    const view = new DataView(data.buffer);
    return new Map(Array.from({ length: (view.getUint16(4, true) - 2) / 6 }, (_, i) => [view.getUint16(6 + 6 * i, true), view.getUint16(10 + 6 * i, true)]));
  }

  #bond(file: number, data: Uint8Array): Bond {
    const flags = data[FLAGS_AT]!;
    const isSc = (flags & FLAG_LESC) !== 0;
    const keyBytes = flags >> LENGTH_SHIFT;
    const irk = data.slice(IRK_AT, IRK_AT + KEY_BYTES);
    const isAuthenticated = (flags & FLAG_AUTHENTICATED) !== 0;
    return {
      peer: file - FIRST_FILE,
      ltk: Buffer.from(data.subarray(KEY_AT, KEY_AT + KEY_BYTES)).toString("hex"),
      level: !isAuthenticated ? 2 : isSc && (keyBytes === KEY_BYTES || !this.checksKeySize) ? 4 : 3,
      keyBytes,
      isSc,
      identity: addressOf(data.slice(ADDRESS_AT + 1, ADDRESS_AT + 7).reverse(), data[ADDRESS_AT]! >> 1 === TYPE_RANDOM ? "random" : "public"),
      irk: irk.some((byte) => byte !== 0) ? irk : undefined,
      cccds: this.#cccds(file),
    };
  }
}

function bondingData({ ltk, level, keyBytes, isSc, identity, irk }: BondKeys): Uint8Array {
  const data = new Uint8Array(BONDING_BYTES);
  data[0] = ROLE_PERIPHERAL;
  if (irk) data.set(irk, IRK_AT);
  data[ADDRESS_AT] = (kindOf(identity) === "public" ? 0 : TYPE_RANDOM) << 1;
  data.set(bytesOf(identity).reverse(), ADDRESS_AT + 1);
  data.set(Buffer.from(ltk, "hex"), KEY_AT);
  data[FLAGS_AT] = (isSc ? FLAG_LESC : 0) | (level > 2 ? FLAG_AUTHENTICATED : 0) | (keyBytes << LENGTH_SHIFT);
  return data;
}
