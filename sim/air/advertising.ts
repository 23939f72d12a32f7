// Advertising and scan response data as Espruino puts them together (libs/bluetooth/jswrap_bluetooth.c
// _jswrap_ble_getAdvertisingDataRaw, _jswrap_ble_getScanResponse; bluetooth_utils.c jsbleGetDeviceName).

import { uuidBytes, type Uuid } from "./attributes.ts";

export interface AdvertisingOptions {
  readonly name?: string;
  readonly showName?: boolean;
  readonly flags?: boolean;
  readonly discoverable?: boolean;
  readonly manufacturer?: number;
  readonly manufacturerData?: Uint8Array;
  readonly interval?: number;
  readonly connectable?: boolean;
  readonly scannable?: boolean;
  readonly whenConnected?: boolean;
}

/** A UUID, and data where it is more than announced. */
export interface AdvertisedService {
  readonly uuid: Uuid;
  readonly data?: Uint8Array;
}

const DATA_BYTES = 31;
const TYPE = { flags: 0x01, uuids16: 0x03, uuids128: 0x07, shortName: 0x08, name: 0x09, serviceData: 0x16, manufacturer: 0xff };
const GENERAL_DISCOVERABLE = 0x06;
const LIMITED_DISCOVERABLE = 0x05;
const ESPRUINO = 0x0590;

/** The board's name and the address's last four digits. */
export function defaultName(boardId: string, address: string): string {
  return `${boardId} ${address.slice(12, 14)}${address.slice(15, 17)}`;
}

class Data {
  readonly bytes: number[] = [];

  add(what: string, type: number, data: Iterable<number>): void {
    const content = [...data];
    if (this.bytes.length + content.length + 2 > DATA_BYTES) throw new Error(`Advertising data too long when adding ${what}`);
    this.bytes.push(content.length + 1, type, ...content);
  }
}

function addUuids(data: Data, uuids: readonly Uuid[]): void {
  const short = uuids.filter((uuid) => uuid.length === 4).flatMap((uuid) => [...uuidBytes(uuid)]);
  const long = uuids.filter((uuid) => uuid.length === 32).flatMap((uuid) => [...uuidBytes(uuid)]);
  if (short.length > 0) data.add("16 bit Service", TYPE.uuids16, short);
  if (long.length > 0) data.add("128 bit Service", TYPE.uuids128, long);
}

/** What setAdvertising's object and options make. Without them: flags, Espruino's number and the name. */
export function advertisingData(services: readonly AdvertisedService[], options: AdvertisingOptions, deviceName: string): Uint8Array {
  const data = new Data();
  if (options.flags !== false) data.add("flags", TYPE.flags, [options.discoverable === false ? LIMITED_DISCOVERABLE : GENERAL_DISCOVERABLE]);
  for (const { uuid, data: content } of services) {
    if (content) data.add("Service", TYPE.serviceData, [...uuidBytes(uuid).subarray(0, 2), ...content]);
  }
  addUuids(
    data,
    services.filter((service) => !service.data).map(({ uuid }) => uuid),
  );
  const manufacturer = options.manufacturer ?? ESPRUINO;
  if (manufacturer) data.add("Manufacturer data", TYPE.manufacturer, [manufacturer & 255, manufacturer >> 8, ...(options.manufacturerData ?? [])]);
  if (options.showName !== false) {
    const name = Buffer.from(options.name ?? deviceName, "latin1");
    const room = DATA_BYTES - data.bytes.length - 2;
    if (name.length > 0) data.add("Name", name.length > room ? TYPE.shortName : TYPE.name, name.subarray(0, Math.max(0, room)));
  }
  return Uint8Array.from(data.bytes);
}

/** The scan response names the services; the UART's is there while it is open. */
export function scanResponse(advertised: readonly Uuid[]): Uint8Array {
  const data = new Data();
  addUuids(data, advertised);
  return Uint8Array.from(data.bytes);
}
