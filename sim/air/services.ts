// NRF.setServices' options as attributes (targets/nrf5x/bluetooth.c jsble_set_services, set_security_mode; bluetooth_utils.c
// bleVarToUUID), and the Nordic UART service that Espruino adds by itself.

import { PROPERTY, type CharacteristicSpec, type Permission, type ServiceSpec, type Uuid } from "./attributes.ts";

/** One direction's `security`, as the shim hands it over. */
interface SecurityOption {
  readonly signed?: boolean;
  readonly mitm?: boolean;
  readonly lesc?: boolean;
  readonly encrypted?: boolean;
}

export interface CharacteristicOptions {
  readonly uuid: string;
  readonly broadcast: boolean;
  readonly notify: boolean;
  readonly indicate: boolean;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly maxLen: number;
  readonly description?: string;
  readonly value?: Uint8Array;
  readonly security?: { readonly read?: SecurityOption; readonly write?: SecurityOption };
  readonly onWrite?: number;
  readonly onWriteDesc?: number;
}

export interface ServiceOptions {
  readonly uuid: string;
  readonly characteristics: readonly CharacteristicOptions[];
}

/** A description longer than this is cut (char description[32] and its terminator). */
const DESCRIPTION_BYTES = 31;
/** vs_uuid_count: bases of 128-bit UUIDs; those that differ in bytes 2 and 3 only share one. */
export const VENDOR_UUIDS = 10;

const DIGITS = "0123456789abcdef";

/** A key of the object: the number 0x180a is the key "6154" by then; four digits and "0x.." are hexadecimal. */
export function parseUuid(key: string, what: "Service" | "Characteristic"): Uuid {
  const refuse = (why: string): Error => new Error(`Invalid ${what} UUID: ${why}`);
  const decimal = Number(key);
  // Espruino keeps a number as a number; a string of four hexadecimal digits is one only when it is no such number.
  if (String(decimal) === key && Number.isInteger(decimal)) {
    if (decimal < 0 || decimal > 0xffff) throw refuse("UUID Integer out of range");
    return decimal.toString(16).padStart(4, "0");
  }
  const isShort = key.startsWith("0x") || key.length === 4;
  const digits = (key.startsWith("0x") ? key.slice(2) : isShort ? key : key.replaceAll("-", "")).toLowerCase();
  if ([...digits].some((digit) => !DIGITS.includes(digit))) throw refuse("UUID string should only contain hex characters and dashes");
  if (digits.length !== (isShort ? 4 : 32)) throw refuse("UUID not the right length (16 or 2 bytes)");
  return digits;
}

/** Whatever is neither of these leaves the value open: `mitm` alone does. */
function permission(option: SecurityOption | undefined): Permission {
  if (option?.signed) throw new Error("signed writes are not modelled");
  if (option?.lesc) return 4;
  if (option?.encrypted) return option.mitm ? 3 : 2;
  return 1;
}

function characteristicOf(options: CharacteristicOptions): CharacteristicSpec {
  const { readable, writable, notify, indicate, broadcast, security, description, onWrite, onWriteDesc } = options;
  const properties =
    (broadcast ? PROPERTY.broadcast : 0) |
    (readable ? PROPERTY.read : 0) |
    (writable ? PROPERTY.write | PROPERTY.writeCommand : 0) |
    (notify ? PROPERTY.notify : 0) |
    (indicate ? PROPERTY.indicate : 0);
  const value = options.value ?? new Uint8Array(0);
  return {
    uuid: parseUuid(options.uuid, "Characteristic"),
    properties,
    // Espruino opens both unless `security` says otherwise. Whether the stack refuses what the properties do not announce was not
    // verified: here it does not, so what must not be read or written has to be secured.
    read: permission(security?.read),
    write: permission(security?.write),
    value,
    maxLength: Math.max(options.maxLen || 1, value.length),
    description: description === undefined ? undefined : Buffer.from(description.slice(0, DESCRIPTION_BYTES), "latin1"),
    onWrite,
    onWriteDesc,
  };
}

export function serviceOf(options: ServiceOptions): ServiceSpec {
  return { uuid: parseUuid(options.uuid, "Service"), characteristics: options.characteristics.map(characteristicOf) };
}

/** A 128-bit UUID without the two bytes that may differ. */
export const vendorBase = (uuid: Uuid): Uuid | undefined => (uuid.length === 32 ? uuid.slice(0, 4) + uuid.slice(8) : undefined);

const NUS_BASE = "b5a3f393e0a9e50e24dcca9e";
export const NUS_SERVICE: Uuid = `6e400001${NUS_BASE}`;
/** Where a central writes to. */
export const NUS_RX: Uuid = `6e400002${NUS_BASE}`;
/** What notifies the central. */
export const NUS_TX: Uuid = `6e400003${NUS_BASE}`;

/** The console over the air; `level` is 1 unless setSecurity asked for more. */
export function nordicUart(level: Permission, maxLength: number): ServiceSpec {
  const nothing = new Uint8Array(0);
  return {
    uuid: NUS_SERVICE,
    characteristics: [
      { uuid: NUS_RX, properties: PROPERTY.write | PROPERTY.writeCommand, read: "nobody", write: level, value: nothing, maxLength },
      { uuid: NUS_TX, properties: PROPERTY.notify, read: level, write: "nobody", value: nothing, maxLength },
    ],
  };
}
