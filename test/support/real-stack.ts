// A real Bluetooth host stack (npm ble-host) at both ends of our own HCI link: one plays the phone, one the toy's stack, with the
// same services and permissions as the simulated board of radio-bench. It keeps bonds in files under the working directory, and
// its key pair per module: so each end is a copy of its own, in a folder of its own.

import { mkdtempSync, rmSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EventEmitter } from "node:events";
import { espruinoAccepts, SMP_REASONS, type IoCaps, type PairingFeatures } from "../../sim/air/pairing.ts";
import { hciPair, type Controller, type HciAir } from "./hci-link.ts";

const require = createRequire(import.meta.url);

/** The stack's own order. */
const IO_CODES: readonly IoCaps[] = ["DisplayOnly", "DisplayYesNo", "KeyboardOnly", "NoInputNoOutput", "KeyboardDisplay"];
const TOY = "C0:00:00:00:00:02";
const PHONE = "C0:00:00:00:00:01";
const SERVICE = "f04b0001-6a0d-4f9c-8f5e-2d1c9b7a3e60";
type Permission = "open" | "encrypted" | "encrypted-mitm" | "encrypted-mitm-sc" | "not-permitted";

/** A service as the stack takes it; its characteristics are numbered through all services. */
export interface RealService {
  readonly uuid: string | number;
  readonly characteristics: readonly { readonly uuid: string | number; readonly properties: readonly string[]; readonly read: Permission; readonly write: Permission }[];
}

/** In the order of radio-bench: open, level 2, 3 and 4. */
const LEVELS: readonly RealService[] = [
  {
    uuid: SERVICE,
    characteristics: (["open", "encrypted", "encrypted-mitm", "encrypted-mitm-sc"] as const).map((level, i) => ({
      uuid: SERVICE.replace("0001", `000${i + 2}`),
      properties: ["read", "write", "write-without-response"],
      read: level,
      write: level,
    })),
  },
];

export interface Features {
  readonly ioCap?: number;
  readonly bondingFlags?: number;
  readonly mitm?: boolean;
  readonly sc?: boolean;
  readonly maxKeySize?: number;
}

interface Smp extends EventEmitter {
  sendPairingRequest(features: Features): boolean;
  sendPairingFailed(reason: number): void;
  startEncryption(): boolean;
  readonly isEncrypted: boolean;
}

interface RealCharacteristic {
  read(tell: (error: number, value: Buffer) => void): void;
  write(value: Buffer, tell: (error: number) => void): void;
  writeWithoutResponse(value: Buffer): void;
}

interface Connection extends EventEmitter {
  readonly smp: Smp;
  readonly gatt: { discoverServicesByUuid(uuid: string | number, most: number, tell: (services: readonly { discoverCharacteristics(tell: (found: RealCharacteristic[]) => void): void }[]) => void): void };
  disconnect(): void;
}

interface Manager {
  readonly gattDb: { addServices(services: readonly object[]): void };
  connect(kind: string, address: string, options: object, tell: (connection: Connection) => void): void;
  startAdvertising(options: object, tell: (status: number, connection: Connection) => void): void;
}

interface Host {
  readonly BleManager: { create(transport: Controller, options: object, tell: (error: Error | null, manager: Manager) => void): void };
}

const featuresOf = ({ ioCaps, bond, mitm, sc, maxKeyBytes }: PairingFeatures): Features => ({
  ioCap: IO_CODES.indexOf(ioCaps),
  bondingFlags: bond ? 1 : 0,
  mitm,
  sc,
  maxKeySize: maxKeyBytes,
});

const peerOf = ({ ioCap, bondingFlags, mitm, sc, maxKeySize }: Features): PairingFeatures => ({
  ioCaps: IO_CODES[ioCap!]!,
  oob: false,
  bond: bondingFlags === 1,
  mitm: mitm!,
  sc: sc!,
  maxKeyBytes: maxKeySize!,
});

/** A copy of the stack of its own. It offers Secure Connections always, whatever it is asked to: only its source can be told not to. */
function copyOf(hasSc: boolean): Host {
  for (const file of Object.keys(require.cache)) if (file.includes("ble-host")) delete require.cache[file];
  const loader = Module.prototype as unknown as { _compile(text: string, file: string): unknown };
  const compile = loader._compile;
  loader._compile = function (text, file) {
    return compile.call(this, file.endsWith("smp.js") ? text.replace("SC_IS_SUPPORTED = true", `SC_IS_SUPPORTED = ${hasSc}`) : text, file);
  };
  try {
    return require("ble-host") as Host;
  } finally {
    loader._compile = compile;
  }
}

export class RealStack {
  /** Values that writes brought, by characteristic. */
  readonly written: string[] = [];
  phone!: Connection;
  #manager!: Manager;
  #toy!: Manager;
  #characteristics: RealCharacteristic[] = [];
  #passkey: string | undefined;

  private constructor(
    private readonly folder: string,
    private readonly cwd: string,
    /** What the toy answers with; Espruino's look at the peer comes first. */
    private readonly own: PairingFeatures,
    private readonly services: readonly RealService[],
  ) {}

  /** `phoneHasSc` false: a phone of the time before Secure Connections. */
  static async create(own: PairingFeatures, phoneHasSc: boolean, air: HciAir = {}, services = LEVELS): Promise<RealStack> {
    const stack = new RealStack(mkdtempSync(join(tmpdir(), "real-stack-")), process.cwd(), own, services);
    process.chdir(stack.folder);
    const [phone, toy] = hciPair(air);
    stack.#manager = await stack.#host(phone, PHONE, phoneHasSc);
    stack.#toy = await stack.#host(toy, TOY, own.sc);
    let index = 0;
    stack.#toy.gattDb.addServices(services.map(({ uuid, characteristics }) => ({ uuid, characteristics: characteristics.map((each) => stack.#characteristic(each, index++)) })));
    return stack;
  }

  dispose(): void {
    process.chdir(this.cwd);
    rmSync(this.folder, { recursive: true });
  }

  async connect(): Promise<this> {
    this.#toy.startAdvertising({}, (_, connection) => this.#serve(connection));
    this.phone = await new Promise<Connection>((tell) => this.#manager.connect("random", TOY, {}, tell));
    this.#characteristics = [];
    for (const { uuid } of this.services) {
      const [service] = await new Promise<readonly { discoverCharacteristics(tell: (found: RealCharacteristic[]) => void): void }[]>((tell) =>
        this.phone.gatt.discoverServicesByUuid(uuid, 1, tell),
      );
      this.#characteristics.push(...(await new Promise<RealCharacteristic[]>((tell) => service!.discoverCharacteristics(tell))));
    }
    return this;
  }

  async disconnect(): Promise<void> {
    const gone = new Promise((tell) => this.phone.once("disconnect", tell));
    this.phone.disconnect();
    await gone;
  }

  /** Pairs as the phone; `guess` makes the digits that it enters of those that the toy shows. */
  pair(features: PairingFeatures, guess: (shown: string) => string = (shown) => shown): Promise<{ readonly isPaired: true } | { readonly isPaired: false; readonly reason: number }> {
    const { smp } = this.phone;
    return new Promise((tell) => {
      smp.once("passkeyExchange", (_model: number, _shown: string | null, answer: (digits: string) => void) => {
        const wait = (): void => void (this.#passkey === undefined ? setImmediate(wait) : answer(guess(this.#passkey)));
        wait();
      });
      smp.once("pairingComplete", () => tell({ isPaired: true }));
      smp.once("pairingFail", (reason: number) => tell({ isPaired: false, reason }));
      smp.sendPairingRequest(featuresOf(features));
    });
  }

  encrypt(): Promise<boolean> {
    return new Promise((tell) => {
      this.phone.smp.once("encrypt", (status: number) => tell(status === 0));
      this.phone.smp.startEncryption();
    });
  }

  /** The ATT error of a read, 0 for none, by level of the characteristic. */
  read(index: number): Promise<number> {
    return new Promise((tell) => this.#characteristics[index]!.read((error) => tell(error)));
  }

  write(index: number): Promise<number> {
    return new Promise((tell) => this.#characteristics[index]!.write(Buffer.from([index]), (error) => tell(error)));
  }

  writeCommand(index: number): void {
    this.#characteristics[index]!.writeWithoutResponse(Buffer.from([0x77]));
  }

  #serve(connection: Connection): void {
    this.#passkey = undefined;
    const { smp } = connection;
    smp.on("pairingRequest", (request: Features, answer: (features: Features) => void) => {
      if (espruinoAccepts(this.own, peerOf(request))) answer(featuresOf(this.own));
      else smp.sendPairingFailed(SMP_REASONS.PAIRING_NOT_SUPP);
    });
    smp.on("passkeyExchange", (_model: number, shown: string) => (this.#passkey = shown));
    smp.on("pairingFail", () => (this.#passkey = undefined));
  }

  #characteristic({ uuid, properties, read, write }: RealService["characteristics"][number], index: number): object {
    return {
      uuid,
      properties,
      readPerm: read,
      writePerm: write,
      value: Buffer.from([1, 2, 3]),
      onWrite: (_connection: unknown, _needsResponse: boolean, value: Buffer, answer: (error: number) => void) => {
        this.written.push(`${index}: ${value.toString("hex")}`);
        answer(0);
      },
    };
  }

  #host(transport: Controller, address: string, hasSc: boolean): Promise<Manager> {
    const { BleManager } = copyOf(hasSc);
    return new Promise((tell, refuse) =>
      BleManager.create(transport, { staticRandomAddress: address }, (error, manager) => (error ? refuse(error) : tell(manager))),
    );
  }
}
