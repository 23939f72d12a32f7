// What two sides make of each other's pairing features: the Security Manager's rules, without time or transport.
// Core Specification Vol 3 Part H 2.3.1 (features), 2.3.5.1 (association model), Vol 3 Part C 10.2 (security levels).

export type IoCaps = "DisplayOnly" | "DisplayYesNo" | "KeyboardOnly" | "NoInputNoOutput" | "KeyboardDisplay";

export const IO_CAPS: readonly IoCaps[] = ["DisplayOnly", "DisplayYesNo", "KeyboardOnly", "NoInputNoOutput", "KeyboardDisplay"];

export interface PairingFeatures {
  readonly ioCaps: IoCaps;
  readonly oob: boolean;
  readonly bond: boolean;
  readonly mitm: boolean;
  /** LE Secure Connections. */
  readonly sc: boolean;
  readonly maxKeyBytes: number;
}

export type Association = "JustWorks" | "PasskeyInitiatorEnters" | "PasskeyResponderEnters" | "PasskeyBothEnter" | "NumericComparison" | "Oob";

/** 1 none, 2 encrypted, 3 against a man in the middle, 4 that by Secure Connections with 128 bits. */
export type SecurityLevel = 1 | 2 | 3 | 4;

/** Smallest key that any stack accepts; Espruino cannot ask for more (targets/nrf5x/bluetooth.c get_gap_sec_params). */
export const MIN_KEY_BYTES = 7;
export const MAX_KEY_BYTES = 16;

const canEnter = (caps: IoCaps): boolean => caps === "KeyboardOnly" || caps === "KeyboardDisplay";
const canCompare = (caps: IoCaps): boolean => caps === "DisplayYesNo" || caps === "KeyboardDisplay";
const canShow = (caps: IoCaps): boolean => caps !== "NoInputNoOutput" && caps !== "KeyboardOnly";

/** Vol 3 Part H, table 2.8: the initiator is the phone, the responder the toy. */
export function associationOf(initiator: PairingFeatures, responder: PairingFeatures): Association {
  const isSc = initiator.sc && responder.sc;
  if (isSc ? initiator.oob || responder.oob : initiator.oob && responder.oob) return "Oob";
  if (!initiator.mitm && !responder.mitm) return "JustWorks";
  const [a, b] = [initiator.ioCaps, responder.ioCaps];
  if (isSc && canCompare(a) && canCompare(b)) return "NumericComparison";
  if (canEnter(a) && canShow(b)) return "PasskeyInitiatorEnters";
  if (canEnter(b) && canShow(a)) return "PasskeyResponderEnters";
  if (canEnter(a) && canEnter(b)) return "PasskeyBothEnter";
  return "JustWorks";
}

export const keyBytesOf = (initiator: PairingFeatures, responder: PairingFeatures): number => Math.min(initiator.maxKeyBytes, responder.maxKeyBytes);

/** `checksKeySize` is false where the stack calls any authenticated Secure Connections key level 4 (S132's ble_gap.h). */
export function levelOf(association: Association, isSc: boolean, keyBytes: number, checksKeySize: boolean): SecurityLevel {
  if (association === "JustWorks") return 2;
  return isSc && (keyBytes === MAX_KEY_BYTES || !checksKeySize) ? 4 : 3;
}

/** Espruino's own look at a peer before it lets the stack answer (bluetooth.c jsble_can_pair_with_peer, without the `pair` option). */
export function espruinoAccepts(own: PairingFeatures, peer: PairingFeatures): boolean {
  const isSc = own.sc && peer.sc;
  const isOob = isSc ? own.oob || peer.oob : own.oob && peer.oob;
  if (isOob || !own.mitm) return true;
  switch (peer.ioCaps) {
    case "DisplayOnly":
    case "DisplayYesNo":
      return canEnter(own.ioCaps);
    case "KeyboardOnly":
    case "KeyboardDisplay":
      return own.ioCaps !== "NoInputNoOutput";
    case "NoInputNoOutput":
      return false;
  }
}

/** Reasons of Pairing Failed (Vol 3 Part H 3.5.5) and what Espruino's `security` event calls them. */
export const SMP_REASONS = {
  PASSKEY_ENTRY_FAILED: 0x01,
  OOB_NOT_AVAILABLE: 0x02,
  AUTH_REQ: 0x03,
  CONFIRM_VALUE: 0x04,
  PAIRING_NOT_SUPP: 0x05,
  ENC_KEY_SIZE: 0x06,
  SMP_CMD_UNSUPPORTED: 0x07,
  UNSPECIFIED: 0x08,
  REPEATED_ATTEMPTS: 0x09,
  INVALID_PARAMS: 0x0a,
  DHKEY_FAILURE: 0x0b,
} as const;

/** TIMEOUT is no reason on the air: each side finds it out for itself. */
export type PairingFailure = keyof typeof SMP_REASONS | "TIMEOUT";
