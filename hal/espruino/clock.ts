// Clock port on Espruino's timers. Every callback is guarded: an error in one must not take an unrelated one with it.

import type { Clock, TimerId } from "../contract.ts";

export function createEspruinoClock(bootSeconds: number, onError: (error: unknown) => void): Clock {
  function guarded(callback: () => void): () => void {
    return function () {
      try {
        callback();
      } catch (error) {
        onError(error);
      }
    };
  }

  return {
    nowMs: function () {
      return (getTime() - bootSeconds) * 1000;
    },
    after: function (ms: number, callback: () => void): TimerId {
      return setTimeout(guarded(callback), ms);
    },
    every: function (ms: number, callback: () => void): TimerId {
      return setInterval(guarded(callback), ms);
    },
    cancel: clearTimeout,
  };
}
