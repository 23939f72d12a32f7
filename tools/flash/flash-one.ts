// `pawlock flash` for one board: from its port to a toy that runs what was built.

import type { Board } from "../../boards/board.ts";
import { boards, findBoard } from "../../boards/index.ts";
import { UserError } from "../errors.ts";
import type { Port } from "./serial-layer.ts";
import { checkIdentity, readIdentity, type Identity } from "./board-state.ts";
import { LOCKDOWN_FILE, type Installation, type Plan } from "./install.ts";
import { runSelfTest, type Operator } from "./self-test.ts";
import { Session } from "./session.ts";
import { failures, judge, type Verdict } from "./verdict.ts";

export interface FlashOptions {
  readonly open: () => Promise<Port>;
  /** Named by the user; otherwise the board says which it is. */
  readonly board: Board | undefined;
  /** What its port may be, for the speed of its console. */
  readonly candidates: readonly Board[];
  readonly installation: (board: Board) => Promise<Installation>;
  readonly isErasing: boolean;
  readonly isForced: boolean;
  /** Never sealed. */
  readonly isDev: boolean;
  readonly hasSelfTest: boolean;
  readonly operator?: Operator;
  /** Before anything is lost, or closed for good. */
  readonly agree: (question: string) => Promise<boolean>;
  readonly report: (step: string, share?: number) => void;
  /** What the self-test found, also when it fails. */
  readonly tell: (verdicts: readonly Verdict[]) => void;
  readonly pollMs?: number;
  readonly attentionMs?: number;
}

export interface Flashed {
  readonly board: string;
  readonly identity: Identity;
  readonly plan: Plan;
  readonly isSealed: boolean;
  readonly verdicts: readonly Verdict[];
}

export const SELF_TEST_REMEDY = "Look at the wiring of what fails (boards/README.md), then run `pawlock selftest`; a paw that failed was not held in time.";

export async function flashBoard(options: FlashOptions): Promise<Flashed> {
  const { open, report, pollMs, attentionMs } = options;
  const patience = { ...(pollMs === undefined ? {} : { pollMs }), ...(attentionMs === undefined ? {} : { attentionMs }) };
  let session = new Session({ open, board: options.board ?? options.candidates[0] ?? boards[0]!, report, ...patience });
  await session.connect();
  try {
    const identity = await readIdentity(session.console);
    report(`found ${identity.board}, Espruino ${identity.version}${identity.serial ? `, chip ${identity.serial}` : ""}`);
    const board = options.board ?? findBoard(identity.board);
    if (!board) throw new UserError(`this is ${identity.board || "no board that answers its name"}: there is no firmware for it`, "Boards are listed in boards/README.md.");
    if (!options.isForced) checkIdentity(identity, board);
    session = session.for(board);
    const installation = await options.installation(board);
    const { state, plan } = await session.plan(installation, options.isErasing);
    if (plan.kind === "first" && plan.loses && !(await options.agree(`${plan.why}: a first installation erases all messages, phones and settings on the toy. Go on?`))) {
      throw new UserError("nothing was written: messages, phones and settings would be lost", "Fetch the messages first, then add --yes.");
    }
    if (plan.kind === "update" && board.flashMap.slots.length === 1) report("this board has one slot: if it is cut off now, it has no firmware until this is run again");
    await session.install(installation, plan, state);
    const verdicts = options.hasSelfTest ? await selfTest(session, board, options) : [];
    const isSealing = !options.isDev && board.role === "product";
    if (isSealing) await seal(session, installation, options);
    return { board: board.id, identity, plan, isSealed: isSealing, verdicts };
  } finally {
    await session.close();
  }
}

async function selfTest(session: Session, board: Board, { operator, report, tell, pollMs }: FlashOptions): Promise<Verdict[]> {
  report("self-test");
  const measured = await runSelfTest({ console: session.console, board, ...(operator ? { operator } : {}), ...(pollMs === undefined ? {} : { pollMs }) });
  const verdicts = judge(board, measured);
  tell(verdicts);
  const failed = failures(verdicts);
  if (failed.length > 0) throw new UserError(`the self-test fails: ${failed.join(", ")}`, SELF_TEST_REMEDY);
  return verdicts;
}

async function seal(session: Session, { bootFiles }: Installation, { agree, report }: FlashOptions): Promise<void> {
  if (!bootFiles.some(({ name }) => name === LOCKDOWN_FILE)) throw new UserError("there is no lock-down text for this board, so it is not sealed", "Flash it with --dev.");
  if (!(await agree("seal the toy? After that its console is closed for good; only a bridged service pad, which destroys the key to all messages, opens it again"))) {
    report("not sealed");
    throw new UserError("the toy runs, and its console is still open", "Run the command again and agree, add --yes, or keep it open on purpose with --dev.");
  }
  await session.seal();
}
