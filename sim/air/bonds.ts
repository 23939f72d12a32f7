// Bonds in flash: what the peer manager keeps of each peer, in two pages of internal flash that neither Storage nor a program
// sees (FDS, SDK12 components/libraries/fds, components/ble/peer_manager). Writing stops the processor; so does, for much longer,
// the erasure of a page once old versions of the records have filled it.

import { kindOf, resolves, type Address } from "./address.ts";
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

export interface FlashTimes {
  readonly pageEraseUs: number;
  readonly wordWriteUs: number;
}

/** A page of FDS without its two tag words; a record without its data (FDS_PAGE_TAG_SIZE, fds_header_t). */
const PAGE_WORDS = 1024 - 2;
const HEADER_WORDS = 3;
/** Words of a bonding record, of a peer's rank, and of subscriptions (peer_manager_types.h; sys_attr data of the stack). */
const BOND_WORDS = 20;
const RANK_WORDS = 1;
const cccdWords = (count: number): number => 2 + Math.ceil((6 * count + 2) / 4);

export class Bonds {
  readonly #bonds = new Map<number, Bond>();
  #nextPeer = 0;
  #usedWords = 0;
  #highestRanked: number | undefined;
  /** Erasures of a page so far, for wear. */
  erasures = 0;
  writes = 0;

  constructor(
    private readonly times: FlashTimes,
    /** The processor stands for so long. */
    public stall: (us: number) => void = () => undefined,
  ) {}

  get all(): readonly Bond[] {
    return [...this.#bonds.values()];
  }

  /** Whose connection this claims to be: by address, or by the key that resolves it; no proof of anything (id_manager.c). */
  claimedBy(address: Address): Bond | undefined {
    return this.all.find(({ identity, irk }) => (kindOf(address) === "private-resolvable" ? irk !== undefined && resolves(address, irk) : identity === address));
  }

  get(peer: number): Bond | undefined {
    return this.#bonds.get(peer);
  }

  /** Keeps a new bond; one of the same identity or identity key is replaced (im_is_duplicate_bonding_data). */
  store(keys: BondKeys): Bond {
    const same = this.all.find(
      ({ identity, irk }) => identity === keys.identity || (irk !== undefined && keys.irk !== undefined && Buffer.compare(irk, keys.irk) === 0),
    );
    const peer = same?.peer ?? this.#nextPeer++;
    const bond = { ...keys, peer, cccds: new Map<number, number>() };
    this.#bonds.set(peer, bond);
    this.#write(BOND_WORDS);
    return bond;
  }

  /** Written at once, whoever subscribed: only the address is asked (gatt_cache_manager.c). */
  subscribe(peer: number, cccds: ReadonlyMap<number, number>): void {
    const bond = this.#bonds.get(peer);
    if (!bond) return;
    this.#bonds.set(peer, { ...bond, cccds: new Map(cccds) });
    this.#write(cccdWords(cccds.size));
  }

  /** pm_peer_rank_highest, at every connection of a bonded address and every encryption. */
  rankHighest(peer: number): void {
    if (this.#highestRanked === peer) return;
    this.#highestRanked = peer;
    this.#write(RANK_WORDS);
  }

  /** NRF.eraseBonds(): peer by peer, and NRF.eraseBonds(true): the pages. */
  erase(isHard: boolean): void {
    if (isHard) {
      for (let page = 0; page < 2; page++) this.#erasePage();
      this.#usedWords = 0;
    } else for (let i = 0; i < this.#bonds.size; i++) this.#write(HEADER_WORDS);
    this.#bonds.clear();
    this.#highestRanked = undefined;
  }

  #write(words: number): void {
    if (this.#usedWords + HEADER_WORDS + words > PAGE_WORDS) {
      // Garbage collection: what counts moves to the other page, the old one is erased.
      this.#erasePage();
      this.#usedWords = this.#bonds.size * (2 * HEADER_WORDS + BOND_WORDS + RANK_WORDS);
      this.stall(this.#usedWords * this.times.wordWriteUs);
    }
    this.#usedWords += HEADER_WORDS + words;
    this.writes++;
    this.stall((HEADER_WORDS + words) * this.times.wordWriteUs);
  }

  #erasePage(): void {
    this.erasures++;
    this.stall(this.times.pageEraseUs);
  }
}

