// One task of Espruino's utility timer as a Waveform starts it: its times and what it counts. Data and arithmetic only.
// Facts: espruino-platform section 4; espruino/Espruino src/jstimer.c, targets/nrf5x/jshardware.c.

/** Ticks of Espruino's system time in a second (SYSCLK_FREQ). */
const TICKS_PER_S = 1048576;
/** Period of the timer for a wanted rate: both roundings of the system time. */
export function samplePeriodUs(hz: number): number {
  const ticks = Math.floor((1000 / hz) * (TICKS_PER_S / 1000) + 0.5);
  return Math.max(1, ticksToUs(ticks));
}

function ticksToUs(ticks: number): number {
  return Math.floor((ticks * 1e6) / TICKS_PER_S);
}

/** How long to wait for an absolute start on the scale of getTime; 0 means none, and one of the past is now. */
export function delayUs(timeSeconds: number, nowUs: number): number {
  if (!(timeSeconds > 0)) return 0;
  return ticksToUs(Math.max(0, Math.floor(timeSeconds * TICKS_PER_S + 0.5) - Math.floor((nowUs * TICKS_PER_S) / 1e6)));
}

export interface WaveformStart {
  readonly isOutput: boolean;
  readonly pin: string;
  readonly npin?: string | undefined;
  readonly hz: number;
  /** Addresses of the backing strings; the second only with double buffering. */
  readonly buffers: readonly number[];
  readonly bytes: number;
  readonly bits: 8 | 16;
  readonly isRepeating: boolean;
  /** Absolute start on the scale of getTime, or 0. */
  readonly timeSeconds: number;
}

export interface Task {
  readonly id: number;
  readonly start: WaveformStart;
  readonly periodUs: number;
  readonly bytes: number;
  /** What the timer's compare register holds. */
  compareUs: number;
  current: 0 | 1;
  index: number;
  /** The last value written, for waveforms that share a pin. */
  value: number | undefined;
  hasAlarm: boolean;
  isFinished: boolean;
}

export function bytesPerSample(task: Task): number {
  return task.start.bits / 8;
}

/** The interrupt keeps a flat string's end, counted from its variable's head, in 16 bits: longer buffers wrap. */
export function countedBytes({ bytes }: WaveformStart, variableBytes: number): number {
  const end = (variableBytes + bytes) & 0xffff;
  return Math.max(1, end - variableBytes);
}
