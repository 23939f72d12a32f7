// What an image puts on a board, as the USB loader takes it: read from the image's own bytes, never from this build.

import { slotRuns } from "../../boards/flash-map.ts";
import { walk } from "../../sim/storage-image.ts";
import type { Installation } from "../flash/install.ts";
import { UserError } from "../errors.ts";
import { applicationIn } from "../image/slot.ts";
import { LOG_FILE } from "../image/storage.ts";
import type { VerifiedImage } from "./image-verify.ts";
import { rangeOf } from "./memory-image.ts";

export function installationOf({ board, storage, chip }: VerifiedImage): Installation {
  const [slot] = slotRuns(board);
  const page = board.chip.pageBytes;
  const pieces = board.storage.kind === "external" ? [{ address: board.storage.base, bytes: storage }] : chip;
  const pages = rangeOf(pieces, slot!.base, slot!.pages * page);
  const application = applicationIn(board, pages);
  if (!application) throw new UserError("the image holds no application", "Build it anew: `pawlock image`.");
  const bootFiles = Array.from(walk(storage), ({ name, data }) => ({ name, data })).filter(({ name }) => name !== LOG_FILE);
  return { board, application, bootFiles };
}
