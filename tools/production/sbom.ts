// CycloneDX bill of materials of an image: what is inside it, and what it was built with (scope "excluded"). Follows from the
// lock file and the image alone, so it is the same wherever it is built.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import type { Part } from "./manifest.ts";

const SPEC = "1.6";
/** Licences here that the SPDX list has under these names; others are given as they stand. */
const SPDX = ["MIT", "ISC", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "PSF-2.0", "MPL-2.0"];

export interface LockedPackage {
  /** Folder below the project. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  readonly license: string;
  /** Installed only where platform and processor fit. */
  readonly isOptional: boolean;
  readonly hasInstallScript: boolean;
}

export interface Subject {
  readonly board: string;
  readonly firmware: string;
  readonly buildId: string;
  readonly commit: string;
  readonly espruino: { readonly version: string; readonly sha256: string };
  readonly parts: readonly Part[];
}

interface LockEntry {
  readonly version?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly link?: boolean;
}

/** What comes from a registry; folders of this repository are no packages. */
export function lockedPackages(root: string): LockedPackage[] {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as { packages: Record<string, LockEntry> };
  return Object.entries(packages)
    .filter(([path, { link }]) => path.includes("node_modules/") && !link)
    .map(([path, { version, integrity, license = "", optional = false, hasInstallScript = false }]) => {
      const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
      if (version === undefined || integrity === undefined) throw new UserError(`package-lock.json has no version or checksum of ${name}`, "Make the lock file again with `npm install --ignore-scripts`.");
      return { path, name, version, integrity, license, isOptional: optional, hasInstallScript };
    });
}

/** Packages whose installed version is not the locked one. */
export function strayPackages(root: string): string[] {
  return lockedPackages(root).flatMap(({ path, name, version, isOptional }) => {
    let installed: string | undefined;
    try {
      installed = (JSON.parse(readFileSync(join(root, path, "package.json"), "utf8")) as { version: string }).version;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      if (isOptional) return [];
    }
    return installed === version ? [] : [`${name} ${installed ?? "missing"}, locked ${version}`];
  });
}

export function sbomText(subject: Subject, packages: readonly LockedPackage[]): string {
  const { board, firmware, buildId, commit, espruino, parts } = subject;
  const main = { type: "firmware", "bom-ref": `pawlock@${firmware}`, name: "pawlock", version: firmware, licenses: [licence("Apache-2.0")] };
  const bom = {
    bomFormat: "CycloneDX",
    specVersion: SPEC,
    version: 1,
    metadata: {
      component: main,
      properties: [
        { name: "pawlock:board", value: board },
        { name: "pawlock:buildId", value: buildId },
        { name: "pawlock:commit", value: commit },
      ],
    },
    components: [
      {
        type: "firmware",
        "bom-ref": `espruino@${espruino.version}`,
        name: "espruino",
        version: espruino.version,
        scope: "required",
        hashes: [{ alg: "SHA-256", content: espruino.sha256 }],
        licenses: [licence("MPL-2.0")],
      },
      ...parts.map(({ name, sha256 }) => ({
        type: "file",
        "bom-ref": `part:${name}`,
        name,
        version: firmware,
        scope: "required",
        hashes: [{ alg: "SHA-256", content: sha256 }],
      })),
      ...packages.map(component),
    ],
    dependencies: [{ ref: main["bom-ref"], dependsOn: [`espruino@${espruino.version}`, ...parts.map(({ name }) => `part:${name}`)] }],
  };
  return `${JSON.stringify(bom, null, 2)}\n`;
}

function component({ path, name, version, integrity, license }: LockedPackage): object {
  const [algorithm, digest] = integrity.split("-", 2) as [string, string];
  return {
    type: "library",
    "bom-ref": path,
    name,
    version,
    scope: "excluded",
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    hashes: [{ alg: algorithm.replace("sha", "SHA-"), content: Buffer.from(digest, "base64").toString("hex") }],
    ...(license === "" ? {} : { licenses: [licence(license)] }),
  };
}

const licence = (name: string): object => ({ license: SPDX.includes(name) ? { id: name } : { name } });
