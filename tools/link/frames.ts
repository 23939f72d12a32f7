// What each frame of the protocol holds, field by field: for PROTOCOL.md, and for a test that compares it with protocol.ts.

import * as protocol from "../../firmware/link/protocol.ts";
import { EVENT_DAMAGED, EVENT_DROPPED } from "../../firmware/messages/journal.ts";

export interface Field {
  readonly name: string;
  /** Bytes, or least and most. */
  readonly bytes: number | readonly [number, number];
  readonly about: string;
}

export interface Frame {
  readonly name: string;
  readonly op: number;
  readonly about: string;
  /** Behind opcode and tag; or behind the opcode alone, where the frame has no tag. */
  readonly fields: readonly Field[];
  readonly hasTag: boolean;
  /** Behind opcode, tag and code 0; undefined where there is no answer. */
  readonly answer: readonly Field[] | undefined;
  /** Waits until the child has finished: STATE until then. */
  readonly isChange: boolean;
  readonly notes: readonly string[];
}

const u8 = (name: string, about: string): Field => ({ name, bytes: 1, about });
const u16 = (name: string, about: string): Field => ({ name, bytes: 2, about });
const u24 = (name: string, about: string): Field => ({ name, bytes: 3, about });
const u32 = (name: string, about: string): Field => ({ name, bytes: 4, about });

const SEQUENCE = u32("sequence", "number of the message, as LIST and FINISH tell it");
const MOST_VOICE = protocol.MOST_FRAME_BYTES - protocol.DATA_HEADER_BYTES;
const name = (about: string): Field => ({ name: "name", bytes: [0, protocol.NAME_BYTES], about: `${about}, UTF-8, to the end of the frame` });

const asked = (op: number, title: string, about: string, fields: readonly Field[], answer: readonly Field[], ...notes: string[]): Frame => ({
  name: title,
  op,
  about,
  fields,
  hasTag: true,
  answer,
  isChange: protocol.CHANGES.includes(op),
  notes,
});

export const frames: readonly Frame[] = [
  asked(
    protocol.OP_HELLO,
    "HELLO",
    "First on each connection: everything else is refused with STATE before it.",
    [u8("version", `highest version that the phone speaks, now ${protocol.PROTOCOL_VERSION}`), u16("mtu", "ATT MTU of this connection as the phone's system has it")],
    [
      u8("version", "highest version that the toy speaks; both use the lower of the two"),
      u8("frame", "longest frame on this connection, both ways: the MTU, held between the limits, less 3"),
      u8("credit", "frames of voice that the phone may send beyond what is granted"),
      u8("phone", "the phone's own number in the toy's list"),
    ],
    "The toy's stack does not tell the toy which MTU was agreed: the phone does, here. A phone that cannot know says 23.",
    "It may be said again on the same connection, with another MTU.",
  ),
  asked(
    protocol.OP_STATE,
    "STATE",
    "How the toy is.",
    [],
    [
      u8("activity", `${protocol.AT_REST} at rest, ${protocol.AT_PLAY} plays, ${protocol.AT_RECORDING} records, ${protocol.AT_OTHER} something else`),
      u8("battery", "percent"),
      u8("messages", "how many there are"),
      u8("unheard", "how many of the family's wait to be heard"),
      u8("time known", "1 when the time was set since the toy has power"),
      u32("time", "local time in seconds since 2000-01-01 00:00; 0 when it was never set; goes on from the last hour that was put down after a power loss"),
      u32("uptime", "seconds since the toy has power"),
    ],
  ),
  asked(
    protocol.OP_LIST,
    "LIST",
    "One message by its place: ask for 0, 1, 2 ... until NOT_FOUND.",
    [u8("index", "0 is the oldest")],
    [
      u8("index", "the same"),
      u8("flags", `${protocol.MESSAGE_FAMILY}: from the family, else the child's own; ${protocol.MESSAGE_HEARD}: heard`),
      u32("sequence", "its number: grows from message to message and never comes twice"),
      u32("samples", "its length at 8000 Hz"),
    ],
    "A message may go while a list is read, and places move up: go by numbers.",
  ),
  asked(
    protocol.OP_FETCH,
    "FETCH",
    "Begins to fetch a message. Nothing comes before it is asked for by PULL.",
    [SEQUENCE],
    [u32("bytes", "length of its blocks"), u32("samples", "its length at 8000 Hz; the last block is filled up with what is to be ignored")],
    "Ends a fetch that is under way, and what another phone has not finished sending. BUSY while this phone's own SEND is under way.",
  ),
  {
    name: "PULL",
    op: protocol.OP_PULL,
    about: "Asks for ranges of the message that is fetched. Has no answer but the DATA frames: the toy sends one a connection interval, range after range.",
    hasTag: true,
    fields: [
      {
        name: "ranges",
        bytes: [protocol.RANGE_BYTES, 4 * protocol.RANGE_BYTES],
        about: "1 to 4 times: offset of the first byte (3 bytes), and how many frames from there on (1 byte)",
      },
    ],
    answer: undefined,
    isChange: false,
    notes: [
      `At most ${protocol.MOST_RANGES} ranges wait; what is more is dropped, as is a range beyond the end. Each frame is as long as HELLO allows, the last one of a message shorter.`,
      "The tag means nothing here. Write it without response.",
    ],
  },
  asked(
    protocol.OP_CHECK,
    "CHECK",
    "CRC-32 of all blocks of the message that is fetched, from the toy's own flash.",
    [],
    [u32("crc", "CRC-32 as in IEEE 802.3 and zlib")],
    "May take a second for a long message; nothing is computed while the child has the toy.",
  ),
  asked(
    protocol.OP_SEND,
    "SEND",
    "Announces a message for the child, or goes on with one.",
    [u32("samples", "its length at 8000 Hz: 1 to 320000 (40 s)"), u32("crc", "CRC-32 of all its blocks")],
    [u32("received", "where to go on: so many bytes are there")],
    "The same samples and crc from the same phone within a minute go on where it stopped, on another connection too. Anything else begins anew.",
    "FULL when there is no room, RATE when too much was changed of late.",
  ),
  {
    name: "DATA",
    op: protocol.OP_DATA,
    about: "A piece of voice, in both directions.",
    hasTag: false,
    fields: [u24("offset", "of its first byte in the message"), { name: "voice", bytes: [1, MOST_VOICE], about: "bytes of the blocks, to the end of the frame" }],
    answer: undefined,
    isChange: false,
    notes: ["From the phone: in order, without response, no more than `credit` frames beyond what is granted. What is out of order is dropped, and GRANT tells where to go on. What is not expected, or no frame, is dropped without a word."],
  },
  asked(
    protocol.OP_FINISH,
    "FINISH",
    "All has been granted: makes it a message.",
    [],
    [SEQUENCE],
    "CHECK when the CRC-32 is not what was announced, or a block's header is impossible; nothing is kept then. STATE when the toy has dropped it: announce it again.",
  ),
  asked(protocol.OP_ABANDON, "ABANDON", "Ends the fetch or the send that is under way; what was sent is dropped.", [], []),
  asked(protocol.OP_DELETE, "DELETE", "Deletes a message. Ends a fetch that is under way.", [SEQUENCE], [], "BUSY while a SEND is under way."),
  asked(protocol.OP_MARK, "MARK", "Marks a message as heard.", [SEQUENCE], []),
  asked(
    protocol.OP_GET,
    "GET",
    "One setting.",
    [u8("key", "see the table of settings")],
    [u8("key", "the same"), { name: "value", bytes: [0, protocol.NAME_BYTES], about: "to the end of the frame" }],
  ),
  asked(protocol.OP_SET, "SET", "Changes a setting.", [u8("key", "see the table of settings"), { name: "value", bytes: [0, protocol.NAME_BYTES], about: "to the end of the frame" }], []),
  asked(
    protocol.OP_JOURNAL,
    "JOURNAL",
    "One entry of the security log: ask for 0, 1, 2 ... until NOT_FOUND.",
    [u8("index", "0 is the oldest that is kept")],
    [
      u8("event", "see the table of events"),
      u32("number", "counts all entries there ever were"),
      u32("detail", "see the table of events"),
      u32("uptime", "seconds since the start of the toy that wrote it"),
    ],
  ),
  asked(
    protocol.OP_PHONE,
    "PHONE",
    `One accepted phone: ask for 0 to ${protocol.MOST_PHONES - 1}. NOT_FOUND is an empty place, not the end.`,
    [u8("phone", "its number")],
    [u8("flags", `${protocol.PHONE_SELF}: it is the one that asks`), name("what RENAME gave it")],
  ),
  asked(protocol.OP_RENAME, "RENAME", "Names an accepted phone. A phone has no name before.", [u8("phone", "its number"), name("its new name")], []),
  asked(
    protocol.OP_REVOKE,
    "REVOKE",
    "Takes a phone out of the list, itself too: from then on it is a stranger.",
    [u8("phone", "its number")],
    [],
    "A phone that revokes itself is disconnected after the answer. The bond stays in both systems and is worth nothing; its owner removes the toy in the phone's settings.",
  ),
  asked(
    protocol.OP_BUILD,
    "BUILD",
    "Which firmware runs.",
    [u8("which", "0: version; 1, 2: first and second half of the SHA-256 of the application's text")],
    [{ name: "value", bytes: [4, 16], about: "version (4 bytes), or 16 bytes of the hash in their printed order" }],
    "Compare it with the hashes of the published images.",
  ),
  {
    name: "GRANT",
    op: protocol.OP_GRANT,
    about: "Only from the toy, while a SEND is under way: all bytes before the offset have arrived, and `credit` frames more may follow.",
    hasTag: false,
    fields: [u24("offset", "of the byte that is expected next")],
    answer: undefined,
    isChange: false,
    notes: [`Comes after every ${protocol.CREDIT / 2} or ${protocol.CREDIT} frames, as the interval is long or short, and after the last byte. An offset that was granted before means that a frame was lost: go back to it.`],
  },
];

/** Least and most bytes of a frame as it is written. */
export function frameBytes({ fields, hasTag }: Frame): readonly [number, number] {
  const head = hasTag ? protocol.REQUEST_HEADER_BYTES : 1;
  const sum = (end: 0 | 1): number => fields.reduce((total, { bytes }) => total + (typeof bytes === "number" ? bytes : bytes[end]), head);
  return [sum(0), sum(1)];
}

export interface Named {
  readonly name: string;
  readonly value: number;
  readonly about: string;
}

export const settings: readonly Named[] = [
  { name: "volume", value: protocol.KEY_VOLUME, about: "2 bytes: 32 to 256; 256 is the loudest that is possible. Caps everything that sounds." },
  { name: "quiet hours", value: protocol.KEY_QUIET, about: "4 bytes: from and to, minutes after midnight, 2 bytes each, 0 to 1439; over midnight too; both the same for none. A quarter of the volume then." },
  { name: "name", value: protocol.KEY_NAME, about: `0 to ${protocol.NAME_BYTES} bytes of UTF-8: the toy's own name, told to accepted phones only` },
  { name: "time", value: protocol.KEY_TIME, about: "4 bytes: local time in seconds since 2000-01-01 00:00. Set it at each connection." },
];

export const events: readonly Named[] = [
  { name: "DROPPED", value: EVENT_DROPPED, about: "entries came too fast to be kept; detail: how many" },
  { name: "WINDOW_OPENED", value: protocol.EVENT_WINDOW_OPENED, about: "somebody opened the pairing window" },
  { name: "PAIRED", value: protocol.EVENT_PAIRED, about: "a phone was accepted; detail: its number" },
  { name: "REPLACED", value: protocol.EVENT_REPLACED, about: "a phone that was known paired again; detail: its number" },
  { name: "PAIRING_FAILED", value: protocol.EVENT_PAIRING_FAILED, about: "attempts to pair failed; detail: how many since the last such entry" },
  { name: "REVOKED", value: protocol.EVENT_REVOKED, about: "a phone was taken out of the list; detail: its number" },
  { name: "STRANGER", value: protocol.EVENT_STRANGER, about: "others connected and were put off; detail: how many since the last such entry" },
  { name: "CRASH", value: protocol.EVENT_CRASH, about: "the toy started anew without being told to; detail: how often in a row" },
  { name: "DAMAGED", value: EVENT_DAMAGED, about: "what was written here cannot be read any more; only the number is known. Go on with the next" },
];
