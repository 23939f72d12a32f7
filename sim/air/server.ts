// The toy's services: what NRF.setServices wants, what the stack has since it last started, and their values (targets/nrf5x/
// bluetooth.c services_init, jsble_set_services).

import { AttributeTable, type Attribute, type Uuid } from "./attributes.ts";
import type { Link } from "./link.ts";
import type { SecurityLevel } from "./pairing.ts";
import { NUS_RX, NUS_SERVICE, nordicUart, serviceOf, vendorBase, VENDOR_UUIDS, type ServiceOptions } from "./services.ts";

export interface ServerOptions {
  readonly uart: boolean;
  readonly advertise: readonly Uuid[] | undefined;
}

/** Intervals of 7.5 ms, no latency, 4 s of supervision (gap_params_init). */
const PREFERRED_PARAMETERS = Uint8Array.of(6, 0, 6, 0, 0, 0, 0x90, 0x01);

export class Server {
  table!: AttributeTable;
  /** The console's service is there. */
  hasUart = false;
  /** Some were added since the stack started: others need it to start again. */
  wereServicesSet = false;
  #options: ServerOptions = { uart: true, advertise: undefined };
  #services: readonly ServiceOptions[] | undefined;

  constructor(private readonly attMtu: number) {}

  /** UUIDs for the scan response. */
  get advertised(): readonly Uuid[] {
    return [...(this.hasUart ? [NUS_SERVICE] : []), ...(this.#options.advertise ?? [])];
  }

  /** The stack starts, with nothing but its own services and the UART. */
  start(deviceName: string, uartLevel: SecurityLevel): void {
    this.table = new AttributeTable(Buffer.from(deviceName, "latin1"), PREFERRED_PARAMETERS);
    this.wereServicesSet = false;
    this.hasUart = this.#options.uart;
    if (this.hasUart) this.table.add(nordicUart(uartLevel, this.attMtu - 3));
  }

  /** Whether the stack has to start again for these. */
  set(services: readonly ServiceOptions[] | undefined, options: ServerOptions): boolean {
    this.#services = services;
    this.#options = options;
    return options.uart !== this.hasUart || options.advertise !== undefined;
  }

  /** Adds what was set. */
  addServices(): void {
    const specs = (this.#services ?? []).map(serviceOf);
    const uuids = specs.flatMap(({ uuid, characteristics }) => [uuid, ...characteristics.map((characteristic) => characteristic.uuid)]);
    const bases = new Set([...uuids, ...(this.hasUart ? [NUS_SERVICE] : [])].map(vendorBase));
    bases.delete(undefined);
    if (bases.size > VENDOR_UUIDS) throw new Error("Invalid Characteristic UUID: Too many custom UUIDs");
    for (const spec of specs) {
      this.wereServicesSet = true;
      this.table.add(spec);
    }
  }

  /** With `name` the GAP name becomes that, and writable by everybody (jswrap_ble_setAdvertising). */
  openName(name: string): void {
    this.table.deviceName.value = Buffer.from(name, "latin1");
    this.table.deviceName.write = 1;
  }

  /** Sets a value and notifies it: what JavaScript is told went wrong. A queue that is full and a missing subscription are not told. */
  update(link: Link | undefined, uuid: Uuid, value: Uint8Array | undefined, isNotified: boolean, isIndicated: boolean): string | undefined {
    const attribute = this.table.find(uuid);
    if (!attribute) throw new Error(`Unable to find service with UUID ${uuid}`);
    if (!value || value.length === 0) return undefined;
    if (value.length > attribute.maxLength) return "ERR 0xc (DATA_SIZE)";
    attribute.value = value.slice();
    if (!link || !(isNotified || isIndicated)) return undefined;
    return link.notify(attribute, value, isIndicated) === "BUSY" ? "ERR 0x11 (BUSY)" : undefined;
  }

  isUart(attribute: Attribute): boolean {
    return this.hasUart && attribute.type === NUS_RX;
  }
}
