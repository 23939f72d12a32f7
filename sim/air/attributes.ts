// The stack's attribute table: GAP and GATT first, then what services are added. Handles as SoftDevice S140 gives them without
// the Service Changed characteristic (XIAOBLE, NRF52840DK); levels are per characteristic value, everything else is open.

import type { SecurityLevel } from "./pairing.ts";

/** Hexadecimal digits without dashes: 4 of an assigned number, or 32. */
export type Uuid = string;

/** Nobody, or links of at least this level. */
export type Permission = "nobody" | SecurityLevel;

export type AttributeKind = "service" | "characteristic" | "value" | "cccd" | "descriptor";

export interface Attribute {
  readonly handle: number;
  readonly kind: AttributeKind;
  readonly type: Uuid;
  readonly read: Permission;
  write: Permission;
  readonly maxLength: number;
  value: Uint8Array;
  /** Of a service declaration: its last handle. */
  groupEnd: number;
  /** The handler that JavaScript gave for writes, by the number it has there. */
  readonly onWrite?: number | undefined;
}

export const PROPERTY = { broadcast: 0x01, read: 0x02, writeCommand: 0x04, write: 0x08, notify: 0x10, indicate: 0x20 } as const;

export interface CharacteristicSpec {
  readonly uuid: Uuid;
  /** Bits of PROPERTY. */
  readonly properties: number;
  readonly read: Permission;
  readonly write: Permission;
  readonly value: Uint8Array;
  readonly maxLength: number;
  readonly description?: Uint8Array | undefined;
  readonly onWrite?: number | undefined;
  readonly onWriteDesc?: number | undefined;
}

export interface ServiceSpec {
  readonly uuid: Uuid;
  readonly characteristics: readonly CharacteristicSpec[];
}

const PRIMARY_SERVICE = "2800";
const CHARACTERISTIC = "2803";
const USER_DESCRIPTION = "2901";
export const CCCD = "2902";

/** nrf_sdh_ble's default (NRF_SDH_BLE_GATTS_ATTR_TAB_SIZE), which Espruino keeps; what one attribute takes of it is an estimate. */
const TABLE_BYTES = 1408;
const ATTRIBUTE_BYTES = 12;

export function uuidBytes(uuid: Uuid): Uint8Array {
  return Uint8Array.from(Buffer.from(uuid, "hex").reverse());
}

export function uuidOf(bytes: Uint8Array): Uuid {
  return Buffer.from(bytes).reverse().toString("hex");
}

export class AttributeTable {
  readonly attributes: Attribute[] = [];
  #usedBytes = 0;

  /** The first handle of what comes after GAP and GATT (sd_ble_gatts_initial_user_handle_get). */
  readonly firstUserHandle: number;
  readonly deviceName: Attribute;

  constructor(deviceName: Uint8Array, preferredParameters: Uint8Array) {
    const gap = (uuid: Uuid, value: Uint8Array, maxLength = value.length): CharacteristicSpec => ({
      uuid,
      properties: PROPERTY.read,
      read: 1,
      write: "nobody",
      value,
      maxLength,
    });
    const before = this.#usedBytes;
    const [name] = this.add({
      uuid: "1800",
      characteristics: [gap("2a00", deviceName, 31), gap("2a01", new Uint8Array(2)), gap("2a04", preferredParameters), gap("2aa6", Uint8Array.of(0))],
    });
    this.deviceName = name!;
    this.add({ uuid: "1801", characteristics: [] });
    // These have their place whatever is left for the application.
    this.#usedBytes = before;
    this.firstUserHandle = this.attributes.length + 1;
  }

  at(handle: number): Attribute | undefined {
    return this.attributes[handle - 1];
  }

  /** Espruino looks a characteristic up by UUID alone, from the first user handle on (bleGetGATTHandle). */
  find(uuid: Uuid): Attribute | undefined {
    return this.attributes.slice(this.firstUserHandle - 1).find((attribute) => attribute.type === uuid);
  }

  /** The descriptor that switches a value's notifications. */
  cccdOf(value: Attribute): Attribute | undefined {
    for (let handle = value.handle + 1; ; handle++) {
      const attribute = this.at(handle);
      if (!attribute || attribute.kind === "service" || attribute.kind === "characteristic") return undefined;
      if (attribute.kind === "cccd") return attribute;
    }
  }

  /** Returns the value attributes. Throws what Espruino prints when the table is full. */
  add({ uuid, characteristics }: ServiceSpec): Attribute[] {
    const service = this.#push({ kind: "service", type: PRIMARY_SERVICE, read: 1, write: "nobody", maxLength: uuid.length / 2, value: uuidBytes(uuid) });
    const values = characteristics.map((spec) => this.#addCharacteristic(spec));
    service.groupEnd = this.attributes.length;
    return values;
  }

  #addCharacteristic(spec: CharacteristicSpec): Attribute {
    const valueHandle = this.attributes.length + 2;
    const declaration = Uint8Array.of(spec.properties, valueHandle & 255, valueHandle >> 8, ...uuidBytes(spec.uuid));
    this.#push({ kind: "characteristic", type: CHARACTERISTIC, read: 1, write: "nobody", maxLength: declaration.length, value: declaration });
    const { read, write, maxLength, value, onWrite } = spec;
    const attribute = this.#push({ kind: "value", type: spec.uuid, read, write, maxLength, value: value.slice(), onWrite });
    if (spec.description) {
      const { description } = spec;
      this.#push({ kind: "descriptor", type: USER_DESCRIPTION, read: 1, write: "nobody", maxLength: description.length, value: description });
    }
    if (spec.properties & (PROPERTY.notify | PROPERTY.indicate)) {
      // p_cccd_md is NULL: readable and writable by everybody (bluetooth.c jsble_set_services).
      this.#push({ kind: "cccd", type: CCCD, read: 1, write: 1, maxLength: 2, value: new Uint8Array(2), onWrite: spec.onWriteDesc });
    }
    return attribute;
  }

  #push(attribute: Omit<Attribute, "handle" | "groupEnd">): Attribute {
    this.#usedBytes += ATTRIBUTE_BYTES + attribute.maxLength;
    if (this.#usedBytes > TABLE_BYTES) throw new Error("ERR 0x4 (NO_MEM)");
    const added: Attribute = { ...attribute, handle: this.attributes.length + 1, groupEnd: 0 };
    this.attributes.push(added);
    return added;
  }
}
