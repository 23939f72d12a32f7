// The client's half of GATT: one request at a time, as ATT demands; commands at once. Answers are bytes, or the ATT error.

import { ATT_MTU_DEFAULT, OPCODE } from "./att-server.ts";
import { CCCD, uuidBytes, uuidOf, type Uuid } from "./attributes.ts";

export type GattAnswer = { readonly bytes: Uint8Array; readonly error?: undefined } | { readonly error: number; readonly bytes?: undefined };

export interface FoundCharacteristic {
  readonly service: Uuid;
  readonly uuid: Uuid;
  readonly properties: number;
  readonly handle: number;
  /** Its notifications are switched here. */
  cccd?: number;
}

interface Pending {
  readonly pdu: Uint8Array;
  readonly tell: (answer: GattAnswer) => void;
}

const low = (value: number): [number, number] => [value & 255, value >> 8];
const word = (pdu: Uint8Array, at: number): number => pdu[at]! | (pdu[at + 1]! << 8);
const PRIMARY_SERVICE = "2800";
const CHARACTERISTIC = "2803";

export class GattClient {
  mtu = ATT_MTU_DEFAULT;
  /** What was discovered on this link. */
  characteristics: FoundCharacteristic[] = [];
  onNotification: ((handle: number, data: Uint8Array) => void) | undefined;
  #queue: Pending[] = [];

  constructor(private readonly send: (pdu: Uint8Array) => void) {}

  /** A new link, or none: what was asked is never answered. */
  reset(): void {
    this.mtu = ATT_MTU_DEFAULT;
    this.#queue = [];
    this.characteristics = [];
  }

  received(pdu: Uint8Array): void {
    const opcode = pdu[0]!;
    if (opcode === OPCODE.notification || opcode === OPCODE.indication) {
      if (opcode === OPCODE.indication) this.send(Uint8Array.of(OPCODE.confirmation));
      this.onNotification?.(word(pdu, 1), pdu.subarray(3));
      return;
    }
    const pending = this.#queue.shift();
    const next = this.#queue[0];
    if (next) this.send(next.pdu);
    pending?.tell(opcode === OPCODE.error ? { error: pdu[4]! } : { bytes: pdu });
  }

  request(pdu: Uint8Array, tell: (answer: GattAnswer) => void): void {
    this.#queue.push({ pdu, tell });
    if (this.#queue.length === 1) this.send(pdu);
  }

  exchangeMtu(mtu: number, tell: (mtu: number) => void): void {
    this.request(Uint8Array.of(OPCODE.mtu, ...low(mtu)), ({ bytes }) => {
      if (bytes) this.mtu = Math.max(ATT_MTU_DEFAULT, Math.min(mtu, word(bytes, 1)));
      tell(this.mtu);
    });
  }

  read(handle: number, tell: (answer: GattAnswer) => void): void {
    this.request(Uint8Array.of(OPCODE.read, ...low(handle)), (answer) => tell(answer.bytes ? { bytes: answer.bytes.subarray(1) } : answer));
  }

  write(handle: number, data: Uint8Array, tell: (answer: GattAnswer) => void): void {
    this.request(Uint8Array.of(OPCODE.write, ...low(handle), ...data), tell);
  }

  /** Without response: what happens to it nobody says. */
  writeCommand(handle: number, data: Uint8Array): void {
    this.send(Uint8Array.of(OPCODE.writeCommand, ...low(handle), ...data));
  }

  subscribe(cccd: number, tell: (answer: GattAnswer) => void, isIndication = false): void {
    this.write(cccd, Uint8Array.of(isIndication ? 2 : 1, 0), tell);
  }

  find(uuid: Uuid): FoundCharacteristic | undefined {
    return this.characteristics.find((characteristic) => characteristic.uuid === uuid);
  }

  /** Services, characteristics and the switches of their notifications, asked for as any client does. */
  discover(tell: (characteristics: readonly FoundCharacteristic[]) => void): void {
    const services: { readonly uuid: Uuid; readonly from: number; readonly to: number }[] = [];
    this.#list(OPCODE.readByGroupType, PRIMARY_SERVICE, 1, 4, ({ handle, rest, extra }) => services.push({ uuid: uuidOf(rest), from: handle, to: extra }), () => {
      const found: FoundCharacteristic[] = [];
      this.#list(
        OPCODE.readByType,
        CHARACTERISTIC,
        1,
        2,
        ({ handle, rest }) => {
          const service = services.find(({ from, to }) => handle >= from && handle <= to);
          found.push({ service: service?.uuid ?? "", uuid: uuidOf(rest.subarray(3)), properties: rest[0]!, handle: word(rest, 1) });
        },
        () => {
          this.#list(
            OPCODE.readByType,
            CCCD,
            1,
            2,
            ({ handle }) => {
              const owner = found.filter((characteristic) => characteristic.handle < handle).at(-1);
              if (owner) owner.cccd = handle;
            },
            () => {
              this.characteristics = found;
              tell(found);
            },
          );
        },
      );
    });
  }

  /** Asks again behind the last handle until there is no more. */
  #list(
    opcode: number,
    type: Uuid,
    from: number,
    headBytes: number,
    visit: (item: { readonly handle: number; readonly extra: number; readonly rest: Uint8Array }) => void,
    done: () => void,
  ): void {
    this.request(Uint8Array.of(opcode, ...low(from), 0xff, 0xff, ...uuidBytes(type)), ({ bytes }) => {
      if (!bytes) return done();
      let last = from;
      for (let at = 2; at < bytes.length; at += bytes[1]!) {
        const item = bytes.subarray(at, at + bytes[1]!);
        const extra = headBytes === 4 ? word(item, 2) : word(item, 0);
        visit({ handle: word(item, 0), extra, rest: item.subarray(headBytes) });
        last = extra;
      }
      if (last >= 0xffff) return done();
      this.#list(opcode, type, last + 1, headBytes, visit, done);
    });
  }
}
