// Machine code that the interpreter may call: recognised by its bytes, run by what the table supplies for them, and
// charged the cycles that it measured. Unknown code throws: the simulator does not guess.

/** What runs one piece of machine code. */
export interface NativeProgram {
  /** Runs the function at byte `offset` with up to four arguments. */
  call(offset: number, args: readonly number[]): { readonly result: number; readonly cycles: number };
}

/** Returns the program for these bytes, or undefined when they are not known. */
export type NativeTable = (code: Uint8Array) => NativeProgram | undefined;

interface Binding {
  readonly program: NativeProgram;
  readonly offset: number;
}

export class NativeCalls {
  #bindings: Binding[] = [];
  #programs = new Map<string, NativeProgram>();

  constructor(private readonly table: NativeTable) {}

  bind(address: number, signature: string, code: string): number {
    // At most four arguments; five is "Error Parsing signature" on the real interpreter.
    const types = /^(void|int)\(((?:int)?(?:,int)*)\)$/.exec(signature);
    if (!types || types[2]!.split(",").length > 4) throw new Error("Error Parsing signature");
    if ((address & 1) === 0) throw new Error("Thumb code called at an even address: the processor would fault");
    let program = this.#programs.get(code);
    if (!program) {
      program = this.table(Uint8Array.from(code, (character) => character.charCodeAt(0)));
      if (!program) throw new Error("the simulator's native-code table does not know these bytes");
      this.#programs.set(code, program);
    }
    return this.#bindings.push({ program, offset: address & ~1 }) - 1;
  }

  call(id: number, args: readonly number[]): { readonly result: number; readonly cycles: number } {
    const binding = this.#bindings[id];
    if (!binding) throw new Error(`no native function ${id}`);
    return binding.program.call(binding.offset, args);
  }
}
