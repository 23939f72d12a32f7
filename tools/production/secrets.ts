// Finds what must never be in a repository or in anything that is handed on: keys and tokens, by their shape.

const SHAPES: readonly (readonly [what: string, shape: RegExp])[] = [
  ["a signing key of ours", /"secretKey"\s*:\s*"[A-Za-z0-9+/]{86}==/],
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16}/],
  ["a cloud access key", /\b(AKIA|ASIA)[0-9A-Z]{16}\b/],
  ["an access token", /\b(ghp|gho|ghs|ghu|github_pat|npm|glpat|xox[abp])[_-][A-Za-z0-9_-]{20,}/],
  ["a password in an address", /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@'"`$]+:[^\s/:@'"`$]{3,}@/],
];

/** What of that kind the bytes hold; never the secret itself. */
export function secretsIn(bytes: Uint8Array): string[] {
  const text = Buffer.from(bytes).toString("latin1");
  return SHAPES.filter(([, shape]) => shape.test(text)).map(([what]) => what);
}
