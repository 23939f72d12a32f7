// The `fmt ` chunk of a WAV file: what its samples are, and why a file is refused. Sizes that contradict each other are
// errors, never guesses. Facts: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0" (1991), "New
// Multimedia Data Types" (1994), and the WAVEFORMATEXTENSIBLE structure.

import { HEADER_BYTES, samplesInBlock } from "../../firmware/voice/adpcm.ts";
import { UserError } from "../errors.ts";

export const TAG_PCM = 0x0001;
export const TAG_FLOAT = 0x0003;
export const TAG_IMA_ADPCM = 0x0011;
const TAG_EXTENSIBLE = 0xfffe;

/** Other codecs that a WAV may hold, for the message only. */
const FOREIGN: Readonly<Record<number, string>> = {
  0x0002: "MS ADPCM",
  0x0006: "A-law",
  0x0007: "mu-law",
  0x0031: "GSM 6.10",
  0x0050: "MPEG",
  0x0055: "MP3",
  0x00ff: "AAC",
  0x0161: "Windows Media",
  0x674f: "Vorbis",
};

/** Bytes 2 to 15 of a sub-format GUID that stands for a plain format tag (KSDATAFORMAT_SUBTYPE_*). */
const SUBTYPE_TAIL = [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71];

/** Below this no voice is left, above it the resampler refuses. In Hz. */
export const RATE_MIN_HZ = 1000;
export const RATE_MAX_HZ = 192000;

export interface WavFormat {
  readonly kind: "pcm" | "float" | "ima-adpcm";
  readonly channels: number;
  readonly rateHz: number;
  /** Bits of one stored sample. */
  readonly bits: number;
  /** Bytes of one sample of every channel, or of one ADPCM block. */
  readonly blockAlign: number;
}

export const asPcm = (name: string): string =>
  `Save it as 16-bit PCM first, for example: sox ${name} -b 16 -e signed-integer -c 1 plain.wav`;

function adpcmFormat(fmt: DataView, name: string, channels: number, rateHz: number, blockAlign: number, bits: number): WavFormat {
  if (channels !== 1) throw new UserError(`${name} is IMA ADPCM with ${channels} channels; only one is read`, asPcm(name));
  if (bits !== 4) throw new UserError(`${name} is IMA ADPCM with ${bits} bits per sample; only 4 are read`, asPcm(name));
  if (blockAlign <= HEADER_BYTES) {
    throw new UserError(`${name} states ADPCM blocks of ${blockAlign} bytes; the block header alone has ${HEADER_BYTES}`, asPcm(name));
  }
  if (fmt.byteLength >= 20 && fmt.getUint16(18, true) !== samplesInBlock(blockAlign)) {
    throw new UserError(
      `${name} states ${fmt.getUint16(18, true)} samples in a block of ${blockAlign} bytes, which holds ${samplesInBlock(blockAlign)}`,
      asPcm(name),
    );
  }
  return { kind: "ima-adpcm", channels, rateHz, bits, blockAlign };
}

/** The tag behind WAVE_FORMAT_EXTENSIBLE. */
function extendedTag(fmt: DataView, name: string): number {
  if (fmt.byteLength < 40 || fmt.getUint16(16, true) < 22) {
    throw new UserError(`${name} says WAVE_FORMAT_EXTENSIBLE, but its extension is cut off`, asPcm(name));
  }
  if (SUBTYPE_TAIL.some((byte, i) => fmt.getUint8(26 + i) !== byte)) {
    throw new UserError(`${name} holds an unknown sub-format`, asPcm(name));
  }
  return fmt.getUint16(24, true);
}

/** Reads the content of a `fmt ` chunk; `name` is for messages. */
export function parseFormat(fmt: DataView, name: string): WavFormat {
  if (fmt.byteLength < 16) throw new UserError(`${name} has a format chunk of ${fmt.byteLength} bytes; the least is 16`, asPcm(name));
  const plain = fmt.getUint16(0, true);
  const channels = fmt.getUint16(2, true);
  const rateHz = fmt.getUint32(4, true);
  const blockAlign = fmt.getUint16(12, true);
  const bits = fmt.getUint16(14, true);
  const tag = plain === TAG_EXTENSIBLE ? extendedTag(fmt, name) : plain;

  if (channels === 0) throw new UserError(`${name} says that it has no channel`, asPcm(name));
  if (rateHz < RATE_MIN_HZ || rateHz > RATE_MAX_HZ) {
    throw new UserError(`${name} says ${rateHz} samples per second; ${RATE_MIN_HZ} to ${RATE_MAX_HZ} are read`, asPcm(name));
  }
  if (tag === TAG_IMA_ADPCM) return adpcmFormat(fmt, name, channels, rateHz, blockAlign, bits);
  if (tag !== TAG_PCM && tag !== TAG_FLOAT) {
    const codec = FOREIGN[tag] ?? `format 0x${tag.toString(16).padStart(4, "0")}`;
    throw new UserError(`${name} holds ${codec}; PCM, float and IMA ADPCM are read`, asPcm(name));
  }
  const widths = tag === TAG_PCM ? [8, 16, 24, 32] : [32, 64];
  if (!widths.includes(bits)) {
    throw new UserError(`${name} says ${bits} bits per ${tag === TAG_PCM ? "PCM" : "float"} sample; ${widths.join(", ")} are read`, asPcm(name));
  }
  if (blockAlign !== (channels * bits) / 8) {
    throw new UserError(
      `${name} contradicts itself: ${channels} channel${channels === 1 ? "" : "s"} of ${bits} bits make ${(channels * bits) / 8} bytes, it says ${blockAlign}`,
      asPcm(name),
    );
  }
  return { kind: tag === TAG_PCM ? "pcm" : "float", channels, rateHz, bits, blockAlign };
}

/** One line for people: "16-bit PCM, 2 channels, 44100 Hz". */
export function describeFormat(format: WavFormat): string {
  const what = format.kind === "pcm" ? `${format.bits}-bit PCM` : format.kind === "float" ? `${format.bits}-bit float` : "IMA ADPCM";
  return `${what}, ${format.channels === 1 ? "mono" : `${format.channels} channels`}, ${format.rateHz} Hz`;
}
