// Gives a board its identity: the ledger reserves it before the board hears of it, so whatever is cut off between the two is made
// good by doing it again, and a board never gets a second serial.

import { BoardFault, type BoardPort } from "./board-port.ts";
import { identityRecord, parseIdentity, type Identity } from "./identity.ts";
import type { Ledger, UnitRow } from "./ledger.ts";

/** Refuses a board whose record is not that of its chip in this ledger; gives the chip's unit when it has one. */
export function unitOf(ledger: Ledger, chip: string, record: Uint8Array | undefined): UnitRow | undefined {
  const unit = ledger.unitOfChip(chip);
  if (record === undefined) return unit;
  const borne = parseIdentity(record);
  if (!borne) throw new BoardFault("garbled", "it bears a provisioning record that is none");
  if (borne.serial !== unit?.serial) throw new BoardFault("serial", `it bears the serial ${borne.serial}, which is not its own in this ledger`);
  return unit;
}

/** Writes the record and compares what stands there then. */
export async function writeIdentity(port: BoardPort, identity: Identity): Promise<string> {
  const record = identityRecord(identity);
  const stands = await port.provision(record);
  if (Buffer.compare(Buffer.from(record), Buffer.from(stands)) !== 0) throw new BoardFault("damaged", `the record of ${identity.serial} does not read back as it was written`);
  return `${identity.serial} ${identity.name} ${identity.colour}`;
}

/** One board on the bench, its firmware on it and its console open: from no identity, or half of one, to its own. */
export async function provisionBoard(port: BoardPort, boardId: string, ledger: Ledger, now: number): Promise<Identity & { readonly chip: string; readonly isNew: boolean }> {
  await port.connect();
  try {
    const { board, chip, record } = await port.identify();
    if (board !== boardId) throw new BoardFault("foreign", `this is ${board}, not ${boardId}`);
    if (!/^[0-9a-f]{16}$/.test(chip)) throw new BoardFault("garbled", `its chip's number is ${chip}`);
    unitOf(ledger, chip, record);
    const identity = ledger.reserve(chip, now);
    if (record === undefined) await writeIdentity(port, identity);
    return { ...identity, chip, isNew: record === undefined };
  } finally {
    await port.close();
  }
}
