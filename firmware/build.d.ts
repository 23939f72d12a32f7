// What the build puts into the bundle: the board's data without what only people read, and the native kernel.

declare module "pawlock:build" {
  export const board: import("../boards/board.ts").FirmwareBoard;
  export const image: import("./voice/kernel.ts").KernelImage;
}
