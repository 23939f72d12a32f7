// Images for tests: built from the bundle on disk, signed with a key that lives as long as the run.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Board } from "../../boards/board.ts";
import { sha256 } from "../../tools/production/files.ts";
import { readInterpreter } from "../../tools/production/espruino-release.ts";
import { buildImage, writeImage, type BuildRequest, type Image } from "../../tools/production/image-build.ts";
import { createKey, readPublicKey, readSigningKey, type PublicKey, type SigningKey } from "../../tools/production/signing.ts";
import { fakeEspruino, type FakeOptions } from "./espruino-file.ts";
import { bundleOf } from "./toy.ts";

export interface Workshop {
  readonly folder: string;
  readonly key: SigningKey;
  readonly publicKey: PublicKey;
}

export function openWorkshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), "pawlock-image-"));
  createKey(join(folder, "key"));
  return { folder, key: readSigningKey(join(folder, "key")), publicKey: readPublicKey(join(folder, "key.pub")) };
}

export const closeWorkshop = ({ folder }: Workshop): void => rmSync(folder, { recursive: true });

/** A file that passes for Espruino's release, and what the tool reads from it. */
export function interpreterFor(workshop: Workshop, board: Board, options: FakeOptions = {}): BuildRequest["interpreter"] {
  const file = fakeEspruino(board, options);
  const path = join(workshop.folder, board.espruino.binary.replace("%v", "2v29"));
  writeFileSync(path, file);
  return readInterpreter(path, board, sha256(file));
}

/** Builds and writes an image; not signed unless a key is given. */
export function imageIn(workshop: Workshop, name: string, board: Board, change: Partial<BuildRequest> = {}): Image & { readonly path: string } {
  const path = join(workshop.folder, name);
  const source = { firmware: "1.2.3", commit: "0123456789".repeat(4), changed: [] };
  const image = buildImage({ board, bundle: bundleOf(board), lockdown: undefined, interpreter: interpreterFor(workshop, board), source, key: undefined, kind: "development", ...change });
  writeImage(path, image);
  return { ...image, path };
}
