// The simulator's native-code table for our kernel: recognises the shipped bytes and runs either their TypeScript twin
// (fast; charged the cycles that the bytes were measured to take) or the bytes themselves.

import { FN_CAPTURE } from "../firmware/voice/abi.ts";
import { kernelImage } from "../firmware/voice/kernel.generated.ts";
import { createTwin } from "../firmware/voice/twin.ts";
import type { Bus } from "../sim/bus.ts";
import type { NativeTable } from "../sim/native.ts";

/** Is shown the samples of every buffer that the firmware hands to the kernel's capture. */
export type CaptureListener = (samples: Int16Array) => void;

export function nativeTable(bus: Bus, onCapture?: CaptureListener): NativeTable {
  const shipped = Buffer.from(kernelImage.code, "latin1");
  const twin = createTwin({ view: (address, length) => bus.read(address, length) });
  return (code) => {
    if (!shipped.equals(code)) return undefined;
    return {
      call(offset, [a = 0, b = 0, c = 0, d = 0]) {
        const index = kernelImage.offsets.indexOf(offset);
        const entry = twin.functions[index];
        if (!entry) throw new Error(`the kernel has no function at ${offset}`);
        if (index === FN_CAPTURE && onCapture) onCapture(new Int16Array(bus.read(b, c * 2).slice().buffer));
        const cycles = entry.cycles(a, b, c, d);
        return { result: entry.call(a, b, c, d), cycles };
      },
    };
  };
}
