// The values of GET and SET, as people say them.

/** Loudest of 256, as a share; the toy takes no less than an eighth. */
export const volumeBytes = (share: number): number[] => word(Math.round(share * 256));
export const volumeOf = (bytes: Uint8Array): number => wordOf(bytes, 0) / 256;

/** Quiet hours in minutes after midnight, over midnight too; both the same for none. */
export interface QuietHours {
  readonly from: number;
  readonly to: number;
}

export const quietBytes = ({ from, to }: QuietHours): number[] => [...word(from), ...word(to)];
export const quietOf = (bytes: Uint8Array): QuietHours => ({ from: wordOf(bytes, 0), to: wordOf(bytes, 2) });

export const nameBytes = (name: string): number[] => [...new TextEncoder().encode(name)];
export const nameOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** The toy's clock begins with the year 2000, in the family's own time. */
const EPOCH_MS = Date.UTC(2000, 0, 1);

/** What the clock on the wall shows. */
export function timeBytes(date: Date): number[] {
  const wallMs = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds());
  const seconds = Math.floor((wallMs - EPOCH_MS) / 1000);
  return [...word(seconds & 0xffff), ...word(seconds >>> 16)];
}

/** The same as a date; undefined when the toy was never told. */
export function timeOf(seconds: number): Date | undefined {
  if (seconds === 0) return undefined;
  const wall = new Date(EPOCH_MS + seconds * 1000);
  return new Date(wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate(), wall.getUTCHours(), wall.getUTCMinutes(), wall.getUTCSeconds());
}

function word(value: number): number[] {
  return [value & 255, value >> 8];
}

function wordOf(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}
