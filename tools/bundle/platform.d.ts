// Types of the table in platform.js, which is plain JavaScript so that eslint.config.js can read it.

type Reasons = Readonly<Record<string, string>>;

export const MAX_OUTER_NAMES: number;
export const MAX_NATIVE_ARGUMENTS: number;
export const NATIVE_TYPES: readonly string[];
export const allowedGlobals: readonly string[];
export const refusedGlobals: Reasons;
export const allowedMembers: Readonly<Record<string, readonly string[]>>;
export const callableGlobals: readonly string[];
export const refusedMembers: Readonly<Record<string, Reasons>>;
export const modules: Readonly<Record<string, readonly string[]>>;
export const storageWriters: readonly string[];
export const evaluators: readonly string[];
export const refusedMethods: Reasons;
export const refusedIterators: readonly string[];
export const closedPrototypes: readonly string[];
export const errorClasses: readonly string[];
export const clearers: readonly string[];
export const constructs: readonly (readonly [rule: string, selector: string, remedy: string])[];
