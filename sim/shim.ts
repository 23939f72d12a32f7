// Espruino's globals in terms of host calls, as every engine loads them: plain text in this order.

import { readFileSync } from "node:fs";

const FILES = ["shim.js", "shim-radio.js"];

export const shim = FILES.map((file) => readFileSync(new URL(file, import.meta.url), "utf8")).join("\n");
