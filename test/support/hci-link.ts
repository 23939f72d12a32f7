// Two Bluetooth LE controllers and the air between them, inside this process: what a real host stack needs below it (HCI, Core
// Specification Vol 4 Part E). Packets go in connection events with a budget; losses are repeated in the next one.

import { EventEmitter } from "node:events";
import { random as seeded } from "./random.ts";

export interface HciAir {
  /** Chance that a packet is lost in its event, and packets that fit one. */
  readonly loss?: number;
  readonly packetsPerEvent?: number;
  /** Events that pass between two that are used. */
  readonly delayEvents?: number;
  readonly seed?: number;
}

const COMMAND = 0x01;
const ACL = 0x02;
const EVENT = 0x04;
const EVENTS = { disconnected: 0x05, encryption: 0x08, remoteVersion: 0x0c, complete: 0x0e, status: 0x0f, completedPackets: 0x13, keyRefresh: 0x30, meta: 0x3e };
const META = { connected: 0x01, updated: 0x03, remoteFeatures: 0x04, keyRequest: 0x05 };
const OPCODES = {
  disconnect: 0x0406,
  remoteVersion: 0x041d,
  setRandomAddress: 0x2005,
  bufferSize: 0x2002,
  advertise: 0x200a,
  connect: 0x200d,
  whiteListSize: 0x200f,
  update: 0x2013,
  remoteFeatures: 0x2016,
  encrypt: 0x2019,
  key: 0x201a,
  noKey: 0x201b,
  states: 0x201c,
};
const REASON = { keyMissing: 0x06, byRemote: 0x13, byLocal: 0x16, micFailure: 0x3d };
const HANDLE = 0x40;
const ACL_BYTES = 251;
const ACL_PACKETS = 8;

const low = (value: number): [number, number] => [value & 255, (value >> 8) & 255];

/** One controller: what a host is given as its transport. */
export class Controller extends EventEmitter {
  address = Buffer.alloc(6);
  isAdvertising = false;
  isEncrypted = false;
  key = Buffer.alloc(16);
  isConnected = false;
  peer!: Controller;
  /** Connection interval of a call that waits for the peer to advertise. */
  #wanted: Buffer | undefined;
  /** Packets on their way to the peer. */
  readonly out: Buffer[] = [];

  constructor(private readonly air: () => void) {
    super();
  }

  /** From the host. */
  write(packet: Buffer): void {
    if (packet[0] === COMMAND) this.#command(packet.readUInt16LE(1), packet.subarray(4));
    else if (packet[0] === ACL && this.isConnected) {
      this.out.push(Buffer.from(packet));
      this.air();
    }
  }

  /** An ACL packet from the air: what begins a message is marked otherwise on this side of the interface. */
  receive(packet: Buffer): void {
    const flags = packet[2]! & 0x30;
    packet[2] = (packet[2]! & 0x0f) | (flags === 0 ? 0x20 : flags);
    this.#emit(packet);
  }

  delivered(): void {
    this.event(EVENTS.completedPackets, 1, ...low(HANDLE), ...low(1));
  }

  event(code: number, ...parameters: number[]): void {
    this.#emit(Buffer.from([EVENT, code, parameters.length, ...parameters]));
  }

  end(reason: number): void {
    if (!this.isConnected) return;
    this.isConnected = this.isEncrypted = false;
    this.out.length = 0;
    this.event(EVENTS.disconnected, 0, ...low(HANDLE), reason);
  }

  #emit(packet: Buffer): void {
    setImmediate(() => this.emit("data", packet));
  }

  #meta(code: number, ...parameters: number[]): void {
    this.event(EVENTS.meta, code, ...parameters);
  }

  #command(opcode: number, parameters: Buffer): void {
    const complete = (...more: number[]): void => this.event(EVENTS.complete, 1, ...low(opcode), 0, ...more);
    const accepted = (): void => this.event(EVENTS.status, 0, 1, ...low(opcode));
    switch (opcode) {
      case OPCODES.setRandomAddress:
        this.address = Buffer.from(parameters);
        return complete();
      case OPCODES.bufferSize:
        return complete(...low(ACL_BYTES), ACL_PACKETS);
      case OPCODES.whiteListSize:
        return complete(8);
      case OPCODES.states:
        return complete(...new Array<number>(8).fill(0xff));
      case OPCODES.advertise:
        this.isAdvertising = parameters[0] === 1;
        complete();
        return this.peer.#connect();
      case OPCODES.connect:
        accepted();
        this.#wanted = parameters.subarray(13, 17);
        return this.#connect();
      case OPCODES.disconnect:
        accepted();
        this.peer.end(parameters[2]!);
        return this.end(REASON.byLocal);
      case OPCODES.remoteVersion:
        accepted();
        return this.event(EVENTS.remoteVersion, 0, ...low(HANDLE), 9, ...low(0x59), ...low(1));
      case OPCODES.remoteFeatures:
        accepted();
        return this.#meta(META.remoteFeatures, 0, ...low(HANDLE), 1, 0, 0, 0, 0, 0, 0, 0);
      case OPCODES.update:
        accepted();
        return this.#meta(META.updated, 0, ...low(HANDLE), ...parameters.subarray(4, 10));
      case OPCODES.encrypt:
        this.key = Buffer.from(parameters.subarray(12, 28));
        accepted();
        return this.peer.#meta(META.keyRequest, ...low(HANDLE), ...parameters.subarray(2, 12));
      case OPCODES.key:
        complete(...low(HANDLE));
        return this.#encrypt(parameters.subarray(2, 18));
      case OPCODES.noKey:
        complete(...low(HANDLE));
        return this.peer.event(EVENTS.encryption, REASON.keyMissing, ...low(HANDLE), 0);
      default:
        return complete();
    }
  }

  /** Calls the peer if it is wanted and there. */
  #connect(): void {
    const interval = this.#wanted;
    if (!interval || !this.peer.isAdvertising) return;
    this.#wanted = undefined;
    this.peer.isAdvertising = false;
    for (const [end, role] of [[this, 0] as const, [this.peer, 1] as const]) {
      end.isConnected = true;
      end.#meta(META.connected, 0, ...low(HANDLE), role, 1, ...end.peer.address, interval[0]!, interval[1]!, 0, 0, ...low(400), 0);
    }
  }

  /** The peripheral's host has given its key. */
  #encrypt(key: Buffer): void {
    const isSame = key.equals(this.peer.key);
    for (const end of [this, this.peer]) {
      if (!isSame) end.end(REASON.micFailure);
      else if (end.isEncrypted) end.event(EVENTS.keyRefresh, 0, ...low(HANDLE));
      else end.event(EVENTS.encryption, 0, ...low(HANDLE), 1);
      end.isEncrypted = isSame;
    }
  }
}

/** A pair of controllers within range of each other. */
export function hciPair({ loss = 0, packetsPerEvent = 4, delayEvents = 0, seed = 1 }: HciAir = {}): [Controller, Controller] {
  const random = seeded(seed);
  let isRunning = false;
  let idle = 0;
  const run = (): void => {
    if (isRunning) return;
    isRunning = true;
    setImmediate(event);
  };
  const ends: [Controller, Controller] = [new Controller(run), new Controller(run)];
  [ends[0].peer, ends[1].peer] = [ends[1], ends[0]];
  function event(): void {
    isRunning = false;
    if (idle++ >= delayEvents) {
      idle = 0;
      for (const end of ends) {
        for (let sent = 0; sent < packetsPerEvent && end.out.length > 0; sent++) {
          if (random() < loss) break;
          end.peer.receive(end.out.shift()!);
          end.delivered();
        }
      }
    }
    if (ends.some(({ out }) => out.length > 0)) run();
  }
  return ends;
}
