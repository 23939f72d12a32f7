// Radio port on Espruino's NRF. The table of services, the address and the closed door stand in the boot files, which ran before;
// here nothing may ask for a restart of the radio stack.

import {
  RADIO_ADVERTISING,
  RADIO_BOND,
  RADIO_CONNECTED,
  RADIO_DISCONNECTED,
  RADIO_PASSKEY,
  RADIO_SECURED,
  RADIO_WRITTEN,
  type Radio,
} from "../contract.ts";

/** What the adapter must know of the table of services. */
export interface RadioTable {
  readonly service: string;
  readonly answer: string;
  readonly batteryService: number;
  readonly batteryLevel: number;
  /** The settings that the boot files gave to the stack, to be given again with another `pair`. */
  readonly security: Record<string, number | boolean>;
}

interface SecurityEvent {
  /** A word, or a number where the board's build has no words. */
  readonly auth_status: string | number;
  readonly bonded: boolean;
  readonly lv4: number;
}

export function createEspruinoRadio(table: RadioTable, onError: (error: unknown) => void): Radio {
  // Made once: a notification costs no new object.
  const answer = { value: new Uint8Array(0), notify: true };
  const characteristics: Record<string, typeof answer> = {};
  const answers: Record<string, typeof characteristics> = {};
  characteristics[table.answer] = answer;
  answers[table.service] = characteristics;
  const level = { value: [0] };
  const levels: Record<number, typeof level> = {};
  const batteries: Record<number, typeof levels> = {};
  levels[table.batteryLevel] = level;
  batteries[table.batteryService] = levels;
  const security = table.security;

  return {
    listen: function (onEvent: (kind: number, value: unknown) => void): void {
      function deliver(kind: number, value: unknown): void {
        try {
          onEvent(kind, value);
        } catch (error) {
          onError(error);
        }
      }
      function forward(name: string, kind: number): void {
        NRF.on(name, function (value: unknown) {
          deliver(kind, value);
        });
      }
      forward("connect", RADIO_CONNECTED);
      forward("disconnect", RADIO_DISCONNECTED);
      forward("passkey", RADIO_PASSKEY);
      forward("bond", RADIO_BOND);
      forward("advertising", RADIO_ADVERTISING);
      NRF.on("security", function (event: SecurityEvent) {
        const isDone = event.auth_status === "SUCCESS" || event.auth_status === 0;
        deliver(RADIO_SECURED, isDone && event.bonded && event.lv4 === 1);
      });
      // The boot files' table calls this for each write.
      global.air = function (_id: number, event: { data: ArrayBuffer }) {
        deliver(RADIO_WRITTEN, new Uint8Array(event.data));
      };
    },
    wake: function () {
      NRF.wake();
    },
    sleep: function () {
      NRF.sleep();
    },
    status: function () {
      return NRF.getSecurityStatus();
    },
    identify: function (address: string): string {
      return NRF.resolveAddress(address) || address;
    },
    disconnect: function () {
      NRF.disconnect();
    },
    setPairing: function (isOpen: boolean): void {
      security.pair = isOpen;
      NRF.setSecurity(security);
    },
    notify: function (bytes: Uint8Array): void {
      answer.value = bytes;
      NRF.updateServices(answers);
    },
    setBattery: function (percent: number): void {
      level.value[0] = percent;
      NRF.updateServices(batteries);
    },
    eraseBonds: function () {
      NRF.eraseBonds(true);
    },
  };
}
