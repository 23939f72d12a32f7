// The station as a process of its own, to be killed: its boards are the parent's, reached by messages. Arguments: ledger file.

import { xiaoble } from "../../boards/xiaoble.ts";
import { BoardFault, type BoardIdentity, type BoardPort, type BoardPorts, type FaultKind } from "../../tools/production/board-port.ts";
import type { VerifiedImage } from "../../tools/production/image-verify.ts";
import { Ledger } from "../../tools/production/ledger.ts";
import { parseLimits } from "../../tools/production/limits.ts";
import { Station } from "../../tools/production/station.ts";

export type Method = "list" | "connect" | "identify" | "install" | "provision" | "selftest" | "seal" | "checkSealed" | "close";

export interface Call {
  readonly id: number;
  readonly method: Method;
  readonly path?: string;
  /** Bytes as base64. */
  readonly record?: string;
}

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly fault?: { readonly kind: FaultKind; readonly message: string };
}

export type Told = { readonly said: string; readonly port: string };

const waiting = new Map<number, (answer: Answer) => void>();
let calls = 0;

process.on("message", (answer: Answer) => waiting.get(answer.id)?.(answer));

function call<T>(method: Method, path?: string, record?: Uint8Array): Promise<T> {
  const id = calls++;
  return new Promise((resolve, reject) => {
    waiting.set(id, ({ value, fault }) => {
      waiting.delete(id);
      if (fault) reject(new BoardFault(fault.kind, fault.message));
      else resolve(value as T);
    });
    process.send!({ id, method, ...(path === undefined ? {} : { path }), ...(record ? { record: Buffer.from(record).toString("base64") } : {}) } satisfies Call);
  });
}

const bytes = (text: string | undefined): Uint8Array | undefined => (text === undefined ? undefined : Buffer.from(text, "base64"));

const port = ({ path, usbId }: { path: string; usbId: string }): BoardPort => ({
  path,
  usbId,
  connect: () => call("connect", path),
  identify: async () => {
    const { record, ...rest } = await call<Omit<BoardIdentity, "record"> & { record?: string }>("identify", path);
    return { ...rest, record: bytes(record) };
  },
  install: () => call("install", path),
  provision: async (record) => bytes(await call<string>("provision", path, record))!,
  selftest: () => call("selftest", path),
  seal: () => call("seal", path),
  checkSealed: () => call("checkSealed", path),
  close: () => call("close", path),
});

const ports: BoardPorts = { list: async () => (await call<{ path: string; usbId: string }[]>("list")).map(port) };
const image = { board: xiaoble, digest: "d".repeat(64), manifest: { kind: "production", board: "XIAOBLE", version: 7, espruino: { version: "2v29" } } } as unknown as VerifiedImage;

await new Station({
  ledger: new Ledger(process.argv[2]!),
  image,
  limits: parseLimits('{"kernel": {"is": true}, "battery": {"atLeast": 3500, "atMost": 4300}}', "limits"),
  now: () => Date.now(),
  say: (name, said) => void process.send!({ said, port: name } satisfies Told),
  chips: new Set(),
  name: "north",
  ports,
}).run(new AbortController().signal);
