// Radio port on Espruino's NRF. The table of services, the address and the closed door stand in the boot files, which ran before;
// here nothing may ask for a restart of the radio stack.

import {
  ADDRESS_CHARS,
  BOND_MARK,
  RADIO_ADVERTISING,
  RADIO_BOND,
  RADIO_CONNECTED,
  RADIO_DISCONNECTED,
  RADIO_PASSKEY,
  RADIO_SECURED,
  type Radio,
} from "../contract.ts";

/** So many writes too many in a row are no mistake of an honest phone, and put the radio to sleep until as many more are forgiven. */
const FLOOD = 8;
const PENALTY = 60;

/** What the adapter must know of the table of services. */
export interface RadioTable {
  readonly service: string;
  readonly answer: string;
  readonly batteryService: number;
  readonly batteryLevel: number;
  /** The settings that the boot files gave to the stack, to be given again with another `pair`. */
  readonly security: Parameters<typeof NRF.setSecurity>[0];
}

/** The connection's interval is told in units of 1.25 ms; 7.5 ms is the shortest. */
const INTERVAL_MS = 1.25;
const LEAST_UNITS = 6;
/** What passes until a timer is set again that has fired, at most. */
const ARMED_MS = 1;

/** UICR.NRFFW[0], and page size and number of pages in FICR (nRF52840 PS): where the radio stack's last page ends. */
const BOOT_LOADER = 0x10001014;
const NO_BOOT_LOADER = 0xffffffff;
const PAGE_SIZE = 0x10000010;
const PAGE_COUNT = 0x10000014;
const PAGE_BYTES = 4096;
const BOND_BYTES = 2 * PAGE_BYTES;
// Bonds as FDS and the peer manager lay them out (sim/air/fds.ts, sim/air/bonds.ts): a page in use by a byte of its tag, first word of a
// record (key, and length in words), words before its data; in the data a byte of kind, then the address, its first byte last.
const TAG_AT = 4;
const DATA_PAGE = 0xfe;
const BOND_RECORD = 0x0014c007;
const HEADER_WORDS = 3;
const RECORD_BYTES = 80;
/** A page is looked through in pieces that take few variables; where one ends a record that begins in it is read with it. */
const PIECE_WORDS = 256;
const RECORD_WORDS = HEADER_WORDS + RECORD_BYTES / 4;
const ADDRESS_AT = 18;
const ADDRESS_BYTES = 6;

export function createEspruinoRadio(table: RadioTable, onError: (error: unknown) => void): Radio {
  // Made once: a notification costs no new object.
  const answer = { value: new Uint8Array(0), notify: true };
  const characteristics: Record<string, typeof answer> = {};
  const answers: Record<string, typeof characteristics> = {};
  characteristics[table.answer] = answer;
  answers[table.service] = characteristics;
  const level = { value: [0] };
  const levels: Record<number, typeof level> = {};
  const batteries: Record<number, typeof levels> = {};
  levels[table.batteryLevel] = level;
  batteries[table.batteryService] = levels;
  const security = table.security;
  let air: typeof global.air;
  let next: (() => boolean) | undefined;
  let beatMs = 0;
  let timer: number | undefined;
  const flash = require("Flash");
  const loader = peek32(BOOT_LOADER);
  const bonds = (loader === NO_BOOT_LOADER ? peek32(PAGE_SIZE) * peek32(PAGE_COUNT) : loader) - BOND_BYTES;

  function isHighest(event: NRFSecurityEvent): boolean {
    return (event.auth_status === "SUCCESS" || event.auth_status === 0) && event.bonded && event.lv4 === 1;
  }

  // The timer is set before anything is done, and anew each time: of two notifications within one interval the second would be
  // dropped, and a timer that repeats itself makes up for those that it missed.
  function beat(): void {
    "ram";
    timer = setTimeout(beat, beatMs);
    try {
      if (next && next()) return;
    } catch (error) {
      onError(error);
    }
    clearTimeout(timer);
    timer = undefined;
  }

  function eachInterval(step: () => boolean): void {
    beatMs = (self.status().connectionInterval || LEAST_UNITS) * INTERVAL_MS - ARMED_MS;
    next = step;
    if (timer === undefined) beat();
  }

  /** The bond of that address that begins in this piece of a page. */
  function bondOf(address: string, words: Uint32Array): Uint8Array | undefined {
    // What has been replaced bears no key any more; what only looks like a record is another phone's choice, so not beyond the page.
    let at = words.indexOf(BOND_RECORD);
    for (; at >= 0 && at < PIECE_WORDS && at <= words.length - RECORD_WORDS; at = words.indexOf(BOND_RECORD, at + 1)) {
      const bond = new Uint8Array(words.buffer, (at + HEADER_WORDS) * 4, RECORD_BYTES);
      let same = 0;
      while (same < ADDRESS_BYTES && parseInt(address.substr(ADDRESS_CHARS - 2 - 3 * same, 2), 16) === bond[ADDRESS_AT + same]) same++;
      if (same === ADDRESS_BYTES) return bond;
    }
    return undefined;
  }

  function listen(onEvent: (kind: number, value: unknown) => void, onWritten: (data: ArrayBuffer) => void): void {
    function forward(name: string, kind: number): void {
      // Told only while pairing is open: who asks for it all day long must not keep JavaScript busy.
      const isPairing = kind === RADIO_PASSKEY || kind === RADIO_SECURED || kind === RADIO_BOND;
      NRF.on(name, function (value: unknown) {
        if (isPairing && !security.pair) {
          if (value === "fail") self.refused++;
          return;
        }
        try {
          onEvent(kind, kind === RADIO_SECURED ? isHighest(value as NRFSecurityEvent) : value);
        } catch (error) {
          onError(error);
        }
      });
    }
    forward("connect", RADIO_CONNECTED);
    forward("disconnect", RADIO_DISCONNECTED);
    forward("passkey", RADIO_PASSKEY);
    forward("security", RADIO_SECURED);
    forward("bond", RADIO_BOND);
    forward("advertising", RADIO_ADVERTISING);
    // The boot files' table calls this for each write.
    air = function (event: { data: ArrayBuffer }) {
      "ram";
      if (--self.room < 0) {
        if (self.room > -FLOOD) return;
        self.room = -PENALTY;
        // What has come already and is still to be told costs least so.
        global.air = undefined;
        NRF.sleep();
        return;
      }
      try {
        onWritten(event.data);
      } catch (error) {
        onError(error);
      }
    };
  }

  const self = {
    refused: 0,
    room: 0,
    listen: listen,
    wake: function (): void {
      global.air = air;
      NRF.wake();
    },
    sleep: NRF.sleep,
    status: NRF.getSecurityStatus,
    identify: function (address: string, isWithBond: boolean): string {
      const lasting = NRF.resolveAddress(address) || address;
      for (let page = bonds; isWithBond && page < bonds + BOND_BYTES; page += PAGE_BYTES) {
        if (flash.read(1, page + TAG_AT)[0] !== DATA_PAGE) continue;
        for (let from = 0; from < PAGE_BYTES; from += PIECE_WORDS * 4) {
          const bond = bondOf(lasting, new Uint32Array(flash.read(Math.min((PIECE_WORDS + RECORD_WORDS) * 4, PAGE_BYTES - from), page + from).buffer));
          if (bond) return lasting + BOND_MARK + E.CRC32(bond).toString(36);
        }
      }
      return lasting;
    },
    disconnect: NRF.disconnect,
    setPairing: function (isOpen: boolean): void {
      security.pair = isOpen;
      NRF.setSecurity(security);
    },
    notify: function (bytes: Uint8Array): void {
      answer.value = bytes;
      NRF.updateServices(answers);
    },
    eachInterval: eachInterval,
    setBattery: function (percent: number): void {
      level.value[0] = percent;
      NRF.updateServices(batteries);
    },
    eraseBonds: function () {
      // NRF.eraseBonds(true) means to do this, but takes a page's words for its bytes and never comes to the lower one.
      flash.erasePage(bonds);
      flash.erasePage(bonds + PAGE_BYTES);
    },
  };
  return self;
}
