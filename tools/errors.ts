// The one error that a user of the tools may cause: a line of what happened and a line of what to do.

export class UserError extends Error {
  constructor(
    readonly what: string,
    readonly remedy: string,
  ) {
    super(`${what}\n  ${remedy}`);
    this.name = "UserError";
  }
}
