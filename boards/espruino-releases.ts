// Releases of Espruino that the firmware was checked against, by board. A checksum stands here only when somebody has compared it
// with a file that Espruino's makers published; where it is missing, whoever builds an image must state it, and answers for it.

export interface EspruinoRelease {
  /** As `process.env.VERSION` prints it. */
  readonly version: string;
  readonly boards: readonly string[];
  /** SHA-256 of the release file, by board. None was at hand when this list was written. */
  readonly sha256: Readonly<Record<string, string>>;
}

export const espruinoReleases: readonly EspruinoRelease[] = [{ version: "2v29", boards: ["XIAOBLE", "NRF52840DK", "MICROBIT2"], sha256: {} }];
