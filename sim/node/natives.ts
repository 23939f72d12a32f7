// Espruino's built-ins that are neither JavaScript nor peripherals: E, process, and the modules behind require.

import vm from "node:vm";
import { crc32 } from "node:zlib";
import type { Wire } from "../engine.ts";
import { storageModule } from "./storage-module.ts";
import type { Storage } from "./storage.ts";

export interface NativeServices {
  readonly call: (operation: string, args: readonly Wire[]) => Wire;
  readonly storage: Storage;
  readonly environment: Readonly<Record<string, string>>;
  /** Evaluates source at top level, as Espruino's eval does there. */
  readonly evaluate: (source: string, filename: string) => unknown;
}

type Bytes = string | ArrayBufferView | ArrayBuffer;

function toBuffer(data: Bytes): Buffer {
  if (typeof data === "string") return Buffer.from(data, "latin1");
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.from(data);
}

export function natives(context: vm.Context, services: NativeServices): void {
  const { call, storage } = services;
  const scope = context as Record<string, unknown>;
  // What is handed inside must be of the inside's own kind.
  const inside = vm.runInContext("({ bytes: function (data) { return new Uint8Array(data); }, buffer: function (data) { return new Uint8Array(data).buffer; } })", context) as {
    bytes(data: Uint8Array): Uint8Array;
    buffer(data: Uint8Array): ArrayBuffer;
  };
  const listeners: Record<string, (() => void)[]> = {};

  scope["E"] = {
    CRC32(data: Bytes): number {
      const bytes = toBuffer(data);
      call("charge", ["crc32", bytes.length]);
      return crc32(bytes) >>> 0;
    },
    memoryArea: (address: number, length: number): string => Buffer.from(call("flash.string", [address, length]) as Uint8Array).toString("latin1"),
    toFlatString: (data: string): string => data,
    toArrayBuffer: (data: string): ArrayBuffer => inside.buffer(toBuffer(data)),
    on(event: string, callback: () => void): void {
      (listeners[event] ??= []).push(callback);
    },
  };
  scope["atob"] = (text: string): string => {
    call("charge", ["base64", text.length]);
    return Buffer.from(text, "base64").toString("latin1");
  };
  scope["btoa"] = (data: Bytes): string => {
    const bytes = toBuffer(data);
    call("charge", ["base64", bytes.length]);
    return bytes.toString("base64");
  };
  scope["process"] = { env: { ...services.environment } };
  scope["global"] = vm.runInContext("this", context);
  scope["eval"] = (source: string): unknown => services.evaluate(source, "eval");

  const modules: Record<string, unknown> = {
    Flash: {
      read: (length: number, address: number): Uint8Array => inside.bytes(call("flash.read", [length, address]) as Uint8Array),
      write: (data: Bytes, address: number): Wire => call("flash.write", [new Uint8Array(toBuffer(data)), address]),
      erasePage: (address: number): Wire => call("flash.erase", [address]),
      getFree: (): unknown => vm.runInContext(JSON.stringify(call("flash.free", [])), context),
    },
    Storage: storageModule(context, storage),
  };
  scope["require"] = (name: string): unknown => {
    const module = modules[name];
    if (!module) throw new Error(`Module "${name}" not found`);
    return module;
  };
}
