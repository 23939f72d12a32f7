// Pawlock Voice v1, stated once: what stands in the GATT table, what a frame is, what may be asked. The toy, the protocol client
// of the companion, the simulated phones and PROTOCOL.md (tools/link/document.ts) all read this file. Numbers are little-endian.
//
// The table is frozen once shipped (the stack has no Service Changed): what changes later changes inside the protocol, by version.

import { FRAME_HEADER_BYTES, FRAME_MOST_BYTES, FRAME_OPCODE } from "../voice/abi.ts";

/** Highest version that this toy speaks; versions count up and each one includes those before it. */
export const PROTOCOL_VERSION = 1;

export const DEVICE_INFORMATION = 0x180a;
export const MANUFACTURER_NAME = 0x2a29;
export const MODEL_NUMBER = 0x2a24;
export const BATTERY_SERVICE = 0x180f;
export const BATTERY_LEVEL = 0x2a19;
export const VOICE_SERVICE = "f04b0001-6a0d-4f9c-8f5e-2d1c9b7a3e60";
/** Written by the phone: one request a write. */
export const REQUEST = "f04b0002-6a0d-4f9c-8f5e-2d1c9b7a3e60";
/** Notified by the toy: one answer or piece of voice a notification. */
export const ANSWER = "f04b0003-6a0d-4f9c-8f5e-2d1c9b7a3e60";

/** What every toy says of itself, the same everywhere: it tells a phone that it found a Pawlock, not whose. */
export const MANUFACTURER_TEXT = "Pawlock";
export const MODEL_TEXT = "Pawlock Voice";
/** Company identifier in the advertisement: Espruino's, as of every board that runs it. A phone may filter by it. */
export const ADVERTISED_COMPANY = 0x0590;

/** A frame fills one ATT packet: MTU less 3. Both sides manage with the smallest. */
export const ATT_HEADER_BYTES = 3;
export const LEAST_MTU = 23;
export const LEAST_FRAME_BYTES = LEAST_MTU - ATT_HEADER_BYTES;
export const MOST_FRAME_BYTES = FRAME_MOST_BYTES;
export const MOST_MTU = MOST_FRAME_BYTES + ATT_HEADER_BYTES;

// Requests: [opcode, tag, arguments]. Answers: [opcode, tag, code, result]. A request that is sent again with its tag is
// answered again and not done again: so a lost answer costs nothing.
export const OP_HELLO = 1;
export const OP_STATE = 2;
export const OP_LIST = 3;
export const OP_FETCH = 4;
export const OP_PULL = 5;
export const OP_CHECK = 6;
export const OP_SEND = 7;
export const OP_DATA = FRAME_OPCODE;
export const OP_FINISH = 9;
export const OP_ABANDON = 10;
export const OP_DELETE = 11;
export const OP_MARK = 12;
export const OP_GET = 13;
export const OP_SET = 14;
export const OP_JOURNAL = 15;
export const OP_PHONE = 16;
export const OP_RENAME = 17;
export const OP_REVOKE = 18;
export const OP_BUILD = 19;
export const OP_COUNT = 20;
/** Only from the toy: how far the voice that the phone sends has arrived. */
export const OP_GRANT = 20;

/** Opcode and tag. */
export const REQUEST_HEADER_BYTES = 2;
/** Opcode, tag, code. */
export const ANSWER_HEADER_BYTES = 3;
/** Opcode and the offset of the first byte in 24 bits; voice follows, to the end of the frame. Both directions. */
export const DATA_HEADER_BYTES = FRAME_HEADER_BYTES;

/** Shortest and longest request by opcode; DATA may fill the frame. What lies outside is refused unread. */
export const SHORTEST = [0, 5, 2, 3, 6, 6, 2, 10, 5, 2, 2, 6, 6, 3, 3, 3, 3, 3, 3, 3];
export const LONGEST = [0, 5, 2, 3, 6, 18, 2, 10, MOST_FRAME_BYTES, 2, 2, 6, 6, 3, 19, 3, 3, 19, 3, 3];

/** What changes what the toy keeps waits until the child has finished: CODE_STATE until then. */
export const CHANGES = [OP_SEND, OP_FINISH, OP_DELETE, OP_MARK, OP_SET, OP_RENAME, OP_REVOKE];

/** A range of a PULL: offset of its first byte in 24 bits, and how many frames. At most four in a request, eight waiting. */
export const RANGE_BYTES = 4;
export const MOST_RANGES = 8;
/** Frames that a phone may send before it hears a GRANT: the toy's queue holds about seven of the longest. */
export const CREDIT = 4;
/** Writes that may come before something comes of one: an answer, or a GRANT that says more. */
export const ROOM = 8;

/** Outcome of a request: 0 to 15 are the toy's own codes (hal/contract.ts), the rest the protocol's. */
export const CODE_LENGTH = 16;
export const CODE_OPCODE = 17;
/** Not now: HELLO is missing, no transfer is under way, or the child has the toy. */
export const CODE_STATE = 18;
/** No such message, phone, key or entry. */
export const CODE_NOT_FOUND = 19;
/** The voice that arrived is not what was announced. */
export const CODE_CHECK = 20;
/** Too many changes: a few are possible at once, then one in three minutes. */
export const CODE_RATE = 21;

/** Keys of GET and SET. */
export const KEY_VOLUME = 1;
export const KEY_QUIET = 2;
export const KEY_NAME = 3;
/** Local time in seconds since the year 2000 began; 0 when it was never set. */
export const KEY_TIME = 4;
/** Bytes of a name in UTF-8: all that the smallest frame holds. */
export const NAME_BYTES = 16;

/** LIST: what a message is. */
export const MESSAGE_FAMILY = 1;
export const MESSAGE_HEARD = 2;
/** STATE: what the toy is at. */
export const AT_REST = 0;
export const AT_PLAY = 1;
export const AT_RECORDING = 2;
export const AT_OTHER = 3;
/** JOURNAL: what happened; the detail is the phone's number, or how often it happened since the last entry of its kind. */
export const EVENT_WINDOW_OPENED = 1;
export const EVENT_PAIRED = 2;
export const EVENT_REPLACED = 3;
export const EVENT_PAIRING_FAILED = 4;
export const EVENT_REVOKED = 5;
/** Connected without being accepted, and was put off. */
export const EVENT_STRANGER = 6;
/** The toy came up from a crash; the detail counts those that followed each other within an hour. */
export const EVENT_CRASH = 7;
/** PHONE: this is the phone that asks. */
export const PHONE_SELF = 1;
/** Phones that may be accepted at a time. */
export const MOST_PHONES = 4;

/** In the stack's own words. */
export interface LinkSecurity {
  readonly display: number;
  readonly keyboard: number;
  readonly mitm: number;
  readonly lesc: number;
  readonly bond: number;
  readonly privacy?: number;
  pair: boolean;
}

/**
 * The stack's security settings. The whole object is given each time and only `pair` differs: a missing `privacy` would ask for
 * a restart of the radio. Where the stack cannot refuse pairing, no bond is made and nothing is offered.
 */
export function linkSecurity(isLinked: boolean, hasPrivacy: boolean): LinkSecurity {
  return isLinked
    ? { display: 1, keyboard: 0, mitm: 1, lesc: 1, bond: 1, privacy: hasPrivacy ? 1 : 0, pair: false }
    : { display: 0, keyboard: 0, mitm: 0, lesc: 0, bond: 0, pair: false };
}
