// The host's IMA ADPCM encoder: the one place that chooses it; every tool encodes through it. Time is cheap here, so it is the
// search that the toy has no time for.

export { searchBlocks as encodeBlocks } from "../kernel/search.ts";
