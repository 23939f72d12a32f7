// Radio port without air: a test connects, pairs, writes and sees what was notified.

import {
  BOND_MARK,
  RADIO_ADVERTISING,
  RADIO_BOND,
  RADIO_CONNECTED,
  RADIO_DISCONNECTED,
  RADIO_PASSKEY,
  RADIO_SECURED,
  type Radio,
  type Clock,
  type RadioStatus,
  type TimerId,
} from "../contract.ts";

export interface MockRadio extends Radio {
  link: { encrypted: boolean; mitm_protected: boolean; connected_addr: string } | undefined;
  intervalUnits: number;
  isAwake: boolean;
  isPairingOpen: boolean;
  /** Events are lost while this is set. */
  isDeaf: boolean;
  battery: number;
  bondsErased: number;
  /** Private addresses that can be resolved. */
  readonly identities: Record<string, string>;
  /** By lasting address: what tells the bond that is stored from every other one. */
  readonly bonds: Record<string, number>;
  readonly notified: Uint8Array[];
  disconnects: number;
  connect(address: string): void;
  /** The other side has left. */
  vanish(): void;
  encrypt(): void;
  passkey(digits: string): void;
  secured(isHighest: boolean): void;
  bond(what: string): void;
  write(...bytes: number[]): void;
}

/** `clock` drives what is asked for once an interval. */
export function mockRadio(clock: Clock): MockRadio {
  let bonded = 0;
  let listener: ((kind: number, value: unknown) => void) | undefined;
  let writer: ((data: ArrayBuffer) => void) | undefined;
  let timer: TimerId | undefined;
  const tell = (kind: number, value?: unknown): void => {
    if (!radio.isDeaf) listener?.(kind, value);
  };
  const tellOfPairing = (kind: number, value: unknown): void => {
    if (radio.isPairingOpen) tell(kind, value);
    else if (value === "fail") radio.refused++;
  };
  const radio: MockRadio = {
    link: undefined,
    refused: 0,
    room: 0,
    intervalUnits: 6,
    isAwake: false,
    isPairingOpen: false,
    isDeaf: false,
    battery: -1,
    bondsErased: 0,
    identities: {},
    bonds: {},
    notified: [],
    disconnects: 0,
    listen(onEvent, onWritten) {
      listener = onEvent;
      writer = onWritten;
    },
    wake() {
      radio.isAwake = true;
      if (!radio.link) tell(RADIO_ADVERTISING, true);
    },
    sleep() {
      radio.isAwake = false;
      radio.vanish();
    },
    status: (): RadioStatus => ({
      connected: radio.link !== undefined,
      advertising: radio.isAwake && radio.link === undefined,
      connectionInterval: radio.intervalUnits,
      ...radio.link,
    }),
    identify(address, isWithBond) {
      const lasting = radio.identities[address] ?? address;
      return isWithBond && lasting in radio.bonds ? `${lasting}${BOND_MARK}${radio.bonds[lasting]}` : lasting;
    },
    disconnect() {
      radio.disconnects++;
      radio.vanish();
    },
    setPairing(isOpen) {
      radio.isPairingOpen = isOpen;
    },
    notify(bytes) {
      if (radio.link) radio.notified.push(bytes.slice());
    },
    eachInterval(step) {
      const beat = (): void => {
        timer = step() ? clock.after(radio.intervalUnits * 1.25, beat) : undefined;
      };
      if (timer === undefined) beat();
    },
    setBattery(percent) {
      radio.battery = percent;
    },
    eraseBonds() {
      radio.bondsErased++;
    },
    connect(address) {
      radio.link = { encrypted: false, mitm_protected: false, connected_addr: address };
      tell(RADIO_CONNECTED, address);
    },
    vanish() {
      if (!radio.link) return;
      radio.link = undefined;
      tell(RADIO_DISCONNECTED, 19);
      if (radio.isAwake) tell(RADIO_ADVERTISING, true);
    },
    encrypt() {
      if (!radio.link) return;
      radio.link.encrypted = true;
      radio.link.mitm_protected = true;
    },
    passkey: (digits) => tellOfPairing(RADIO_PASSKEY, digits),
    secured(isHighest) {
      // Under a private address that cannot be resolved so far nothing is found.
      const address = radio.link ? (radio.identities[radio.link.connected_addr] ?? radio.link.connected_addr) : "private";
      if (radio.isPairingOpen && address.indexOf("private") < 0) radio.bonds[address] = ++bonded;
      tellOfPairing(RADIO_SECURED, isHighest);
    },
    bond: (what) => tellOfPairing(RADIO_BOND, what),
    write(...bytes) {
      if (--radio.room >= 0 && !radio.isDeaf) writer?.(Uint8Array.from(bytes).buffer);
    },
  };
  return radio;
}
