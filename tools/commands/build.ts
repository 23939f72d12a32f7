// `npm run build`: bundles for all boards, or for those named.

import { parseArgs } from "node:util";
import { boards } from "../../boards/index.ts";
import { budgets } from "../build/budgets.ts";
import { buildBundle } from "../build/build.ts";
import { boardNamed } from "./board-option.ts";

const HELP = `npm run build [-- --board ID ...] [--json]
  Builds the firmware bundle of every board (or of those named) into build/firmware, checks it and prints its size.`;

export async function build(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { board: { type: "string", multiple: true }, json: { type: "boolean" }, help: { type: "boolean" } },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const wanted = values.board ? values.board.map(boardNamed) : boards;
  const built = [];
  for (const board of wanted) {
    const { file, size } = await buildBundle(board);
    built.push({ board: board.id, file, ...size });
    if (!values.json) {
      console.log(
        `${file}: ${size.bytes} bytes, ${size.functions} of ${budgets.bundle.functions} functions, ` +
          `${size.outerNames} of ${budgets.bundle.outerNames} outermost names`,
      );
    }
  }
  if (values.json) console.log(JSON.stringify(built, null, 2));
  return 0;
}
