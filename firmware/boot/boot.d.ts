// What the build puts into the boot files.

/** What the lock-down text of the boot files knows of its board. */
declare module "pawlock:boot" {
  export const boot: {
    /** Address of Storage, and of the seal word within it. */
    readonly storage: number;
    readonly sealOffset: number;
    readonly keyPage: number;
    readonly console: "USB" | "Serial1";
    /** Name of the pin that is bridged to ground for service; empty where the board has none. */
    readonly servicePad: string;
    /** Name of the pin of the light that says so. */
    readonly light: string;
    readonly isLinked: boolean;
    readonly hasPrivacy: boolean;
  };
}
