#!/usr/bin/env node
// `npx pawlock ...`: the same as `node tools/run.mjs pawlock ...`.

process.argv.splice(2, 0, "pawlock");
await import("./run.mjs");
