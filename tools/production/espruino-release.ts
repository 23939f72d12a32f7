// Espruino's own release file: given by path, checked against the list in boards/, and looked into, so that a file for another
// board or of another version is named as what it is rather than as a wrong checksum.

import type { Board } from "../../boards/board.ts";
import { espruinoReleases, type EspruinoRelease } from "../../boards/espruino-releases.ts";
import { boards } from "../../boards/index.ts";
import { UserError } from "../errors.ts";
import { readBounded, sha256 } from "./files.ts";
import { MOST_IMAGE_BYTES, parseMemoryImage, type Piece } from "./memory-image.ts";

export interface Interpreter {
  readonly version: string;
  readonly sha256: string;
  /** Who vouches for the checksum: the list, or whoever built the image. */
  readonly vouchedBy: "list" | "operator";
  readonly pieces: readonly Piece[];
  readonly file: Buffer;
}

/** `stated`: the checksum that the user gives, needed where the list has none. */
export function readInterpreter(path: string, board: Board, stated: string | undefined, releases: readonly EspruinoRelease[] = espruinoReleases): Interpreter {
  const wanted = extension(board.espruino.binary);
  if (extension(path) !== wanted) throw new UserError(`${path} is not what ${board.id} takes: ${wanted}`, `Name ${board.espruino.binary.replace("%v", board.espruino.minimumVersion)}.`);
  const file = readBounded(path, "Espruino's release", MOST_IMAGE_BYTES);
  const pieces = parseMemoryImage(file, path, "Espruino's release", board.chip);
  checkBoard(path, board, pieces);
  const release = checkVersion(path, board, pieces, releases);
  const found = sha256(file);
  return { version: release.version, sha256: found, vouchedBy: checkSum(path, board, release, found, stated), pieces, file };
}

function extension(path: string): string {
  return path.slice(path.lastIndexOf(".")).toLowerCase();
}

/** A C string in the binary. */
const holds = (pieces: readonly Piece[], text: string): boolean => pieces.some(({ bytes }) => Buffer.from(bytes).includes(`${text}\0`, 0, "latin1"));

function checkBoard(path: string, board: Board, pieces: readonly Piece[]): void {
  if (holds(pieces, board.id)) return;
  const other = boards.find(({ id }) => holds(pieces, id));
  throw new UserError(`${path} ${other ? `is Espruino for ${other.id}` : "names no board that is known here"}, not for ${board.id}`, `Fetch ${board.espruino.binary.replace("%v", board.espruino.minimumVersion)}.`);
}

function checkVersion(path: string, board: Board, pieces: readonly Piece[], releases: readonly EspruinoRelease[]): EspruinoRelease {
  const known = releases.filter(({ boards: ids }) => ids.includes(board.id));
  const release = known.find(({ version }) => holds(pieces, version));
  if (release) return release;
  throw new UserError(`${path} is not one of the releases that ${board.id} was checked with`, `Take ${known.map(({ version }) => version).join(" or ")}; a new release is checked first, then named in boards/espruino-releases.ts.`);
}

function checkSum(path: string, board: Board, release: EspruinoRelease, found: string, stated: string | undefined): Interpreter["vouchedBy"] {
  if (stated !== undefined && !/^[0-9a-f]{64}$/i.test(stated)) throw new UserError("--espruino-sha256 is no SHA-256", "It has 64 hexadecimal digits.");
  const listed = release.sha256[board.id];
  if (listed === undefined && stated === undefined) {
    throw new UserError(`nobody has vouched for ${path}: the list has no checksum of Espruino ${release.version} for ${board.id}`, "State it with --espruino-sha256, from a source that you trust, not from the file itself.");
  }
  for (const expected of [listed, stated]) {
    if (expected !== undefined && expected.toLowerCase() !== found) throw new UserError(`${path} has SHA-256 ${found}, expected ${expected.toLowerCase()}`, "Fetch the file again. If it differs still, do not use it.");
  }
  return listed === undefined ? "operator" : "list";
}
