// WAV files made byte by byte, right and wrong, independently of the project's own writer.

export type Chunk = readonly [id: string, content: Uint8Array, claimedSize?: number];

export function le(...fields: readonly (readonly [bytes: 1 | 2 | 4, value: number])[]): Uint8Array {
  const out: number[] = [];
  for (const [bytes, value] of fields) for (let i = 0; i < bytes; i++) out.push(Math.floor((value >>> 0) / 2 ** (8 * i)) & 255);
  return Uint8Array.from(out);
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

export const ascii = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

export function riff(...chunks: readonly Chunk[]): Uint8Array {
  const body = chunks.map(([id, content, claimed]) =>
    join(ascii(id), le([4, claimed ?? content.length]), content, new Uint8Array(content.length & 1)),
  );
  const all = join(ascii("WAVE"), ...body);
  return join(ascii("RIFF"), le([4, all.length]), all);
}

export interface Fmt {
  tag?: number;
  channels?: number;
  rateHz?: number;
  bits?: number;
  blockAlign?: number;
  extra?: Uint8Array;
}

export function fmt({ tag = 1, channels = 1, rateHz = 8000, bits = 16, blockAlign = (channels * bits) / 8, extra = new Uint8Array(0) }: Fmt = {}): Chunk {
  return ["fmt ", join(le([2, tag], [2, channels], [4, rateHz], [4, rateHz * blockAlign], [2, blockAlign], [2, bits]), extra)];
}

/** The extension of WAVE_FORMAT_EXTENSIBLE for a plain tag. */
export const extension = (tag: number, validBits: number): Uint8Array =>
  join(le([2, 22], [2, validBits], [4, 4], [2, tag]), Uint8Array.of(0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71));

/** The extension of IMA ADPCM. */
export const samplesPerBlock = (count: number): Uint8Array => le([2, 2], [2, count]);

export const pcm16 = (...samples: readonly number[]): Uint8Array => le(...samples.map((x) => [2, x] as const));
