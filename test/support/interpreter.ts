// The real interpreter for the tests that need it. They run only where ESPRUINO names one.

import assert from "node:assert/strict";
import type { EspruinoEngine } from "../../sim/espruino/engine.ts";
import { espruinoEngine } from "../../sim/espruino/make.ts";
import type { EngineMaker } from "../../sim/stage.ts";

export function interpreterPath(): string {
  const path = process.env["ESPRUINO"];
  assert.ok(path, "ESPRUINO=path of a Linux build of Espruino");
  return path;
}

/** For a describe block: a maker of engines, and those that the running test has made, which end with it. */
export function espruinoEngines(): { readonly espruino: EngineMaker; readonly engines: EspruinoEngine[] } {
  const engines: EspruinoEngine[] = [];
  let maker: EngineMaker;
  before(() => {
    maker = espruinoEngine(interpreterPath(), { onMade: (engine) => engines.push(engine) });
  });
  afterEach(() => {
    for (const engine of engines.splice(0)) engine.kill();
  });
  return { espruino: (...parts) => maker(...parts), engines };
}
