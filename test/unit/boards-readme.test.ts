// boards/README.md is what the boards' data says.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { boards } from "../../boards/index.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import { boardsReadme } from "../../tools/boards-readme.ts";

describe("boards/README.md", () => {
  it("is the one that the boards' data makes", () => {
    assert.equal(readFileSync(new URL("../../boards/README.md", import.meta.url), "utf8"), boardsReadme(boards));
  });

  it("changes with a board's wiring, limits and title", () => {
    const text = boardsReadme([{ ...xiaoble, title: "Changed", limits: ["no hearing"], wiring: [{ signal: "paw", pin: "D6", to: "a | b" }] }]);
    assert.match(text, /^## Changed \(`XIAOBLE`\)$/m);
    assert.match(text, /^- no hearing$/m);
    assert.match(text, /^\| paw \| D6 \| a \\\| b \|$/m);
  });
});
