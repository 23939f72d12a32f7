// Builds the native voice kernel: C for ARMv6-M Thumb to firmware/voice/kernel.generated.ts, the same bytes every time.
// `--check` compares with the committed module instead of writing it. The toolchain is Debian's gcc-arm-none-eabi; who has
// none uses the committed module.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FN_CAPTURE, FN_COUNT, FN_CRC32, FN_FLUSH, FN_FRAME, FN_OPEN, FN_RENDER, FN_SCAN, FN_SEAL, FN_TAKE } from "../../firmware/voice/abi.ts";
import { crc32, createHarness } from "./harness.ts";
import { UserError } from "../errors.ts";

const SOURCES = fileURLToPath(new URL("../../firmware/voice/kernel/", import.meta.url));
const MODULE = fileURLToPath(new URL("../../firmware/voice/kernel.generated.ts", import.meta.url));
const PREFIX = "arm-none-eabi-";
const FLAGS = [
  "-mcpu=cortex-m0plus",
  "-mthumb",
  "-std=c11",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-ffreestanding",
  "-fno-builtin",
  // Constants are reached relative to the program counter, without a GOT.
  "-fpic",
  "-mpic-data-is-text-relative",
  // The bytes must not depend on where the sources lie.
  "-g0",
];
const OPTIMISE: Readonly<Record<string, string>> = { "capture.c": "-Os", "search.S": "-Os", "render.c": "-Os", "crc32.c": "-Os", "decode.S": "-Os", "half-band.S": "-Os", "steps.c": "-Os", "seal.c": "-Os", "scan.c": "-Os", "frame.c": "-Os" };
/** Sources that are not of the voice path, and have a budget of their own. */
const OTHERS = ["seal.c", "scan.c", "frame.c", "crc32.c"];
const FUNCTIONS: readonly string[] = (() => {
  const names = new Array<string>(FN_COUNT);
  names[FN_CAPTURE] = "capture";
  names[FN_FLUSH] = "flush";
  names[FN_RENDER] = "render";
  names[FN_CRC32] = "crc32";
  names[FN_SEAL] = "seal";
  names[FN_OPEN] = "open";
  names[FN_SCAN] = "scan";
  names[FN_FRAME] = "frame";
  names[FN_TAKE] = "take";
  return names;
})();

function run(tool: string, args: readonly string[]): string {
  const result = spawnSync(PREFIX + tool, args, { cwd: SOURCES, encoding: "utf8" });
  if (result.error) {
    throw new UserError(`${PREFIX}${tool} cannot be run: ${result.error.message}`, "Install gcc-arm-none-eabi (Debian), or use the committed module as it is.");
  }
  if (result.status !== 0) throw new UserError(`${PREFIX}${tool} failed:\n${result.stderr.trim()}`, "Correct the sources in firmware/voice/kernel.");
  return result.stdout;
}

function sourceFiles(): string[] {
  return readdirSync(SOURCES).filter((name) => /\.(c|h|S|ld)$/.test(name)).sort();
}

/** SHA-256 over names and contents of all sources and the flags. */
export function sourceHash(): string {
  const hash = createHash("sha256");
  for (const name of sourceFiles()) hash.update(`${name}\0`).update(readFileSync(SOURCES + name)).update("\0");
  return hash.update(JSON.stringify([FLAGS, OPTIMISE])).digest("hex");
}

export interface BuiltKernel {
  readonly bytes: Uint8Array;
  /** The ADPCM decoder within render: where it begins, how many bytes it has. */
  readonly decoder: { readonly offset: number; readonly bytes: number };
  /** Byte offset of each function, in FN_ order, without the Thumb bit. */
  readonly offsets: readonly number[];
  /** Of them, those of the voice functions. */
  readonly voiceBytes: number;
  readonly compiler: string;
}

/** `defines`: what the preprocessor is told beyond the sources, as -DNAME=VALUE. */
export function compile(defines: readonly string[] = []): BuiltKernel {
  const out = mkdtempSync(join(tmpdir(), "kernel-"));
  try {
    let voiceBytes = 0;
    const objects = Object.entries(OPTIMISE).map(([source, level]) => {
      const object = join(out, source.replace(/[cS]$/, "o"));
      run("gcc", [...FLAGS, ...defines, level, "-c", source, "-o", object]);
      if (!OTHERS.includes(source)) voiceBytes += Number(/\n\s*(\d+)/.exec(run("size", [object]))![1]);
      return object;
    });
    const elf = join(out, "kernel.elf");
    run("ld", ["-T", "kernel.ld", "--orphan-handling=error", "--emit-relocs", "-o", elf, ...objects]);
    const absolute = run("objdump", ["-r", elf]).split("\n").filter((line) => /R_ARM_/.test(line) && !/R_ARM_(REL32|THM_CALL|THM_JUMP\d+)\b/.test(line));
    if (absolute.length > 0) throw new UserError(`the kernel needs relocations:\n${absolute.join("\n")}`, "Reach data relative to the program counter only.");
    const undefinedNames = run("nm", ["-u", elf]).trim();
    if (undefinedNames !== "") throw new UserError(`the kernel calls what it does not have:\n${undefinedNames}`, "Write it without a library (no division, no 64-bit product).");
    const symbols = new Map(run("nm", [elf]).split("\n").map((line) => [line.slice(11), parseInt(line, 16)]));
    const [decoderOffset, decoderBytes] = run("nm", ["-S", elf]).split("\n").find((line) => line.endsWith(" decode"))!.split(" ").map((field) => parseInt(field, 16)) as [number, number];
    const offsets = FUNCTIONS.map((name) => {
      const at = symbols.get(name);
      if (at === undefined) throw new UserError(`the kernel has no function ${name}`, "Keep the names of firmware/voice/abi.ts.");
      return at & ~1;
    });
    const binary = join(out, "kernel.bin");
    run("objcopy", ["-O", "binary", "-j", ".kernel", elf, binary]);
    const compiler = run("gcc", ["--version"]).split("\n")[0]!;
    return { bytes: new Uint8Array(readFileSync(binary)), offsets, decoder: { offset: decoderOffset & ~1, bytes: decoderBytes }, voiceBytes, compiler };
  } finally {
    rmSync(out, { recursive: true });
  }
}

/** The known answer: what firmware/voice/kernel.ts feeds at boot, run on the bytes themselves. */
function knownAnswer(kernel: BuiltKernel): number {
  const harness = createHarness(kernel.bytes, kernel.offsets);
  const input = Int16Array.from({ length: 64 }, (_, i) => 2048 + (i & 8 ? 1 : -1) * i * 29);
  harness.beginCapture({ mid: 2048, full: 2048, decimation: 1 });
  harness.capture(input);
  harness.flush();
  return crc32(harness.block(0));
}

/** One character per byte; printable ASCII as itself. */
function literal(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 32) {
    const text = Array.from(bytes.subarray(at, at + 32), (byte) =>
      byte >= 32 && byte < 127 && byte !== 34 && byte !== 92 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
    ).join("");
    lines.push(`"${text}"`);
  }
  return lines;
}

export function render(kernel: BuiltKernel): string {
  const code = literal(kernel.bytes).map((line) => `    ${line}`).join(" +\n");
  return `// Made by tools/kernel/build.ts from firmware/voice/kernel; do not edit. ${kernel.bytes.length} bytes of ARMv6-M Thumb code.
// Compiler: ${kernel.compiler}
// SHA-256 of sources and flags: ${sourceHash()}

import type { KernelImage } from "./kernel.ts";

export const kernelImage: KernelImage = {
  code:
${code},
  crc32: ${crc32(kernel.bytes)},
  offsets: [${kernel.offsets.join(", ")}],
  knownAnswer: ${knownAnswer(kernel)},
};

/** Where the ADPCM decoder lies within render, for the bench; not in the bundle. */
export const decoder = { offset: ${kernel.decoder.offset}, bytes: ${kernel.decoder.bytes} };

/** Of the code, those of the voice functions; the others are cipher, index, frames and CRC-32. */
export const voiceBytes = ${kernel.voiceBytes};
`;
}

/** `npm run build:kernel`. */
export async function buildKernel(args: readonly string[]): Promise<number> {
  const text = render(compile());
  if (!args.includes("--check")) {
    writeFileSync(MODULE, text);
    console.log("firmware/voice/kernel.generated.ts written");
    return 0;
  }
  if (readFileSync(MODULE, "utf8") !== text) {
    throw new UserError(
      "firmware/voice/kernel.generated.ts is not what the sources and this compiler give",
      "Run `npm run build:kernel` with the compiler that the module names, and commit the result.",
    );
  }
  console.log("firmware/voice/kernel.generated.ts is what its sources compile to");
  return 0;
}
