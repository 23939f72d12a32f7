// When an interrupt of low priority cannot run: while internal flash stops the processor, and while the radio stack's own
// interrupts run. Times only; what is then late or lost is up to whoever waits.

/** Interrupts of the radio stack: event k begins at k x everyUs plus a random part of spreadUs and blocks for blocksUs. */
export interface RadioLoad {
  readonly everyUs: number;
  readonly spreadUs: number;
  readonly blocksUs: number;
  readonly seed: number;
}

interface Span {
  readonly fromUs: number;
  readonly toUs: number;
}

/** A number in 0..1 from two integers: xorshift-multiply mixing (D. Lea's and others' finalizer). */
function hash(seed: number, k: number): number {
  let x = (Math.imul(seed | 0, 0x9e3779b1) + Math.imul(k, 0x85ebca6b)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}

export class HoldOff {
  /** In order of time, not overlapping. */
  #spans: Span[] = [];

  constructor(private readonly radio?: RadioLoad) {
    if (radio && radio.spreadUs + radio.blocksUs >= radio.everyUs) throw new RangeError("radio events overlap: spreadUs + blocksUs must be below everyUs");
  }

  /** Spans come in order of time; one that continues another prolongs it. */
  add(fromUs: number, toUs: number): void {
    const last = this.#spans.at(-1);
    if (last && last.toUs >= fromUs) this.#spans[this.#spans.length - 1] = { fromUs: last.fromUs, toUs: Math.max(last.toUs, toUs) };
    else this.#spans.push({ fromUs, toUs });
  }

  /** The first instant from `timeUs` on at which the interrupt can run. */
  until(timeUs: number): number {
    for (let at = timeUs; ; ) {
      const span = this.#spanAt(at) ?? this.#radioAt(at);
      if (!span) return at;
      at = span.toUs;
    }
  }

  /** When, after `timeUs`, the interrupt is next held off. */
  next(timeUs: number): number {
    const span = this.#spans.find(({ fromUs }) => fromUs > timeUs);
    const spanUs = span?.fromUs ?? Infinity;
    if (!this.radio) return spanUs;
    let k = Math.max(0, Math.floor(timeUs / this.radio.everyUs));
    while (this.#event(k)!.fromUs <= timeUs) k++;
    return Math.min(spanUs, this.#event(k)!.fromUs);
  }

  #spanAt(timeUs: number): Span | undefined {
    // The newest are looked at first: nobody asks far back.
    for (let i = this.#spans.length - 1; i >= 0; i--) {
      const span = this.#spans[i]!;
      if (timeUs >= span.toUs) return undefined;
      if (timeUs >= span.fromUs) return span;
    }
    return undefined;
  }

  #radioAt(timeUs: number): Span | undefined {
    if (!this.radio) return undefined;
    const span = this.#event(Math.floor(timeUs / this.radio.everyUs));
    return span && timeUs >= span.fromUs && timeUs < span.toUs ? span : undefined;
  }

  #event(k: number): Span | undefined {
    const { everyUs, spreadUs, blocksUs, seed } = this.radio!;
    if (k < 0) return undefined;
    const fromUs = k * everyUs + spreadUs * hash(seed, k);
    return { fromUs, toUs: fromUs + blocksUs };
  }
}
