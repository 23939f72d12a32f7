// Ctrl-C: the interrupt that receives it only marks it; the second tick of the system timer afterwards breaks what runs, unless the
// idle loop has come by first (src/jsinteractive.c jsiCtrlC, src/jshardware_common.c jshDoSysTick; 24 bits at 64 MHz).

const TICK_US = 2 ** 24 / 64;

export class Interrupt {
  #atUs = Infinity;

  constructor(private readonly now: () => number) {}

  press(): void {
    if (this.#atUs === Infinity) this.#atUs = (Math.floor(this.now() / TICK_US) + 2) * TICK_US;
  }

  /** The idle loop has seen it, or what it broke has ended. */
  clear(): void {
    this.#atUs = Infinity;
  }

  /** Every call of what was broken fails from then on: Espruino skips its handlers, here they cannot do anything. */
  check(): void {
    if (this.now() >= this.#atUs) throw new Error("Execution Interrupted");
  }
}
