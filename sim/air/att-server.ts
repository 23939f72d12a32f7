// The stack's ATT server: one request in, one answer out, as bytes (Core Specification Vol 3 Part F). Reads and writes are served
// without JavaScript, which hears of writes only afterwards.

import { MAX_KEY_BYTES, type SecurityLevel } from "./pairing.ts";
import { uuidBytes, uuidOf, type Attribute, type AttributeTable, type Permission } from "./attributes.ts";

export const ATT_MTU_DEFAULT = 23;

export const OPCODE = {
  error: 0x01,
  mtu: 0x02,
  findInformation: 0x04,
  findByTypeValue: 0x06,
  readByType: 0x08,
  read: 0x0a,
  readBlob: 0x0c,
  readMultiple: 0x0e,
  readByGroupType: 0x10,
  write: 0x12,
  prepareWrite: 0x16,
  executeWrite: 0x18,
  notification: 0x1b,
  indication: 0x1d,
  confirmation: 0x1e,
  writeCommand: 0x52,
  signedWriteCommand: 0xd2,
} as const;

export const ATT_ERROR = {
  invalidHandle: 0x01,
  readNotPermitted: 0x02,
  writeNotPermitted: 0x03,
  invalidPdu: 0x04,
  insufficientAuthentication: 0x05,
  requestNotSupported: 0x06,
  invalidOffset: 0x07,
  prepareQueueFull: 0x09,
  attributeNotFound: 0x0a,
  insufficientKeySize: 0x0c,
  invalidValueLength: 0x0d,
  insufficientEncryption: 0x0f,
  unsupportedGroupType: 0x10,
} as const;

/** What the server must know of the link. */
export interface AttLink {
  mtu: number;
  readonly serverMtu: number;
  readonly level: SecurityLevel;
  readonly keyBytes: number;
  /** Whether the toy holds a key of this peer. */
  readonly hasKey: boolean;
  cccd(handle: number): number;
  /** A write that the stack let through. */
  written(attribute: Attribute, data: Uint8Array): void;
  confirmed(): void;
}

/** Commands have this bit; they are never answered, not even with an error. */
const COMMAND = 0x40;

class Refusal {
  constructor(
    readonly handle: number,
    readonly code: number,
  ) {}
}

const word = (pdu: Uint8Array, at: number): number => pdu[at]! | (pdu[at + 1]! << 8);
const low = (value: number): [number, number] => [value & 255, value >> 8];

export class AttServer {
  constructor(
    private readonly table: AttributeTable,
    private readonly link: AttLink,
  ) {}

  /** The answer, if the request gets one. */
  handle(pdu: Uint8Array): Uint8Array | undefined {
    const opcode = pdu[0] ?? 0;
    try {
      return this.#serve(opcode, pdu);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      if (opcode & COMMAND || opcode === OPCODE.confirmation) return undefined;
      return Uint8Array.of(OPCODE.error, opcode, ...low(refusal.handle), refusal.code);
    }
  }

  #serve(opcode: number, pdu: Uint8Array): Uint8Array | undefined {
    const { link } = this;
    switch (opcode) {
      case OPCODE.mtu:
        this.#expect(pdu, 3, 3);
        link.mtu = Math.max(ATT_MTU_DEFAULT, Math.min(word(pdu, 1), link.serverMtu));
        return Uint8Array.of(opcode + 1, ...low(link.serverMtu));
      case OPCODE.findInformation:
        this.#expect(pdu, 5, 5);
        return this.#findInformation(pdu);
      case OPCODE.findByTypeValue:
        this.#expect(pdu, 7);
        return this.#findByTypeValue(pdu);
      case OPCODE.readByType:
      case OPCODE.readByGroupType:
        if (pdu.length !== 7 && pdu.length !== 21) throw new Refusal(0, ATT_ERROR.invalidPdu);
        return this.#readByType(opcode, pdu);
      case OPCODE.read:
        this.#expect(pdu, 3, 3);
        return Uint8Array.of(opcode + 1, ...this.#readable(word(pdu, 1)).subarray(0, link.mtu - 1));
      case OPCODE.readBlob:
        this.#expect(pdu, 5, 5);
        return this.#readBlob(word(pdu, 1), word(pdu, 3));
      case OPCODE.readMultiple:
        this.#expect(pdu, 5);
        return this.#readMultiple(pdu);
      case OPCODE.write:
      case OPCODE.writeCommand:
        this.#expect(pdu, 3);
        this.#write(word(pdu, 1), pdu.subarray(3));
        return opcode === OPCODE.write ? Uint8Array.of(opcode + 1) : undefined;
      case OPCODE.prepareWrite:
        // Espruino lends the stack no memory for queued writes (BLE_EVT_USER_MEM_REQUEST is answered with NULL).
        this.#expect(pdu, 5);
        this.#writable(word(pdu, 1));
        throw new Refusal(word(pdu, 1), ATT_ERROR.prepareQueueFull);
      case OPCODE.executeWrite:
        this.#expect(pdu, 2, 2);
        return Uint8Array.of(opcode + 1);
      case OPCODE.confirmation:
        link.confirmed();
        return undefined;
      default:
        throw new Refusal(0, ATT_ERROR.requestNotSupported);
    }
  }

  #expect(pdu: Uint8Array, least: number, most = this.link.mtu): void {
    if (pdu.length < least || pdu.length > most) throw new Refusal(0, ATT_ERROR.invalidPdu);
  }

  /** Throws what a link of too low a level is told (Vol 3 Part C 10.3.1). */
  #allow(handle: number, permission: Permission, notPermitted: number): void {
    const { level, hasKey, keyBytes } = this.link;
    if (permission === "nobody") throw new Refusal(handle, notPermitted);
    if (level >= permission) return;
    if (level === 1) throw new Refusal(handle, hasKey ? ATT_ERROR.insufficientEncryption : ATT_ERROR.insufficientAuthentication);
    throw new Refusal(handle, level === 3 && keyBytes < MAX_KEY_BYTES ? ATT_ERROR.insufficientKeySize : ATT_ERROR.insufficientAuthentication);
  }

  #at(handle: number): Attribute {
    const attribute = this.table.at(handle);
    if (!attribute) throw new Refusal(handle, ATT_ERROR.invalidHandle);
    return attribute;
  }

  #readable(handle: number): Uint8Array {
    const attribute = this.#at(handle);
    this.#allow(handle, attribute.read, ATT_ERROR.readNotPermitted);
    return attribute.kind === "cccd" ? Uint8Array.of(...low(this.link.cccd(handle))) : attribute.value;
  }

  #writable(handle: number): Attribute {
    const attribute = this.#at(handle);
    this.#allow(handle, attribute.write, ATT_ERROR.writeNotPermitted);
    return attribute;
  }

  #write(handle: number, data: Uint8Array): void {
    const attribute = this.#writable(handle);
    if (data.length > attribute.maxLength) throw new Refusal(handle, ATT_ERROR.invalidValueLength);
    if (attribute.kind === "cccd" && data.length !== 2) throw new Refusal(handle, ATT_ERROR.invalidValueLength);
    if (attribute.kind === "value") attribute.value = data.slice();
    this.link.written(attribute, data.slice());
  }

  #readBlob(handle: number, offset: number): Uint8Array {
    const value = this.#readable(handle);
    if (offset > value.length) throw new Refusal(handle, ATT_ERROR.invalidOffset);
    return Uint8Array.of(OPCODE.readBlob + 1, ...value.subarray(offset, offset + this.link.mtu - 1));
  }

  #readMultiple(pdu: Uint8Array): Uint8Array {
    const all: number[] = [];
    for (let at = 1; at + 1 < pdu.length; at += 2) all.push(...this.#readable(word(pdu, at)));
    return Uint8Array.of(OPCODE.readMultiple + 1, ...all.slice(0, this.link.mtu - 1));
  }

  #range(pdu: Uint8Array): Attribute[] {
    const [from, to] = [word(pdu, 1), word(pdu, 3)];
    if (from === 0 || from > to) throw new Refusal(from, ATT_ERROR.invalidHandle);
    return this.table.attributes.slice(from - 1, to);
  }

  #findInformation(pdu: Uint8Array): Uint8Array {
    const found = this.#range(pdu);
    const [first] = found;
    if (!first) throw new Refusal(word(pdu, 1), ATT_ERROR.attributeNotFound);
    const size = first.type.length;
    const out = [OPCODE.findInformation + 1, size === 4 ? 1 : 2];
    for (const { handle, type } of found) {
      if (type.length !== size || out.length + 2 + size / 2 > this.link.mtu) break;
      out.push(...low(handle), ...uuidBytes(type));
    }
    return Uint8Array.from(out);
  }

  #findByTypeValue(pdu: Uint8Array): Uint8Array {
    const type = uuidOf(pdu.subarray(5, 7));
    const wanted = pdu.subarray(7);
    const found = this.#range(pdu).filter((one) => one.type === type && one.kind === "service" && Buffer.compare(one.value, wanted) === 0);
    if (found.length === 0) throw new Refusal(word(pdu, 1), ATT_ERROR.attributeNotFound);
    return Uint8Array.of(OPCODE.findByTypeValue + 1, ...found.flatMap(({ handle, groupEnd }) => [...low(handle), ...low(groupEnd)]).slice(0, this.link.mtu - 1));
  }

  #readByType(opcode: number, pdu: Uint8Array): Uint8Array {
    const type = uuidOf(pdu.subarray(5));
    const isGroup = opcode === OPCODE.readByGroupType;
    if (isGroup && type !== "2800") throw new Refusal(word(pdu, 1), ATT_ERROR.unsupportedGroupType);
    const found = this.#range(pdu).filter((one) => one.type === type);
    const [first] = found;
    if (!first) throw new Refusal(word(pdu, 1), ATT_ERROR.attributeNotFound);
    // The first one's refusal is the answer; a later one only ends the list.
    const head = (one: Attribute): number[] => (isGroup ? [...low(one.handle), ...low(one.groupEnd)] : low(one.handle));
    const item = (one: Attribute): number[] => [...head(one), ...this.#readable(one.handle)].slice(0, this.link.mtu - 2);
    const size = item(first).length;
    const out = [opcode + 1, size];
    for (const one of found) {
      if (one.read === "nobody" || this.link.level < one.read || out.length + size > this.link.mtu) break;
      const bytes = item(one);
      if (bytes.length !== size) break;
      out.push(...bytes);
    }
    return Uint8Array.from(out);
  }
}
