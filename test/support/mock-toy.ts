// A toy over mock ports, on sinon's fake timers, with the kernel's twin for machine code.

import sinon from "sinon";
import { crc32 } from "node:zlib";
import { OK, type PawToken } from "../../hal/contract.ts";
import { mockMicrophone, mockSpeaker, type MockMicrophone, type MockSpeaker } from "../../hal/mock/audio.ts";
import { mockClock } from "../../hal/mock/clock.ts";
import { mockFlash, type MockFlash } from "../../hal/mock/flash.ts";
import { mockNative, type MockNative } from "../../hal/mock/native.ts";
import { mockHeart, mockPaw, mockEntropy, mockPower, mockSystem, type MockHeart, type MockPaw, type MockPower, type MockSystem } from "../../hal/mock/ports.ts";
import { createLink } from "../../firmware/link/link.ts";
import { createStore } from "../../firmware/messages/store.ts";
import { createToy, type Toy } from "../../firmware/toy.ts";
import { createTwin } from "../../firmware/voice/twin.ts";
import { kernelImage } from "../../firmware/voice/kernel.generated.ts";
import { mockRadio, type MockRadio } from "../../hal/mock/radio.ts";
import type { KernelImage } from "../../firmware/voice/kernel.ts";

export interface MockToy {
  readonly toy: Toy;
  readonly time: sinon.SinonFakeTimers;
  readonly microphone: MockMicrophone;
  readonly speaker: MockSpeaker;
  readonly flash: MockFlash;
  readonly heart: MockHeart;
  readonly power: MockPower;
  readonly paw: MockPaw;
  readonly native: MockNative;
  readonly radio: MockRadio;
  readonly system: MockSystem;
  /** A token as the gesture machine would mint it, and the hand that holds it. */
  token(): { token: PawToken; letGo(): void };
  /** Samples into the microphone, in buffers of a quarter of a second. */
  hear(samples: number): void;
}

export interface MockToyOptions {
  readonly image?: KernelImage;
  readonly pages?: number;
  readonly memoryBytes?: number;
  readonly selfTest?: number;
  /** There is no flat memory for the machine code. */
  readonly cannotLoad?: boolean;
}

const LOW_MILLIVOLTS = 3500;

export function mockToy(options: MockToyOptions = {}): MockToy {
  const time = sinon.useFakeTimers();
  const native = mockNative(options.memoryBytes ?? 65536, (bytes) => crc32(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes) >>> 0);
  const twin = createTwin(native);
  if (!options.cannotLoad) native.functions = twin.functions.map(
    ({ call }) =>
      (a = 0, b = 0, c = 0, d = 0) =>
        call(a, b, c, d),
  );
  const microphone = mockMicrophone(16000);
  const speaker = mockSpeaker();
  const flash = mockFlash(options.pages ?? 60);
  const keyPage = mockFlash(1);
  const heart = mockHeart();
  const power = mockPower(4000);
  const paw = mockPaw();
  const clock = mockClock(globalThis as never);
  const radio = mockRadio(clock);
  const system = mockSystem();
  const audio = native.allocate(8000);
  const toy = createToy(
    { clock, paw, heart, microphone, speaker, flash, keyPage, entropy: mockEntropy(), power, native, scratch: audio, radio, system, selfTest: () => options.selfTest ?? OK },
    options.image ?? kernelImage,
    { lowMillivolts: LOW_MILLIVOLTS, createStore, slot: undefined, createLink },
  );
  return {
    toy,
    time,
    microphone,
    speaker,
    flash,
    heart,
    power,
    paw,
    native,
    radio,
    system,
    token() {
      let isLive = true;
      return { token: { isLive: () => isLive } as PawToken, letGo: () => void (isLive = false) };
    },
    hear(samples) {
      const words = new Int16Array(audio!.bytes.buffer, audio!.bytes.byteOffset, 4000);
      for (let at = 0; at < samples; at += 4000) {
        const count = Math.min(4000, samples - at);
        for (let i = 0; i < count; i++) words[i] = 2048 + Math.round(800 * Math.sin((at + i) / 7));
        microphone.deliver(audio!.address, count);
        time.tick(250);
      }
    },
  };
}

export { OK };
