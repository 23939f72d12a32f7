// The states of the toy, the events, and what each event does in each state.

/** Nothing is going on; an earcon may sound. */
export const IDLE = 0;
/** Red, microphone powered, the start chirp sounds. */
export const CHIRPING = 1;
export const RECORDING = 2;
/** The paw is released or the limit reached; the last samples are on their way to flash. */
export const SAVING = 3;
export const PLAYING = 4;
/** Forgetting everything, page by page. */
export const RESETTING = 5;
/** No audio path, or no store: kernel, its memory, converter or PWM failed at boot, or the store holds a newer layout. */
export const BROKEN = 6;
/** The pairing window is open; the toy speaks to whoever holds it. */
export const PAIRING = 7;
export const STATE_NAMES = "idle chirping recording saving playing resetting broken pairing";

/** A hold that means "record"; its token goes with it. */
export const HELD = 0;
/** That hold has ended. */
export const RELEASED = 1;
export const TAPPED_ONCE = 2;
export const TAPPED_TWICE = 3;
export const TAPPED_MORE = 4;
export const PAIRING_ASKED = 5;
export const RESET_WARNED = 6;
export const RESET_ASKED = 7;
export const RESET_CANCELLED = 8;
/** The start chirp has ended. */
export const CHIRPED = 9;
/** Five seconds of room are left. */
export const ENDING = 10;
/** The capture is over and the microphone off. */
export const CAPTURED = 11;
/** The playback is over. */
export const PLAYED = 12;
/** Nothing is left to forget. */
export const FORGOTTEN = 13;
/** The pairing window has shut by itself. */
export const PAIRING_ENDED = 14;
export const EVENT_NAMES =
  "held released tappedOnce tappedTwice tappedMore pairingAsked resetWarned resetAsked resetCancelled chirped ending captured played forgotten pairingEnded";

// One row a state, one column an event, in the order of the constants above.
//   R record      A abort the recording   C start the capture   S stop the capture    E capture ended
//   P play next   O play own              T stop playing: a hold records after it      F played
//   N "no" tone   W reset warning         L ending chirp        ! "broken" tone       K cut the warning off
//   X begin reset Z reset done            Y open the pairing window                   U it has shut
//   Q shut the pairing window: a hold records after it       
//   . nothing: cannot happen here, or means nothing here
export const TRANSITIONS = [
  /* idle      */ "R.PO.YWXK......",
  /* chirping  */ ".A.......C.....",
  /* recording */ ".S........LE...",
  /* saving    */ "...........E...",
  /* playing   */ "T.TO.YWXK...F..",
  /* resetting */ ".............Z.",
  /* broken    */ "!.!..!WXK......",
  /* pairing   */ "Q.QQQ.WXK...F.U",
];
