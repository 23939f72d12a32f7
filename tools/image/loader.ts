// `.bootcde`: the loader. Text of a boot file, so ES5 as Espruino runs it; it never changes in the field. It starts the newest
// whole slot at top level, where functions keep their code in flash, and leaves `pawlockSlot`, its index, to the application.
//
// A slot is whole when manifest, text and prompts have the CRC-32 that the manifest says and the commit word is cleared. One on
// trial gets its `started` word before it is evaluated; started but not confirmed, it is passed over. An application that throws
// while on trial ends in a reboot, so in the other slot. Without a whole slot there is only the light: no radio, no audio.

import type { Board } from "../../boards/board.ts";
import { slotRuns } from "../../boards/flash-map.ts";
import {
  LAYOUT_VERSION,
  MANIFEST_WORDS,
  PIECE_BYTES,
  SLOT_MAGIC,
  TEXT_AT,
  WORD_CHECK,
  WORD_COMMIT,
  WORD_CONFIRMED,
  WORD_LAYOUT,
  WORD_MAGIC,
  WORD_PROMPTS_BYTES,
  WORD_PROMPTS_CRC,
  WORD_PROMPTS_PAGE,
  WORD_STARTED,
  WORD_TEXT_BYTES,
  WORD_TEXT_CRC,
  WORD_TRIAL,
  WORD_VERSION,
} from "../../firmware/boot/manifest.ts";

/** Storage's own header stands before the data of the first file, so offsets in the file are 32 less. */
const HEADER_BYTES = 32;
const BLINK_MS = 125;

/** `length` bytes of a slot at an address, as a flash string: no copy in RAM. */
export function textExpression(board: Board, address: string | number, length: string | number): string {
  const { storage, chip } = board;
  const { base } = slotRuns(board)[0]!;
  const isInLog = base >= storage.base && base < storage.base + storage.pages * chip.pageBytes;
  return isInLog ? `require("Storage").read("log",${address}-${storage.base + HEADER_BYTES},${length})` : `E.memoryArea(${address},${length})`;
}

export function loaderText(board: Board): string {
  const { chip, heart } = board;
  const slots = slotRuns(board);
  const area = textExpression(board, "b+at", "n");
  const glow = `new Pin(${JSON.stringify(heart.glow.espruino)})`;
  // Espruino turns negated pins round in digitalWrite.
  const lit = (heart.glow.on === 1) !== (heart.glow.negated === true) ? "i&1" : "1-(i&1)";
  return [
    `var pawlockSlot=-1,pawlockTrial=false;`,
    `try{eval(function(){`,
    `var f=require("Flash"),bases=[${slots.map(({ base }) => base).join()}],found=[],i,j,m,t;`,
    `function cleared(w){for(var n=0;w!==0;n++)w&=w-1;return n<16}`,
    `function whole(b,at,n,crc){var s=n<=${slots[0]!.pages * chip.pageBytes}-at?${area}:undefined;return s&&s.length===n&&E.CRC32(s)===crc?s:""}`,
    `for(i=0;i<bases.length;i++){`,
    `m=new Uint32Array(f.read(${MANIFEST_WORDS * 4},bases[i]).buffer);`,
    `if(m[${WORD_MAGIC}]!==${SLOT_MAGIC}||m[${WORD_LAYOUT}]!==${LAYOUT_VERSION}||E.CRC32(new Uint8Array(m.buffer,0,${WORD_CHECK * 4}))!==m[${WORD_CHECK}]||!cleared(m[${WORD_COMMIT}]))continue;`,
    `for(j=0;j<found.length&&found[j].m[${WORD_VERSION}]>m[${WORD_VERSION}];)j++;`,
    `found.splice(j,0,{i:i,m:m})}`,
    // A service session has the board to itself.
    `if(global.pawlockStop)return "";`,
    `for(j=0;j<found.length;j++){`,
    `m=found[j].m;i=bases[found[j].i];`,
    `pawlockTrial=cleared(m[${WORD_TRIAL}])&&!cleared(m[${WORD_CONFIRMED}]);`,
    `if(pawlockTrial&&cleared(m[${WORD_STARTED}]))continue;`,
    `t=whole(i,${TEXT_AT},m[${WORD_TEXT_BYTES}],m[${WORD_TEXT_CRC}]);`,
    `if(!t||m[${WORD_PROMPTS_BYTES}]!==0&&!whole(i,m[${WORD_PROMPTS_PAGE}]*${chip.pageBytes},m[${WORD_PROMPTS_BYTES}]+4*Math.ceil(m[${WORD_PROMPTS_BYTES}]/${PIECE_BYTES}),m[${WORD_PROMPTS_CRC}]))continue;`,
    `if(pawlockTrial){`,
    `f.write(new Uint8Array(4),i+${WORD_STARTED * 4});`,
    `if(!cleared(new Uint32Array(f.read(4,i+${WORD_STARTED * 4}).buffer)[0]))continue}`,
    `pawlockSlot=found[j].i;return t}`,
    `i=0;setInterval(function(){i++;digitalWrite(${glow},${lit})},${BLINK_MS});`,
    `print("no whole application");return ""`,
    `}())}catch(e){print("ERROR "+e);if(pawlockTrial)E.reboot()}`,
  ].join("\n");
}
