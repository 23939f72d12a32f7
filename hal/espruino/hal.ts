// All ports of one board on Espruino's globals. Audio memory is taken first, while memory is whole.

import type { FirmwareBoard } from "../../boards/board.ts";
import type { Hal, Radio } from "../contract.ts";
import { createEspruinoClock } from "./clock.ts";
import { audioMemoryBytes } from "./dma-memory.ts";
import { createDmaMicrophone } from "./dma-microphone.ts";
import { createDmaSpeaker } from "./dma-speaker.ts";
import { createEspruinoEntropy } from "./entropy.ts";
import { createKeyFlash, createMessageFlash } from "./flash.ts";
import { createEspruinoHeart } from "./heart.ts";
import { createEspruinoNative } from "./native.ts";
import { createEspruinoPaw } from "./paw.ts";
import { createEspruinoPower } from "./power.ts";

/** `createRadio` is absent where there is no link. */
export function createEspruinoHal(board: FirmwareBoard, createRadio: ((onError: (error: unknown) => void) => Radio) | undefined): Hal {
  // An error that reaches this point is a bug. It is told on the console, which in production nobody can read.
  function onError(error: unknown): void {
    print("ERROR " + error);
  }

  const native = createEspruinoNative();
  // One block, shared by capture and playback, which never run at once. Without it every use of audio says ERR_MEMORY.
  const audio = native.allocate(audioMemoryBytes(board)) || { bytes: new Uint8Array(0), address: 0 };
  const bootSeconds = getTime();
  const clock = createEspruinoClock(bootSeconds, onError);
  const paw = createEspruinoPaw(board, bootSeconds, onError);
  const microphone = createDmaMicrophone(board, clock, audio, paw.isPressed);
  const speaker = createDmaSpeaker(board, clock, audio);
  // A DMA that outlived the interpreter's memory would write into whatever comes after it.
  E.on("kill", function () {
    microphone.close();
    speaker.silence();
  });
  return {
    clock: clock,
    paw: paw,
    heart: createEspruinoHeart(board),
    microphone: microphone,
    speaker: speaker,
    flash: createMessageFlash(board),
    keyPage: createKeyFlash(board),
    entropy: createEspruinoEntropy(),
    power: createEspruinoPower(board),
    native: native,
    system: {
      reboot: function () {
        E.reboot();
      },
    },
    radio: createRadio ? createRadio(onError) : undefined,
    selfTest: function () {
      return microphone.selfTest() || speaker.selfTest();
    },
  };
}
