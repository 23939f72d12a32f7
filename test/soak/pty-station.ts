// A station as `pawlock line` runs it, in a process of its own that is killed: real image, real serial ports. Only which ports there
// are comes from the parent, as no USB bus is at hand. Arguments: ledger, image, public key.

import { openPort } from "../../tools/flash/serial-port.ts";
import { verifyImage } from "../../tools/production/image-verify.ts";
import { Ledger } from "../../tools/production/ledger.ts";
import { readPublicKey } from "../../tools/production/signing.ts";
import { Station } from "../../tools/production/station.ts";
import { UsbBoard } from "../../tools/production/usb-board.ts";
import { parseLimits } from "../../tools/production/limits.ts";

export interface Plugged {
  readonly path: string;
  readonly usbId: string;
}

const [ledger, folder, key] = process.argv.slice(2) as [string, string, string];
const image = verifyImage(folder, { key: readPublicKey(key) });
let plugged: readonly Plugged[] = [];
process.on("message", (now: readonly Plugged[]) => (plugged = now));
process.send!({ said: "ready", port: "station" });

await new Station({
  ledger: new Ledger(ledger),
  image,
  limits: parseLimits('{"flash": {"is": true}, "kernel": {"is": true}, "microphone": {"is": true}, "battery-mv": {"atLeast": 3500, "atMost": 4300, "unit": "mV"}}', "limits"),
  now: () => Date.now(),
  say: (port, said) => void process.send!({ said, port }),
  chips: new Set(),
  name: "north",
  ports: { list: async () => plugged.map(({ path, usbId }) => new UsbBoard({ path, usbId, open: () => openPort(path, 115200) }, image.board, { pollMs: 20, attentionMs: 500 })) },
}).run(new AbortController().signal);
