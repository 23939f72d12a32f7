// Espruino's timers: fixed phase, due ones run in order of creation, each once a pass (espruino-platform facts, section 5).

interface Timer {
  readonly id: number;
  readonly createdUs: number;
  dueUs: number;
  readonly intervalUs: number;
  readonly isRepeating: boolean;
}

export interface DueTimer {
  readonly id: number;
  readonly createdUs: number;
  /** A timeout is gone once it has fired. */
  readonly isSpent: boolean;
}

/** Shortest interval that the interpreter arms (TIMER_MIN_INTERVAL, src/jsinteractive.h). */
const SHORTEST_US = 100;

export class Timers {
  // A Map keeps the order of creation.
  #timers = new Map<number, Timer>();
  #nextId = 1;

  set(nowUs: number, ms: number, isRepeating: boolean): number {
    const intervalUs = Math.max(Number.isFinite(ms) ? ms * 1000 : 0, SHORTEST_US);
    const id = this.#nextId++;
    this.#timers.set(id, { id, createdUs: nowUs, dueUs: nowUs + intervalUs, intervalUs, isRepeating });
    return id;
  }

  clear(id: number): void {
    this.#timers.delete(id);
  }

  nextDueUs(): number {
    let next = Infinity;
    for (const timer of this.#timers.values()) next = Math.min(next, timer.dueUs);
    return next;
  }

  takeDue(nowUs: number): DueTimer[] {
    const due: DueTimer[] = [];
    for (const timer of this.#timers.values()) {
      if (timer.dueUs > nowUs) continue;
      due.push({ id: timer.id, createdUs: timer.createdUs, isSpent: !timer.isRepeating });
      if (timer.isRepeating) timer.dueUs += timer.intervalUs;
      else this.#timers.delete(timer.id);
    }
    return due;
  }

  get count(): number {
    return this.#timers.size;
  }
}
