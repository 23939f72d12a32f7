// What PROTOCOL.md says in words.

import { ADVERTISED_COMPANY, CREDIT, LEAST_MTU, MODEL_TEXT, MOST_PHONES, MOST_RANGES, VOICE_SERVICE } from "../../firmware/link/protocol.ts";

export const title = (command: string): string => `# Pawlock Voice v1: the protocol between a phone and a toy

Generated from \`protocol.ts\` by \`${command}\`: do not edit.

For those who write a phone app. All that an app needs is here; \`companion/\` holds a client without input and output that does it.
What a family sees and does is in [FAMILY.md](../../companion/FAMILY.md).`;

export const FINDING = `## Finding a toy

A toy advertises every 375 ms, connectable and undirected, the same in every state. The advertisement holds the flags and
manufacturer data of company 0x${ADVERTISED_COMPANY.toString(16).padStart(4, "0")} (Espruino's, like any board of that kind) and nothing else: no name, no service UUID, nothing of the family.
The address is private and changes. So:

- To pair: scan without a service filter, by company; of several toys take the nearest. Only the toy whose window is open will pair.
- To meet again: let the phone's system connect to the bonded device (Android \`connectGatt(autoConnect: true)\`, iOS
  \`connectPeripheral\` with the stored identifier): it knows the private address by the bond.
- One phone is connected at a time. A toy that somebody else is connected to does not advertise: try again later, and **disconnect
  when you are done** (a few seconds of idleness are enough).`;

export const SECURITY = `## Security

Everything needs Security Mode 1 Level 4: LE Secure Connections, authenticated, 16 bytes of key. The toy shows (speaks) the passkey,
the phone enters it: the phone needs a keyboard in its IO capabilities, as all phones have. Bonding, MITM protection and Secure
Connections must be on. Legacy pairing, Just Works, out-of-band data and shorter keys get nowhere.

- **The phone starts encryption**, always. Begin each connection with a read of Model Number ("${MODEL_TEXT}") or a write *with response*
  to Request: the toy's stack answers Insufficient Authentication (0x05) or Insufficient Encryption (0x0f), the phone's system
  encrypts with the bond, or pairs, and repeats it. A write without response on an unencrypted connection vanishes without a word.
- **Pairing** works only while the toy's window is open: somebody taps the paw five times and holds the fifth for three seconds. The
  window is open for 60 s, for one phone. The toy speaks six digits, twice, in about ten seconds; the phone's own dialogue asks for
  them. After three attempts that failed, a tap, or the time, the window shuts. Outside the window the toy answers Pairing Not
  Supported (0x05 in SMP).
- **A phone is accepted when, on the connection on which it paired, its first request arrives**, which is HELLO. Pairing alone
  is not enough: write HELLO at once. A bond that was made without that counts for nothing, ever.
- At most ${MOST_PHONES} phones are accepted; then the window does not open until one is revoked.
- While the window is open known phones are refused: try again after a minute.
- After a window in which digits were spoken the toy starts anew as soon as it is left alone for three seconds: connections fail
  for about three seconds then. Disconnect after the first HELLO and what you need at once, so that it can.
- Who is not accepted is disconnected: after 5 s on a connection that has not become encrypted and said HELLO (less, down to 1 s,
  for those who are not known while many others try), after 30 s once pairing has begun in the window, at the first request
  when encrypted but not in the list. There is no answer that tells why.
- **Subscribe to Answer on every connection**, bonded or not, before HELLO: its answer is a notification already.`;

export const CONNECTING = `## MTU

Ask for an MTU of 131 if the system lets you; the toy takes any from ${LEAST_MTU} up and never asks itself. Say in HELLO what was agreed:
Android \`onMtuChanged\`, iOS \`maximumWriteValueLength(for: .withoutResponse) + 3\`. Where an app cannot know (Web Bluetooth), say ${LEAST_MTU};
it works, slowly. The connection interval is the phone's to choose, and the toy sends one frame an interval: ask for high priority (Android
\`CONNECTION_PRIORITY_HIGH\`) before a transfer.`;

export const TRANSFERS = `## Moving voice

One message at a time, in either direction. Whoever receives says what comes. The child has the right of way: while he plays or
records, nothing moves, a fetch goes on by itself afterwards, and a send may find that the toy has dropped what it had.

**From the toy.** FETCH tells the length. PULL asks for ranges; the toy sends one DATA frame each connection interval, in the order
in which they were asked for.

- Keep frames coming: ask for the next ranges when fewer than 16 frames are outstanding, some 96 at a time, no more than ${MOST_RANGES} ranges.
- A frame beyond the one that was expected next means that those between were lost: ask for them again. After 600 ms without a frame
  take all that is outstanding for lost. After five such silences say FETCH again: it tells whether the message is still there.
- When every byte is there, CHECK: compare the CRC-32. If it differs, fetch all again.
- After a disconnection: HELLO, FETCH, PULL only what is missing.

**To the toy.** SEND tells length and CRC-32 and gets the offset to begin at: 0, or where an earlier connection stopped. DATA frames
follow, without response, up to ${CREDIT} frames beyond the highest GRANT (or that offset): a GRANT follows when ${CREDIT / 2} or
${CREDIT} have come, or the last, or within a second after fewer; none while the child has the toy.

- A GRANT with the same offset as before, or none for 500 ms: go back to what is granted and send from there, no more often than every
  100 ms. After three such times say SEND again: it tells how far the toy is.
- When all is granted: FINISH. Its answer has the message's number. Only then is the message the child's.
- STATE from SEND or FINISH: ask again with SEND after a second. Give up after two minutes in which nothing moved.
- After a disconnection, within a minute: HELLO, SEND with the same samples and CRC, and on from the offset it gives.`;

export const VOICE = `## Voice

Mono, 8000 Hz, IMA ADPCM in blocks of 1004 bytes, 2001 samples each, exactly as in a WAV file with format tag 0x0011, \`nBlockAlign\` 1004,
\`wSamplesPerBlock\` 2001: first sample (2 bytes), step index (1 byte, 0 to 88), 0, then nibbles, low one first. A message of n samples has
ceil(n / 2001) blocks, all of them whole. What is fetched, behind a WAV header, plays anywhere; what is sent must be encoded so. The toy
refuses blocks whose header is impossible, and plays everything else as it is: keep the peaks below full scale.`;

export const CHARTS = `## Sequences

Pairing:

\`\`\`
parent              toy                                   phone
  | five taps,       |                                      |
  | fifth held 3 s   |                                      |
  |----------------->| window opens: three rising tones     |
  |                  |<-------------- connect --------------| scan by company 0x${ADVERTISED_COMPANY.toString(16).padStart(4, "0")}
  |                  |<---- MTU, discovery, subscribe ------|
  |                  |<-- write Request: HELLO, response ---|
  |                  |--- Insufficient Authentication ----->|
  |                  |<========== SMP pairing =============>| the system asks for six digits
  |<- speaks them ---|                                      |
  |------------------- types them ------------------------->|
  |                  |<========== encrypted ===============>|
  |                  |<-- HELLO again (the system's work) --|
  |<- "paired" ------| accepted, window shuts               |
  |                  |--------------- OK ------------------>|
  |                  |<------- SET time, RENAME ------------|
  |                  |<------------- disconnect ------------|
  |                  | starts anew, 3 s                     |
\`\`\`

Meeting again:

\`\`\`
phone                                     toy
  |-- connect, MTU, (discovery) ----------->|  5 s to get through HELLO
  |-- read Model Number ------------------->|
  |<- Insufficient Encryption --------------|
  |== encryption with the bond =============|  by the system
  |-- subscribe Answer -------------------->|
  |-- HELLO version, MTU ------------------>|
  |<- OK version, frame, credit, phone -----|
  |-- SET time ---------------------------->|
  |   ...                                   |
  |-- disconnect -------------------------->|
\`\`\`

Fetching, with a frame lost:

\`\`\`
phone                                     toy
  |-- FETCH 8 ----------------------------->|
  |<- OK bytes 3012, samples 5000 ----------|
  |-- PULL offset 0, 25 frames ------------>|
  |<- DATA 0 -------------------------------|  one each connection interval
  |<- DATA 124 -----------------------------|
  |      x  DATA 248 -----------------------|  lost: nobody knows yet
  |<- DATA 372 -----------------------------|  248 to 371 did not come
  |-- PULL offset 248, 1 frame ------------>|
  |<- DATA 496 ... 2976, then 248 ----------|
  |-- CHECK ------------------------------->|
  |<- OK crc -------------------------------|
\`\`\`

Sending, resumed:

\`\`\`
phone                                     toy
  |-- SEND samples, crc ------------------->|
  |<- OK received 0 ------------------------|
  |-- DATA 0, 124, 248, 372 --------------->|  four frames: the credit
  |<- GRANT 496 ----------------------------|
  |-- DATA 496, 620, 744, 868 ------------->|
  |<- GRANT 992 ----------------------------|
  x  connection lost                        x
  |-- connect ... HELLO ------------------->|
  |-- SEND the same samples, crc ---------->|
  |<- OK received 992 ----------------------|
  |-- DATA 992, ... ----------------------->|
  |<- GRANT (all) --------------------------|
  |-- FINISH ------------------------------>|
  |<- OK sequence --------------------------|
\`\`\`

The service UUID, once more, for copying: \`${VOICE_SERVICE}\`.`;
