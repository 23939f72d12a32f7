// All ports of one board on Espruino's globals. Audio memory is taken first, while memory is whole.

import type { FirmwareBoard, PageRun } from "../../boards/board.ts";
import { OK, type Flash, type Hal, type Radio } from "../contract.ts";
import { createEspruinoClock } from "./clock.ts";
import { createAudioMemory } from "./dma-memory.ts";
import { createDmaMicrophone } from "./dma-microphone.ts";
import { createDmaSpeaker } from "./dma-speaker.ts";
import { espruinoEntropy } from "./entropy.ts";
import { createEspruinoFlash } from "./flash.ts";
import { createEspruinoHeart } from "./heart.ts";
import { createEspruinoNative } from "./native.ts";
import { createEspruinoPaw } from "./paw.ts";
import { createEspruinoPower } from "./power.ts";

/** Messages lie in flash or in RAM: `createMessageFlash` knows which. `createRadio` is absent where there is no link. */
export function createEspruinoHal(
  board: FirmwareBoard,
  createMessageFlash: (run: PageRun) => Flash,
  createRadio: ((onError: (error: unknown) => void) => Radio) | undefined,
): Hal {
  // An error that reaches this point is a bug. It is told on the console, which in production nobody can read.
  function onError(error: unknown): void {
    print("ERROR " + error);
  }

  const native = createEspruinoNative();
  // One block, shared by capture and playback, which never run at once. Without it every use of audio says ERR_MEMORY.
  const audio = createAudioMemory(board, native);
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
    flash: createMessageFlash(board.messages),
    keyPage: board.keyPage === undefined ? undefined : createEspruinoFlash({ base: board.keyPage, pages: 1 }),
    entropy: espruinoEntropy,
    power: createEspruinoPower(board),
    native: native,
    scratch: audio.code === OK ? audio : undefined,
    system: { reboot: E.reboot },
    radio: createRadio ? createRadio(onError) : undefined,
    selfTest: function () {
      return microphone.selfTest() || speaker.selfTest();
    },
  };
}
