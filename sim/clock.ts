// The one clock of the simulated board: discrete events on virtual time. Nothing else in sim/ knows what time it is.
//
// Time is in microseconds since power-on. A 16 MHz tick is 1/16 us, so every hardware period is exact in a double.
// Equal instants fire in the order in which they were armed.

export type AlarmId = number;

interface Alarm {
  readonly at: number;
  readonly id: AlarmId;
  readonly fire: () => void;
}

const before = (a: Alarm, b: Alarm): boolean => a.at < b.at || (a.at === b.at && a.id < b.id);

export class Clock {
  #now = 0;
  #nextId = 1;
  #heap: Alarm[] = [];
  #cancelled = new Set<AlarmId>();

  get now(): number {
    return this.#now;
  }

  /** Arms an alarm. An instant in the past fires as soon as time moves. */
  at(timeUs: number, fire: () => void): AlarmId {
    if (!Number.isFinite(timeUs)) throw new RangeError(`no such instant: ${timeUs}`);
    const alarm = { at: Math.max(timeUs, this.#now), id: this.#nextId++, fire };
    this.#heap.push(alarm);
    this.#up(this.#heap.length - 1);
    return alarm.id;
  }

  after(us: number, fire: () => void): AlarmId {
    return this.at(this.#now + us, fire);
  }

  /** Cancelling a spent or unknown alarm does nothing. */
  cancel(id: AlarmId): void {
    if (this.#heap.some((alarm) => alarm.id === id)) this.#cancelled.add(id);
  }

  /** The instant of the next alarm, or undefined when none is armed. */
  next(): number | undefined {
    this.#dropCancelled();
    return this.#heap[0]?.at;
  }

  /** Moves time to `timeUs`, firing every alarm due on the way, those included that fire arms. */
  runUntil(timeUs: number): void {
    for (let at = this.next(); at !== undefined && at <= timeUs; at = this.next()) {
      const alarm = this.#pop();
      // A nested runUntil (an interrupt that itself takes time) may have moved time past this alarm.
      this.#now = Math.max(this.#now, alarm.at);
      alarm.fire();
    }
    this.#now = Math.max(this.#now, timeUs);
  }

  #dropCancelled(): void {
    while (this.#heap.length > 0 && this.#cancelled.delete(this.#heap[0]!.id)) this.#pop();
  }

  #pop(): Alarm {
    const top = this.#heap[0]!;
    const last = this.#heap.pop()!;
    if (this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#down(0);
    }
    return top;
  }

  #up(i: number): void {
    for (let parent = (i - 1) >> 1; i > 0 && before(this.#heap[i]!, this.#heap[parent]!); parent = (i - 1) >> 1) {
      [this.#heap[i], this.#heap[parent]] = [this.#heap[parent]!, this.#heap[i]!];
      i = parent;
    }
  }

  #down(i: number): void {
    for (;;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < this.#heap.length && before(this.#heap[child]!, this.#heap[least]!)) least = child;
      }
      if (least === i) return;
      [this.#heap[i], this.#heap[least]] = [this.#heap[least]!, this.#heap[i]!];
      i = least;
    }
  }
}
