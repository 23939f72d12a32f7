// NRF's functions as operations between the interpreter and the board: what each is given and gives back.

import type { Wire } from "../engine.ts";
import { parseAddress } from "./address.ts";
import type { AdvertisingOptions } from "./advertising.ts";
import type { Bluetooth } from "./bluetooth.ts";
import type { SecurityOptions } from "./security.ts";
import { parseUuid, type ServiceOptions } from "./services.ts";

type Operation = (args: readonly Wire[]) => Wire | void;

interface Update {
  readonly service: string;
  readonly uuid: string;
  readonly value?: Uint8Array;
  readonly notify: boolean;
  readonly indicate: boolean;
}

/** Names in the cost model (sim/cost/boundary.ts). */
const COSTS: Readonly<Record<string, string>> = {
  "nrf.updateServices": "updateServices",
  "nrf.getSecurityStatus": "getSecurityStatus",
  "nrf.setServices": "nrfSetting",
  "nrf.setAdvertising": "nrfSetting",
  "nrf.setSecurity": "nrfSetting",
};

/** A copy in arrays and bytes of this process, whichever engine they came from: nothing of the interpreter's is kept. */
function copyOf(value: Wire): Wire {
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value)) return Uint8Array.from(value as Uint8Array);
  if (Array.isArray(value)) return Array.from(value as readonly Wire[], copyOf);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, copyOf(part)]));
}

/** `charge` lets the time of the call pass by the cost model; `called` sees each call. */
export function nrfOperations(bluetooth: Bluetooth, charge: (cost: string, bytes: number) => void, called: (name: string, args: readonly Wire[]) => void): Readonly<Record<string, Operation>> {
  const operations: Readonly<Record<string, Operation>> = {
    "nrf.setServices": ([services, options]) => {
      const { uart, advertise } = options as { readonly uart: boolean; readonly advertise?: readonly string[] };
      bluetooth.setServices((services ?? undefined) as unknown as readonly ServiceOptions[] | undefined, {
        uart,
        advertise: advertise?.map((uuid) => parseUuid(uuid, "Service")),
      });
    },
    "nrf.updateServices": ([updates]) => {
      if (bluetooth.needsRestart) throw new Error("Can't update services until BLE restart");
      bluetooth.interval.activity();
      for (const { service, uuid, value, notify, indicate } of updates as unknown as readonly Update[]) {
        parseUuid(service, "Service");
        bluetooth.update(parseUuid(uuid, "Characteristic"), value, notify, indicate);
      }
    },
    "nrf.setAdvertising": ([services, options]) => {
      const list = services as unknown as readonly { readonly uuid: string; readonly data?: Uint8Array }[] | undefined;
      bluetooth.setAdvertising(
        list?.map(({ uuid, data }) => ({ uuid: parseUuid(uuid, "Service"), ...(data ? { data } : {}) })),
        options as AdvertisingOptions,
      );
    },
    "nrf.setSecurity": ([options]) => bluetooth.setSecurity((options ?? undefined) as SecurityOptions | undefined),
    "nrf.getSecurityStatus": () => bluetooth.getSecurityStatus(),
    "nrf.setAddress": ([text]) => {
      const address = parseAddress(text);
      if (!address) throw new Error("Expecting mac address of the form aa:bb:cc:dd:ee:ff");
      bluetooth.setAddress(address);
    },
    "nrf.getAddress": ([isCurrent]) => bluetooth.advertiser.getAddress(isCurrent === true),
    "nrf.resolveAddress": ([text]) => {
      const address = parseAddress(text);
      return address && bluetooth.resolveAddress(address);
    },
    "nrf.sleep": () => bluetooth.sleep(),
    "nrf.wake": () => bluetooth.wake(),
    "nrf.restart": () => bluetooth.restart(),
    "nrf.disconnect": () => bluetooth.disconnect(),
    "nrf.eraseBonds": ([isHard]) => bluetooth.eraseBonds(isHard === true),
    "nrf.startBonding": () => bluetooth.startBonding(),
    "nrf.setConnectionInterval": ([least, most]) => {
      if (least === undefined) bluetooth.interval.isAutomatic = true;
      else bluetooth.interval.set(Number(least), Number(most));
    },
  };
  const charged = ([name, serve]: [string, Operation]): [string, Operation] => [
    name,
    (args) => {
      charge(COSTS[name] ?? "nrfCall", name === "nrf.updateServices" ? bytesIn(args) : 0);
      const copies = Array.from(args, copyOf);
      called(name, copies);
      return serve(copies);
    },
  ];
  return Object.fromEntries(Object.entries(operations).map(charged));
}

const bytesIn = ([updates]: readonly Wire[]): number => (updates as unknown as readonly Update[]).reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
