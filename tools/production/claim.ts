// One station of a name works with a ledger at a time: a second one would take the runs of the first for interrupted ones. The claim
// is a lock of the operating system on a file beside the ledger, and gone with the process that holds it, however that ends.

import Database from "libsql";
import { UserError } from "../errors.ts";
import { printable } from "./files.ts";

/** Gives what ends the claim. */
export function claimStation(ledger: string, station: string): () => void {
  const path = `${ledger}.${encodeURIComponent(station)}.lock`;
  try {
    const lock = new Database(path);
    lock.exec("BEGIN EXCLUSIVE");
    return () => void lock.close();
  } catch (error) {
    const why = (error as Error).message;
    if (/locked/.test(why)) throw new UserError(`a station ${printable(station, 60)} works with this ledger already`, "End that one, or give this one a name of its own with --station.");
    throw new UserError(`cannot lock ${printable(path, 200)}: ${printable(why)}`, "Keep the ledger in a folder that you may write.");
  }
}
