// Clock port on the host's timers: made to be driven by sinon's fake ones. Reads Date only, which they fake too.

import type { Clock, TimerId } from "../contract.ts";

interface HostTimers {
  setTimeout(callback: () => void, ms: number): unknown;
  setInterval(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  clearInterval(timer: unknown): void;
  Date: { now(): number };
}

export function mockClock(host: HostTimers): Clock {
  const bootMs = host.Date.now();
  const timers: { stop: () => void }[] = [];
  const keep = (stop: () => void): TimerId => timers.push({ stop }) - 1;
  return {
    nowMs: () => host.Date.now() - bootMs,
    after(ms, callback) {
      const timer = host.setTimeout(callback, ms);
      return keep(() => host.clearTimeout(timer));
    },
    every(ms, callback) {
      const timer = host.setInterval(callback, ms);
      return keep(() => host.clearInterval(timer));
    },
    cancel(timer) {
      timers[timer]!.stop();
    },
  };
}
