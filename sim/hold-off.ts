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

/** A number in 0..1 from two integers, mixed by C. Wellons's lowbias32. */
function hash(seed: number, k: number): number {
  let x = (Math.imul(seed | 0, 0x9e3779b1) + Math.imul(k, 0x85ebca6b)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}

export class HoldOff {
  /** The newest one is enough: whoever waits has caught up before another begins. */
  #span: Span | undefined;

  constructor(private readonly radio?: RadioLoad) {
    if (radio && radio.spreadUs + radio.blocksUs >= radio.everyUs) throw new RangeError("radio events overlap: spreadUs + blocksUs must be below everyUs");
  }

  /** The processor stands; spans come in order of time, and one that continues another prolongs it. */
  add(fromUs: number, toUs: number): void {
    const last = this.#span;
    if (last && last.toUs >= fromUs) this.#span = { fromUs: last.fromUs, toUs: Math.max(last.toUs, toUs) };
    else this.#span = { fromUs, toUs };
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
    const spanUs = this.#span && this.#span.fromUs > timeUs ? this.#span.fromUs : Infinity;
    if (!this.radio) return spanUs;
    let k = Math.max(0, Math.floor(timeUs / this.radio.everyUs));
    while (this.#event(k).fromUs <= timeUs) k++;
    return Math.min(spanUs, this.#event(k).fromUs);
  }

  #spanAt(timeUs: number): Span | undefined {
    const span = this.#span;
    return span && timeUs >= span.fromUs && timeUs < span.toUs ? span : undefined;
  }

  #radioAt(timeUs: number): Span | undefined {
    if (!this.radio) return undefined;
    const span = this.#event(Math.floor(timeUs / this.radio.everyUs));
    return timeUs >= span.fromUs && timeUs < span.toUs ? span : undefined;
  }

  #event(k: number): Span {
    const { everyUs, spreadUs, blocksUs, seed } = this.radio!;
    const fromUs = k * everyUs + spreadUs * hash(seed, k);
    return { fromUs, toUs: fromUs + blocksUs };
  }
}
