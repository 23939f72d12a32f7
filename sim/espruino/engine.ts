// A real Espruino process as the interpreter: the same bundle, the same shim, its own boot, parser, memory and idle loop.
// Time, peripherals and flash are the board's, over the link; nothing here knows what they are.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { tokenizer, tokTypes } from "acorn";
import { instrument } from "../cost/instrument.ts";
import type { CodeMemory } from "../cost/model.ts";
import { PowerCut, type Engine, type EngineEvent, type HostCall, type Wire } from "../engine.ts";
import { PAGE_BYTES, type FlashMemory } from "../flash.ts";
import { Storage } from "../node/storage.ts";
import { shim } from "../shim.ts";
import { walk } from "../storage-image.ts";
import { Buffers } from "./buffers.ts";
import { FlashFile } from "./flash-file.ts";
import { Link } from "./link.ts";
import { expression, parse } from "./wire.ts";

const glue = readFileSync(new URL("glue.js", import.meta.url), "latin1");
const BOOT_FILES = [".bootPowerOn", ".boot0", ".boot1", ".boot2", ".boot3", ".bootrst", ".bootcde"];

export interface EspruinoOptions {
  /** Path of the executable. */
  readonly interpreter: string;
  /** Bytes of its flash file. */
  readonly flashBytes: number;
  /** The board's flash; Storage comes first. */
  readonly memories: readonly FlashMemory[];
  readonly codeMemory: CodeMemory;
  /** Runs the text that counts its cost, as Node's engine does. Without it JavaScript takes no time. */
  readonly isInstrumented: boolean;
  /** Counts variables at every call. */
  readonly isMeasuring: boolean;
}

/** Variables that the application uses: those of glue and shim, which were there before it, are taken off. */
export interface Variables {
  readonly peak: number;
  readonly now: number;
}

export class EspruinoEngine implements Engine {
  variables: Variables = { peak: 0, now: 0 };
  readonly #options: EspruinoOptions;
  readonly #link = new Link();
  readonly #buffers: Buffers;
  #flash: FlashFile | undefined;
  #host: HostCall = () => undefined;
  #turns = 0;
  /** Of the pass, still to be told. */
  #events: readonly EngineEvent[] = [];
  #variablesAtBegin = 0;
  /** Texts in the interpreter's flash file, by CRC-32: too large to cross the link again when they are evaluated. */
  readonly #texts = new Map<number, { readonly name: string; readonly source: string }>();
  /** The board's Storage, visited for the time that its reads take: the interpreter reads its own. */
  readonly #storage: Storage;
  #visits: Iterator<string> | undefined;

  constructor(options: EspruinoOptions) {
    this.#options = options;
    const { base, bytes } = options.memories[0]!;
    this.#storage = new Storage({
      bytes: bytes.length,
      pageBytes: PAGE_BYTES,
      read: (offset, length) => this.#call("storage.read", [base + offset, length]) as Uint8Array,
      write: (offset, data) => void this.#call("storage.write", [base + offset, data]),
      erasePage: (offset) => void this.#call("storage.erase", [base + offset]),
      print: (text) => void this.#call("print", [text]),
    });
    this.#buffers = new Buffers({
      fetch: (buffer, offset, length) => {
        this.#link.send("?", expression([buffer, offset, length]));
        return this.#link.readBytes(length);
      },
      store: (buffer, offset, bytes) => this.#link.send("<", expression([buffer, offset, bytes.length]), bytes),
    });
  }

  /** Where the process runs, and which it is. */
  get folder(): string {
    return this.#link.folder;
  }

  get pid(): number {
    return this.#link.pid;
  }

  boot(host: HostCall, hasAutoload: boolean): void {
    const { interpreter, flashBytes, memories, isInstrumented, isMeasuring } = this.#options;
    this.#host = host;
    const names = hasAutoload ? BOOT_FILES : BOOT_FILES.filter((name) => name !== ".bootcde");
    this.#visits = this.#bootFiles(names);
    this.#storage.checkAtBoot();
    const begin = `$begin({isMeasuring:${isMeasuring}});`;
    this.#flash = new FlashFile(join(this.#link.folder, "espruino.flash"), flashBytes);
    this.#flash.add(".bootPowerOn", Buffer.from(`${glue}\n${shim}\n${begin}`, "latin1"));
    for (const { name, data } of walk(memories[0]!.bytes)) {
      if (!names.includes(name)) continue;
      this.#flash.add(name, isInstrumented ? Buffer.from(`$boot();${this.#instrumented(Buffer.from(data).toString("latin1"))}`, "latin1") : data);
    }
    this.#link.start(interpreter);
    this.#serveUntilIdle();
    this.#visits.next();
    this.#call("done", []);
  }

  pass(events: readonly EngineEvent[]): void {
    if (!this.#link.isRunning) return;
    this.#events = events;
    this.#answer("=", "0");
    this.#serveUntilIdle();
  }

  evaluate(source: string): string | undefined {
    if (!this.#link.isRunning) return undefined;
    // The interpreter waits for the events of a pass: it gets none, and evaluates this on the way.
    this.#answer("=", `[eval(${JSON.stringify(source)})]&&0`);
    this.#serveUntilIdle();
    return undefined;
  }

  viewBuffer(buffer: number, offset: number, length: number): Uint8Array {
    return this.#buffers.view(buffer, offset, length);
  }

  kill(): void {
    this.#buffers.freeze();
    this.#flash?.close();
    this.#flash = undefined;
    this.#link.kill();
  }

  /**
   * What is told together: on the board a pass makes variables of all that the radio has to tell, and then calls for one after the
   * other; whatever else waits is no variable yet (src/jsinteractive.c, jsiIdle and jsiQueueEvents).
   */
  #next(): readonly EngineEvent[] {
    const events = this.#events;
    let count = Math.min(1, events.length);
    if (events[0]?.kind.startsWith("nrf")) while (events[count]?.kind.startsWith("nrf")) count++;
    this.#events = events.slice(count);
    return events.slice(0, count);
  }

  #serveUntilIdle(): void {
    for (;;) {
      const line = this.#link.readLine();
      if (line === "idle") return;
      if (line === "next") {
        this.#answer("=", expression(this.#next() as unknown as Wire));
        continue;
      }
      const [turns, operation, args, used] = parse(line) as unknown as [number, string, Wire[], number?];
      if (operation === "begin") this.#variablesAtBegin = used ?? 0;
      else if (used !== undefined) this.#count(used - this.#variablesAtBegin);
      this.#turns += turns;
      this.#serve(operation, args);
      if (!this.#link.isRunning) throw new PowerCut();
    }
  }

  #serve(operation: string, args: Wire[]): void {
    let value: Wire;
    try {
      if (operation === "source") value = this.#addSource(Number(args[0]));
      else if (operation === "begin" || operation === "booted") value = undefined;
      else if (operation === "boot") this.#visits!.next();
      else if (operation === "visit") value = this.#visit(String(args[0]), Number(args[1]), Number(args[2]));
      else if (operation === "area") value = this.#addText(Buffer.from(this.#call("flash.string", args) as Uint8Array).toString("latin1"));
      else value = this.#call(operation, args);
    } catch (error) {
      if (error instanceof PowerCut) throw error;
      return this.#answer("!", error instanceof Error ? error.message : String(error));
    }
    if (operation === "ram.forget") this.#buffers.forget(Number(args[0]));
    if (operation === "ram.place") this.#buffers.place(Number(args[0]), Number(args[1]));
    if (value instanceof Uint8Array) this.#answer(">", String(value.length), value);
    else this.#answer("=", expression(value));
  }

  #call(operation: string, args: readonly Wire[]): Wire {
    const turns = this.#turns;
    this.#turns = 0;
    return this.#host(turns, operation, args);
  }

  /** Boot files as the board finds them, in their order; each is charged when it is evaluated. */
  *#bootFiles(names: readonly string[]): Generator<string> {
    for (const name of names) {
      if (name === ".bootcde" && this.#storage.find(".bootrst")) continue;
      const file = this.#storage.find(name);
      if (!file) continue;
      this.#call("charge", ["evaluate", file.size]);
      yield name;
    }
  }

  #answer(kind: string, body: string, bytes?: Uint8Array): void {
    this.#buffers.flush();
    this.#link.send(kind, body, bytes);
  }

  #count(used: number): void {
    this.variables = { peak: Math.max(this.variables.peak, used), now: used };
  }

  #instrumented(source: string): string {
    return countingSources(instrument(source, { codeMemory: this.#options.codeMemory }));
  }

  /** What the board's Storage gives, under the name by which the interpreter reads it. */
  #visit(name: string, offset: number, length: number): Wire {
    const bytes = this.#storage.read(name, offset, length);
    return bytes?.length ? this.#addText(Buffer.from(bytes).toString("latin1")) : bytes && "";
  }

  /** The text that counts its cost, for one that was read from Storage. */
  #addSource(crc: number): string {
    const source = this.#texts.get(crc)?.source;
    if (source === undefined) throw new Error("only text that lies in flash can be evaluated here");
    return this.#addText(this.#instrumented(source));
  }

  #addText(source: string): string {
    const bytes = Buffer.from(source, "latin1");
    const crc = crc32(bytes) >>> 0;
    const known = this.#texts.get(crc);
    if (known) return known.name;
    const name = `text${this.#texts.size}`;
    this.#flash!.add(name, bytes);
    this.#texts.set(crc, { name, source });
    return name;
  }
}

/** `eval(x)` becomes `eval($source(x))`. A function in eval's place would add its scope to every function that the text makes. */
function countingSources(source: string): string {
  const tokens = [...tokenizer(source, { ecmaVersion: 5 })];
  let out = "";
  let copied = 0;
  /** Open parentheses; true where a source ends. */
  const open: boolean[] = [];
  tokens.forEach((token, i) => {
    const isEval = token.type === tokTypes.parenL && tokens[i - 1]?.type === tokTypes.name && source.slice(tokens[i - 1]!.start, tokens[i - 1]!.end) === "eval";
    if (token.type === tokTypes.parenL) open.push(isEval);
    const isEnd = token.type === tokTypes.parenR && open.pop() === true;
    if (isEval) out += source.slice(copied, (copied = token.end)) + "$source(";
    else if (isEnd) out += source.slice(copied, (copied = token.start)) + ")";
  });
  return out + source.slice(copied);
}
