// What the build puts into the bundle: the board's data without what only people read, and the native kernel.

declare module "pawlock:build" {
  export const board: import("../boards/board.ts").FirmwareBoard;
  /** Whether messages are kept in RAM, for want of flash. A constant of the build, so that the other store is left out. */
  export const isInRam: boolean;
  /** Whether the board has the link: a build without it holds none of its code. */
  export const isLinked: boolean;
  export const image: import("./voice/kernel.ts").KernelImage;
}
