// A board that runs a few lines of Espruino code with NRF, and centrals around it: for the facts of the simulated radio.

import type { Board } from "../../boards/board.ts";
import { xiaoble } from "../../boards/xiaoble.ts";
import type { GattAnswer } from "../../sim/air/gatt-client.ts";
import { Central, type CentralOptions, type PairOptions } from "../../sim/air/central.ts";
import type { PairOutcome } from "../../sim/air/smp.ts";
import { Stage, type EngineMaker, type StageOptions } from "../../sim/stage.ts";
import { buildStorage } from "../../sim/storage-image.ts";

export interface RadioBoardOptions {
  readonly board?: Board;
  readonly seed?: number;
  readonly engine?: EngineMaker;
  readonly wait?: number;
}

/** A characteristic of each kind of security, which prints what is written to it. */
export const SERVICE = "f04b0001-6a0d-4f9c-8f5e-2d1c9b7a3e60";
export const OPEN = "f04b00026a0d4f9c8f5e2d1c9b7a3e60";
export const LEVEL2 = "f04b00036a0d4f9c8f5e2d1c9b7a3e60";
export const LEVEL3 = "f04b00046a0d4f9c8f5e2d1c9b7a3e60";
export const LEVEL4 = "f04b00056a0d4f9c8f5e2d1c9b7a3e60";

/** ES5, as Espruino runs it. */
export const TABLE = `
function said(name){return function(e){print(name+" "+new Uint8Array(e.data).join())}}
function secured(how,name){return{value:[1,2,3],maxLen:100,readable:true,writable:true,notify:true,indicate:true,
 security:{read:how,write:how},onWrite:said(name),onWriteDesc:said(name+" desc")}}
var service={};
service["f04b0002-6a0d-4f9c-8f5e-2d1c9b7a3e60"]=secured(undefined,"open");
service["f04b0003-6a0d-4f9c-8f5e-2d1c9b7a3e60"]=secured({encrypted:true},"level2");
service["f04b0004-6a0d-4f9c-8f5e-2d1c9b7a3e60"]=secured({encrypted:true,mitm:true},"level3");
service["f04b0005-6a0d-4f9c-8f5e-2d1c9b7a3e60"]=secured({lesc:true},"level4");
var table={};table["${SERVICE}"]=service;
"connect disconnect bond security passkey advertising error".split(" ").forEach(function(n){
 NRF.on(n,function(a){print(n+" "+JSON.stringify(a))})});
function notify(uuid,value){var c={},s={};c[uuid]={value:value,notify:true};s["${SERVICE}"]=c;NRF.updateServices(s)}
`;

export const WINDOW = { display: 1, keyboard: 0, mitm: 1, lesc: 1, bond: 1, privacy: 1, pair: true };

/** Sets services and security as a program would at boot, then runs the rest. */
export const boot = (security: object = WINDOW, rest = ""): string => `${TABLE}NRF.setServices(table,{uart:false});NRF.setSecurity(${JSON.stringify(security)});${rest}`;

export class RadioBoard extends Stage {
  /** With these files in its Storage, or one that is the program. */
  static with(code: string | Record<string, string>, { board = xiaoble, seed = 1, engine }: RadioBoardOptions = {}): RadioBoard {
    const files = typeof code === "string" ? { ".bootcde": code } : code;
    const storage = buildStorage(
      Object.entries(files).map(([name, text]) => ({ name, data: Buffer.from(text, "latin1") })),
      board.storage.pages * 4096,
    );
    return RadioBoard.of({ board, storage, seed, ...(engine ? { engine } : {}) });
  }

  /** With this flash. */
  static of(options: Omit<StageOptions, "native">): RadioBoard {
    return new RadioBoard({ ...options, native: () => () => undefined });
  }

  /** That program, running. */
  static on(code: string | Record<string, string>, options: RadioBoardOptions = {}): RadioBoard {
    const board = RadioBoard.with(code, options);
    board.powerOn();
    board.wait(options.wait ?? 200);
    return board;
  }

  /** Lines printed since the last look. */
  printed(): string[] {
    return this.machine.console.splice(0);
  }

  central(options: Partial<CentralOptions> = {}): Central {
    return new Central(this.air, { identity: "c0:00:00:00:00:01 random", intervalMs: 7.5, ...options });
  }

  /** A central that has connected and discovered. */
  connected(options: Partial<CentralOptions> = {}): Central {
    return this.join(this.central(options));
  }

  join(central: Central): Central {
    central.connect(() => true);
    this.#until(() => central.isConnected, "connected");
    let isDone = false;
    central.gatt.discover(() => (isDone = true));
    this.#until(() => isDone, "discovered");
    return central;
  }

  /** Pairs; the passkey that the toy shows is read from its console unless options say otherwise. */
  pair(central: Central, options: PairOptions = {}): PairOutcome {
    let outcome: PairOutcome | undefined;
    const look = (answer: (digits: string) => void): void => {
      central.after(300_000, () => {
        const line = this.machine.console.filter((text) => text.startsWith("passkey ")).at(-1);
        if (line) answer(JSON.parse(line.slice(8)) as string);
      });
    };
    central.pair({ ioCaps: "KeyboardOnly", passkey: look, ...options }, (result) => (outcome = result));
    this.#until(() => outcome !== undefined || !central.isConnected, "paired", 60_000);
    return outcome!;
  }

  read(central: Central, uuid: string): GattAnswer {
    return this.#ask((tell) => central.gatt.read(central.gatt.find(uuid)!.handle, tell));
  }

  write(central: Central, uuid: string, bytes: readonly number[]): GattAnswer {
    return this.#ask((tell) => central.gatt.write(central.gatt.find(uuid)!.handle, Uint8Array.from(bytes), tell));
  }

  subscribe(central: Central, uuid: string): GattAnswer {
    return this.#ask((tell) => central.gatt.subscribe(central.gatt.find(uuid)!.cccd!, tell));
  }

  encrypt(central: Central): boolean {
    let isEncrypted: boolean | undefined;
    central.encrypt((result) => (isEncrypted = result));
    this.#until(() => isEncrypted !== undefined || !central.isConnected, "encrypted");
    return isEncrypted ?? false;
  }

  #ask(ask: (tell: (answer: GattAnswer) => void) => void): GattAnswer {
    let answer: GattAnswer | undefined;
    ask((result) => (answer = result));
    this.#until(() => answer !== undefined, "answered");
    return answer!;
  }

  #until(hasHappened: () => boolean, what: string, withinMs = 5000): void {
    for (let ms = 0; ms < withinMs && !hasHappened(); ms += 5) this.wait(5);
    if (!hasHappened()) throw new Error(`not ${what} within ${withinMs} ms: ${this.machine.console.join("; ")}`);
  }
}
