// The radio of one board: which stack its Espruino is built with, and what the chip's factory gave it.

import type { Board } from "../../boards/board.ts";
import { bondPages } from "../../boards/flash-map.ts";
import type { Bus } from "../bus.ts";
import type { MachineParts } from "../machine-parts.ts";
import { addressOf, type Address } from "./address.ts";
import { Air } from "./air.ts";
import { Bluetooth, type BluetoothSite } from "./bluetooth.ts";
import { FlashMemory, internalTiming } from "../flash.ts";
import { Bonds } from "./bonds.ts";

/** nRF52840 boards are built with SDK15 and S140, those called nRF52832 with SDK12 and S132 (boards/*.py, `nrf_sdk`). */
const TRAITS = {
  nRF52840: { refusesPairing: true, checksKeySize: true },
  nRF52833: { refusesPairing: false, checksKeySize: false },
} as const;

const FICR_IR = 0x10000090;
const FICR_DEVICEADDR = 0x100000a4;

/** A unit's bonds, in blank pages. */
export function bondsOf(board: Board): Bonds {
  const { chip } = board;
  const { base, pages } = bondPages(board);
  return new Bonds(new FlashMemory(base, pages, internalTiming(chip)), TRAITS[chip.name].checksKeySize);
}

/** What the machine around the radio gives it. */
interface Surroundings extends Pick<BluetoothSite, "clock" | "queue" | "console" | "random" | "spend" | "print"> {
  readonly bus: Bus;
  readonly stall: (us: number, stopsProcessor: boolean) => void;
}

export function bluetoothOf({ board, air, bonds, seed }: MachineParts & { readonly bonds: Bonds }, { bus, stall, ...given }: Surroundings): Bluetooth {
  const { capabilities, chip } = board;
  // One write of flash waits for the other.
  let busyUntilUs = 0;
  bonds.fds.stall = (us) => {
    busyUntilUs = Math.max(busyUntilUs, given.clock.now) + us;
    stall(busyUntilUs - given.clock.now, true);
  };
  return new Bluetooth({
    ...given,
    boardId: board.id,
    attMtu: capabilities.attMtu,
    traits: { ...TRAITS[chip.name], hasPrivacy: capabilities.privateAddress },
    air: air ?? new Air(seed),
    bonds,
    factoryAddress: factoryAddress(bus),
    irk: identityKey(bus),
    stall: (us) => stall(us, false),
  });
}

/** 46 random bits; the two upper ones are set by whoever reads it. */
function factoryAddress(bus: Bus): Address {
  const low = bus.read32(FICR_DEVICEADDR);
  const high = bus.read32(FICR_DEVICEADDR + 4);
  return addressOf(Uint8Array.of((high >>> 8) | 0xc0, high, low >>> 24, low >>> 16, low >>> 8, low), "random");
}

/** The stack derives the key from IR; which way does not matter here. */
function identityKey(bus: Bus): Uint8Array {
  return new Uint8Array(Uint32Array.from({ length: 4 }, (_, i) => bus.read32(FICR_IR + 4 * i)).buffer);
}
