// The simulator's native-code table for our kernel: recognises the shipped bytes and runs either their TypeScript twin
// (fast; charged the cycles that the bytes were measured to take) or the bytes themselves, instruction by instruction.

import { FN_CAPTURE } from "../firmware/voice/abi.ts";
import { kernelImage } from "../firmware/voice/kernel.generated.ts";
import { createTwin } from "../firmware/voice/twin.ts";
import { Ram } from "../sim/blocks/ram.ts";
import type { Bus } from "../sim/bus.ts";
import type { NativeProgram, NativeTable } from "../sim/native.ts";
import { createThumb } from "../sim/thumb.ts";

/** Is shown the samples of every buffer that the firmware hands to the kernel's capture. */
export type CaptureListener = (samples: Int16Array) => void;

export interface NativeOptions {
  readonly onCapture?: CaptureListener | undefined;
  /** Executes the Thumb bytes instead of their twin; some hundred times slower. */
  readonly isThumb?: boolean | undefined;
}

/** Where the interpreter's variables would be: code, then the stack. */
const CODE_AT = 0x20001000;
const STACK_BYTES = 1024;

export function nativeTable(bus: Bus, { onCapture, isThumb = false }: NativeOptions = {}): NativeTable {
  const shipped = Buffer.from(kernelImage.code, "latin1");
  return (code) => {
    if (!shipped.equals(code)) return undefined;
    const program = isThumb ? thumbProgram(bus, shipped) : twinProgram(bus);
    return {
      call(offset, args) {
        const [, samples = 0, count = 0] = args;
        if (onCapture && offset === kernelImage.offsets[FN_CAPTURE]) onCapture(new Int16Array(bus.read(samples, count * 2).slice().buffer));
        return program.call(offset, args);
      },
    };
  };
}

function twinProgram(bus: Bus): NativeProgram {
  const twin = createTwin({ view: (address, length) => bus.read(address, length) });
  return {
    call(offset, [a = 0, b = 0, c = 0, d = 0]) {
      const entry = twin.functions[kernelImage.offsets.indexOf(offset)];
      if (!entry) throw new Error(`the kernel has no function at ${offset}`);
      const cycles = entry.cycles(a, b, c, d);
      return { result: entry.call(a, b, c, d), cycles };
    },
  };
}

function thumbProgram(bus: Bus, code: Uint8Array): NativeProgram {
  const ram = new Ram(((code.length + 7) & ~7) + STACK_BYTES, CODE_AT, "code and stack");
  ram.write(0, code);
  bus.attachMemory(ram);
  const thumb = createThumb(bus);
  return {
    call(offset, args) {
      const { value, cycles } = thumb.call(CODE_AT + offset, args, CODE_AT + ram.size);
      return { result: value, cycles };
    },
  };
}
