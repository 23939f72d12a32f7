// The module behind require("Storage") in Node's engine: what may be passed as data, and what comes back (platform facts 6.2).

import { types } from "node:util";
import vm from "node:vm";
import type { Storage, StorageStats } from "./storage.ts";

export interface StorageModule {
  read(name: string, offset?: number, length?: number): string | undefined;
  readArrayBuffer(name: string): ArrayBuffer | undefined;
  readJSON(name: string, isForgiving?: boolean): unknown;
  write(name: string, data: unknown, offset?: number, size?: number): boolean;
  erase(name: string): void;
  eraseAll(): void;
  list(pattern?: { test(text: string): boolean }, filter?: { sf?: boolean }): string[];
  getFree(): number;
  getStats(): StorageStats;
  compact(): void;
}

export function storageModule(context: vm.Context, storage: Storage): StorageModule & Record<string, unknown> {
  const inside = vm.runInContext(
    `({ stringify: JSON.stringify, parse: JSON.parse, copy: function (o) { return Object.assign({}, o); }, array: function (a) { return [].slice.call(a); },
      buffer: function (data) { return new Uint8Array(data).buffer; } })`,
    context,
  ) as {
    stringify(value: unknown): string;
    parse(text: string): unknown;
    copy<T>(value: T): T;
    array<T>(values: T[]): T[];
    buffer(data: Uint8Array): ArrayBuffer;
  };
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
  const refuse = (what: string) => (): never => {
    throw new Error(`Storage.${what} is not modelled`);
  };

  return {
    read(name, offset, length) {
      const bytes = storage.read(String(name), offset, length);
      return bytes && text(bytes);
    },
    readArrayBuffer(name) {
      const bytes = storage.read(String(name));
      return bytes && inside.buffer(bytes);
    },
    readJSON(name, isForgiving) {
      const bytes = storage.read(String(name));
      if (!bytes) return undefined;
      try {
        return inside.parse(text(bytes));
      } catch (error) {
        if (isForgiving) return undefined;
        throw error;
      }
    },
    write(name, data, offset, size) {
      if (isPlainObject(data)) return storage.write(String(name), Buffer.from(inside.stringify(jsonOf(data)), "latin1"));
      return storage.write(String(name), bytesOf(data), offset, size);
    },
    erase: (name) => storage.erase(String(name)),
    eraseAll: () => storage.eraseAll(),
    list: (pattern, filter) => inside.array(storage.list(pattern ? (name) => pattern.test(name) : undefined, filter?.sf)),
    getFree: () => storage.getFree(),
    getStats: () => inside.copy(storage.getStats()),
    compact: () => void storage.compact(),
    open: refuse("open"),
    hash: refuse("hash"),
    writeJSON: refuse("writeJSON"),
  };
}

function isPlainObject(data: unknown): data is object {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return false;
  return types.isDataView(data) || !(ArrayBuffer.isView(data) || types.isAnyArrayBuffer(data));
}

/** A DataView is stored as the text of its properties. */
function jsonOf(data: object): object {
  if (!types.isDataView(data)) return data;
  const { buffer, byteOffset, byteLength } = data;
  return { buffer: [...new Uint8Array(buffer)], byteOffset, byteLength };
}

function bytesOf(data: unknown): Uint8Array {
  if (data === undefined) throw new Error("Can't get pointer to data to write");
  if (data === null) throw new TypeError("Expecting Number or iterable, got null");
  if (typeof data === "string") return Buffer.from(data, "latin1");
  if (typeof data === "number" || typeof data === "boolean") return Uint8Array.of(Number(data));
  if (Array.isArray(data) && data.every((value) => typeof value === "number")) return Uint8Array.from(data);
  // As many raw bytes as there are elements: half the data of an Int16Array.
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, (data as Uint8Array).length);
  if (types.isAnyArrayBuffer(data)) return new Uint8Array(data);
  throw new Error(`Storage.write of a ${typeof data} is not modelled`);
}
