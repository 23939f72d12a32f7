// Writes bytes into a board's flash through its console, and proves that they are there.

import { crc32 } from "node:zlib";
import { UserError } from "../errors.ts";
import { PACKET_BYTES, call, definitions } from "./board-side.ts";
import type { BoardConsole } from "./console.ts";

const TRIES = 5;
const ERASE_MS = 20000;

/** Sees every packet that is on the board for certain. */
export type Progress = (bytes: number) => void;

export class FlashWriter {
  constructor(
    private readonly console: BoardConsole,
    private readonly pageBytes: number,
    private readonly progress: Progress,
  ) {}

  /** Before anything else, after every reboot of the board. */
  async prepare(): Promise<void> {
    for (const definition of definitions) await this.console.evaluate(definition);
  }

  /** Into blank flash. What reads back wrong was not blank. */
  async write(address: number, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += PACKET_BYTES) {
      const packet = bytes.subarray(at, at + PACKET_BYTES);
      // Blank flash stays as it is: padding is not sent.
      if (packet.every((byte) => byte === 0xff)) continue;
      await this.#packet((crc, text) => call("write", address + at, crc, text), packet, `flash at 0x${(address + at).toString(16)}`);
      this.progress(packet.length);
    }
  }

  async word(address: number, value: number): Promise<void> {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    await this.#packet((crc, text) => call("write", address, crc, text), bytes, `the word at 0x${address.toString(16)}`);
  }

  async erase(address: number, pages: number): Promise<void> {
    const blank = crc32(new Uint8Array(this.pageBytes).fill(0xff));
    for (let page = 0; page < pages; page++) {
      const at = address + page * this.pageBytes;
      for (let attempt = 0; ; attempt++) {
        if (await this.console.evaluate(call("erase", at, this.pageBytes, blank), ERASE_MS)) break;
        if (attempt === TRIES) throw new UserError(`flash at 0x${at.toString(16)} cannot be erased`, "The flash is worn out or broken: take another board.");
      }
    }
  }

  /** Page by page, against what should stand there. */
  async verify(address: number, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += this.pageBytes) {
      const page = bytes.subarray(at, at + this.pageBytes);
      const found = await this.console.evaluate(call("check", address + at, page.length));
      if (found !== crc32(page)) throw new UserError(`flash at 0x${(address + at).toString(16)} does not read back as it was written`, "Run the command again: it starts with an erase.");
    }
  }

  /** A text into the board's RAM. */
  async collect(data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length; at += PACKET_BYTES) {
      const packet = data.subarray(at, at + PACKET_BYTES);
      await this.#packet((crc, text) => call("collect", at, crc, text), packet, "its memory");
      this.progress(packet.length);
    }
  }

  /** A file of Storage. */
  async file(name: string, data: Uint8Array): Promise<void> {
    await this.collect(data);
    const stored = await this.console.evaluate(call("store", name, crc32(data)), ERASE_MS);
    if (stored !== 1) throw new UserError(`${name} does not read back as it was written`, "Run the command again with --erase: it starts from a blank Storage.");
  }

  async #packet(expression: (crc: number, text: string) => string, bytes: Uint8Array, what: string): Promise<void> {
    const text = Buffer.from(bytes).toString("base64");
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const result = await this.console.evaluate(expression(crc32(bytes), text));
      if (result === 1) return;
      // Torn on the way: nothing was written.
      if (result !== -1) break;
    }
    throw new UserError(`${what} does not take what is written to it`, "Run the command again: it starts with an erase. If it fails at the same place, the flash is broken.");
  }
}
