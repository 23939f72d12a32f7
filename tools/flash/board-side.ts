// What runs on the board while it is written to: a few functions, sent to its console as one expression. Every one may be called
// twice with the same effect. A packet bears its CRC-32, and is written only when it arrived whole; what was written is read back.

/** Bytes of a packet: with base64 and the call round it the line stays below the board's input buffer. */
export const PACKET_BYTES = 480;
export const TOOL = "pawlockTool";

const F = 'var F=require("Flash");';

const FUNCTIONS = {
  /** 1 written and read back, 0 the flash holds something else, -1 torn on the way. */
  write: `function(a,c,t){${F}var b=new Uint8Array(E.toArrayBuffer(atob(t)));if(E.CRC32(b)!==c)return -1;F.write(b,a);return E.CRC32(F.read(b.length,a))===c?1:0}`,
  check: `function(a,n){${F}return E.CRC32(F.read(n,a))}`,
  /** Whether the page is blank afterwards. */
  erase: `function(a,n,c){${F}F.erasePage(a);return E.CRC32(F.read(n,a))===c}`,
  /** Collects a text in RAM, piece by piece. */
  collect: `function(o,c,t){t=atob(t);if(E.CRC32(t)!==c||this.t.length<o)return -1;this.t=this.t.substr(0,o)+t;return 1}`,
  /** Writes the collected text to a file of Storage, if it is the right one. */
  store: `function(n,c){var S=require("Storage"),o=S.read(n);if(E.CRC32(this.t)!==c)return -1;if(o===undefined||E.CRC32(o)!==c)S.write(n,this.t);return E.CRC32(S.read(n))===c?1:0}`,
};

/** Define them, one a line; each gives 1. */
export const definitions: readonly string[] = [`(global.${TOOL}={t:""},1)`, ...Object.entries(FUNCTIONS).map(([name, text]) => `(${TOOL}.${name}=${text},1)`)];

export const call = (name: keyof typeof FUNCTIONS, ...args: readonly (string | number)[]): string => `${TOOL}.${name}(${args.map((arg) => JSON.stringify(arg)).join()})`;
