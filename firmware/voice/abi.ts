// The native kernel's binary interface, stated once: shared by the firmware, the C sources (a test compares them), the
// TypeScript twin and the simulator. Every function takes at most four 32-bit integers; addresses are bytes in RAM.

/** Index of each function in the kernel's entry table. */
export const FN_CAPTURE = 0;
export const FN_FLUSH = 1;
export const FN_RENDER = 2;
export const FN_CRC32 = 3;
export const FN_SEAL = 4;
export const FN_OPEN = 5;
export const FN_SCAN = 6;
export const FN_FRAME = 7;
export const FN_TAKE = 8;
export const FN_COUNT = 9;

/** A block is one standard IMA ADPCM WAV block, mono: i16 first sample, u8 step index, u8 0, then nibbles, low one first. */
export const BLOCK_BYTES = 1004;
/** Samples in a block: the one in the header and two per byte. */
export const BLOCK_SAMPLES = (BLOCK_BYTES - 4) * 2 + 1;
/** Sampling rate of messages, in Hz. */
export const MESSAGE_RATE_HZ = 8000;

/**
 * capture(state, samples, count, blocks) -> blocks completed since the state was zeroed.
 * Reads `count` 16-bit words at `samples` (a multiple of the decimation; what is left over is ignored), shapes and encodes
 * them into a ring of two blocks at `blocks` (2 x BLOCK_BYTES).
 * flush(state, blocks, 0, 0) -> samples encoded in all; ends the recording: completes the block in the making with zero nibbles.
 * Words of `state` (Int32), zeroed by the caller but for the configuration:
 */
export const CAPTURE_STATE_WORDS = 322;
/**
 * Configuration: what silence reads, 32767 * 32768 / full scale (which is in the units of the samples too; no more than twice
 * as far may they lie from silence), and input samples per encoded sample: 1 or 2.
 */
export const CAPTURE_MID = 0;
export const CAPTURE_SCALE = 1;
export const CAPTURE_DECIMATION = 2;
/** Result: samples encoded so far (a few of the newest may still wait for the encoder's look ahead, until flush). */
export const CAPTURE_SAMPLES = 3;
/** Any count is safe; above this many encoded samples per call a completed block may be overwritten before it is seen. */
export const CAPTURE_MAX_SAMPLES = BLOCK_SAMPLES;
/** Where the functions' own words begin; the caller zeroes them and never looks. */
export const CAPTURE_OWN = 4;

/**
 * render(state, words, count, 0) -> words written (16 bit): fewer than `count` when the block at RENDER_BLOCK is used up;
 * the caller then loads the next one and calls again. The caller sets RENDER_SAMPLES = samples in the block and
 * RENDER_POSITION = 0 for each block.
 */
export const RENDER_STATE_WORDS = 76;
/** Configuration: output words per sample (1 or 4), full scale of a word, volume (0..256 = 0..1). */
export const RENDER_WORDS_PER_SAMPLE = 0;
export const RENDER_FULL = 1;
export const RENDER_VOLUME = 2;
/** The block being played: address (a multiple of 2), samples in it, samples already played from it. */
export const RENDER_BLOCK = 3;
export const RENDER_SAMPLES = 4;
export const RENDER_POSITION = 5;
/**
 * A square tone mixed into the voice, for sounds while a message plays: 2^32 / its period in output words, output words
 * left (0 = none), and amplitude (0..16384 of a 16-bit sample). Written by the caller, counted down by render.
 */
export const RENDER_TONE_STEP = 6;
export const RENDER_TONE_LEFT = 7;
export const RENDER_TONE_LEVEL = 8;
/** Where the function's own words begin; the caller zeroes them and never looks. */
export const RENDER_OWN = 9;

/** crc32(address, length, crc, 0) -> CRC-32 (IEEE 802.3), continued from `crc` (0 to begin). */

/**
 * ChaCha20-Poly1305 (RFC 8439). seal(state, data, length, 0) encrypts the text at SEAL_TEXT into `data` and puts the tag of 16 bytes
 * behind it; open(state, data, length, tagBytes) -> 0 and decrypts to SEAL_TEXT when the first so many bytes behind `data` are the
 * tag's, else 1 and nothing changed. The text may lie where the data do. Words of `state`: key and nonce as little-endian words;
 * address and length of the associated data; address of the text.
 */
export const SEAL_STATE_WORDS = 60;
export const SEAL_KEY = 0;
export const SEAL_NONCE = 8;
export const SEAL_AAD = 11;
export const SEAL_AAD_BYTES = 12;
export const SEAL_TEXT = 13;
/** Where the functions' own words begin. */
export const SEAL_OWN = 14;

/**
 * scan(sealState, state, headers, sheets) -> committed messages that are not deleted. `headers` are the first HEADER_WORDS words of
 * each sheet (firmware/messages/layout.ts), `sealState` holds the key. Words of `state`, all written here:
 * sheets that may be written and sheets to be erased; sound headers of this layout, the newest number among them and its sheet;
 * sound headers of a newer layout.
 */
export const SCAN_STATE_WORDS = 392;
export const SCAN_READY = 0;
export const SCAN_DIRTY = 1;
export const SCAN_FOUND = 2;
export const SCAN_NEWEST = 3;
export const SCAN_HEAD = 4;
export const SCAN_NEWER = 5;
/** MAX_MESSAGES rows, oldest first: number; samples; first sheet | sheets << 16; KIND_ | SHEET_OWNER of its sheets << 8. */
export const SCAN_ROWS = 8;
export const ROW_WORDS = 4;
export const ROW_SEQUENCE = 0;
export const ROW_SAMPLES = 1;
export const ROW_SHEETS = 2;
export const ROW_KIND = 3;
/** A byte a sheet: SHEET_. */
export const SCAN_STATES = 264;
export const SCAN_MAX_SHEETS = (SCAN_STATE_WORDS - SCAN_STATES) * 4;

/**
 * frame(out, ring, length, offset) -> bytes written: FRAME_OPCODE, the offset in 24 bits, and `length` bytes of voice from that
 * offset on, out of a ring of FRAME_RING_BYTES in which byte n of a message lies at n modulo its length.
 * take(in, ring, bytes, offset) -> where the message goes on: puts the voice of a frame of so many bytes into the ring when it begins
 * at that offset, and leaves the ring alone when it does not; -1 when it is no such frame.
 */
export const FRAME_OPCODE = 8;
export const FRAME_HEADER_BYTES = 4;
export const FRAME_RING_BYTES = 2 * BLOCK_BYTES;
export const FRAME_MOST_BYTES = 128;
