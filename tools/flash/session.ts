// One board on one port, from found to done: identity, plan, writing, reboot, hello, self-test, seal. Reports each step.

import type { Board, Pin } from "../../boards/board.ts";
import { slotRuns } from "../../boards/flash-map.ts";
import { MANIFEST_WORDS, SEAL_AT } from "../../firmware/boot/manifest.ts";
import { UserError } from "../errors.ts";
import { checkFree, readBytes, readState, slotState, type BoardState } from "./board-state.ts";
import { BoardConsole, LineClosed, NoAnswer } from "./console.ts";
import { installFirst, makePlan, update, type Installation, type Plan } from "./install.ts";
import { createLine, type Port } from "./serial-layer.ts";
import { FlashWriter } from "./writer.ts";

export interface SessionOptions {
  /** Opens the port, again after each reboot. */
  readonly open: () => Promise<Port>;
  readonly board: Board;
  /** Tells what happens; `share` of the whole writing, 0 to 1, where it is known. */
  readonly report: (step: string, share?: number) => void;
  /** Between two questions to a board that is not ready, in milliseconds. */
  readonly pollMs?: number;
  /** A board that answers at all does so within three times this. */
  readonly attentionMs?: number;
}

/** A board that reboots, and firmware that starts, are asked again after POLL_MS, so many times: 20 s to come back, 15 s to say hello, 30 s to confirm, a minute for the hand at the bridge. */
const POLL_MS = 250;
const COME_BACK_POLLS = 80;
const HELLO_POLLS = 60;
const CONFIRM_POLLS = 120;
const BRIDGE_POLLS = 240;
const MOST_SILENCES = 4;

export class Session {
  #console: BoardConsole | undefined;

  constructor(private readonly options: SessionOptions) {}

  get console(): BoardConsole {
    if (!this.#console) throw new Error("not connected");
    return this.#console;
  }

  /** Opens the port and waits for a prompt; a board that answers nothing is explained. */
  async connect(): Promise<void> {
    const { board } = this.options;
    this.#console = new BoardConsole(createLine(await this.options.open(), board.console === "USB" ? 512 : 64));
    if (await this.#console.attention(this.options.attentionMs)) return;
    await this.close();
    throw new NoAnswer(silence(board));
  }

  async close(): Promise<void> {
    await this.#console?.close();
    this.#console = undefined;
  }

  /** The same line, now that it is known whose it is. */
  for(board: Board): Session {
    const session = new Session({ ...this.options, board });
    session.#console = this.#console;
    return session;
  }

  async plan(installation: Installation, isErasing: boolean): Promise<{ readonly state: BoardState; readonly plan: Plan }> {
    const state = await readState(this.console, this.options.board);
    return { state, plan: makePlan(installation, state, isErasing) };
  }

  /** Writes, reboots, and waits for the new application's hello. */
  async install(installation: Installation, plan: Plan, { isInService, running }: BoardState): Promise<void> {
    const { board, report } = this.options;
    await checkFree(this.console, board);
    const total = installation.application.text.length + installation.application.prompts.length + (plan.kind === "first" ? installation.bootFiles.reduce((sum, { data }) => sum + data.length, 0) : 0);
    let written = 0;
    report(plan.kind === "first" ? `first installation: ${plan.why}` : `update into slot ${plan.slot === 0 ? "A" : "B"}`);
    if (isInService && board.servicePad) await this.#takeOffBridge(board.servicePad);
    if (running !== undefined && (plan.kind === "first" || board.flashMap.slots.length === 1)) await this.#stopApplication();
    const writer = new FlashWriter(this.console, board.chip.pageBytes, (bytes) => report("writing", Math.min(1, (written += bytes) / total)));
    await writer.prepare();
    if (plan.kind === "first") await installFirst(installation, this.console, writer);
    else await update(installation, plan, writer);
    await this.reboot();
    await this.hello(plan.kind === "first" ? 0 : plan.slot);
    if (plan.kind === "update" && plan.isOnTrial) await this.#confirmed(plan.slot);
  }

  /** An application whose slot is erased under it, or that still keeps its messages, would do harm: without a manifest none is started. */
  async #stopApplication(): Promise<void> {
    const { board } = this.options;
    const writer = new FlashWriter(this.console, board.chip.pageBytes, () => undefined);
    await writer.prepare();
    for (const { base } of slotRuns(board)) await writer.word(base, 0);
    await this.reboot();
  }

  /** Bridged still, the pad would open the next service session. The one that runs lasts until the reboot. */
  async #takeOffBridge({ espruino }: Pin): Promise<void> {
    this.options.report(`in service: take the bridge off pad ${espruino}, and leave the cable where it is`);
    for (let poll = 1; (await this.console.evaluate(`digitalRead(new Pin("${espruino}"))`)) !== 1; poll++) {
      if (poll === BRIDGE_POLLS) throw new UserError(`pad ${espruino} is still bridged to ground`, "Take the bridge off and run the command again.");
      await this.#pause();
    }
  }

  /** The board boots again, and the port with it where it is the board's own. */
  async reboot(): Promise<void> {
    this.options.report("rebooting");
    await this.console.evaluate("(global.pawlockOld=1)");
    // Asked again after the reboot, because the answer was lost, it does nothing: one more boot would end a slot's trial.
    await this.console.evaluate("(global.pawlockOld===1?(global.pawlockOld=2,setTimeout(function(){E.reboot()},100)):0,1)").catch(ignoreClosed);
    let silences = 0;
    for (let poll = 1; ; poll++) {
      await this.close();
      await this.#pause();
      try {
        await this.connect();
        // Until it has gone down it still answers.
        if ((await this.console.evaluate('typeof pawlockOld=="number"?1:0')) === 0) return;
        if (poll === COME_BACK_POLLS) throw new UserError("the board does not reboot", "Unplug it, plug it in and run the command again.");
      } catch (error) {
        if (!(error instanceof UserError) || poll === COME_BACK_POLLS) throw error;
        // A port that is not there may come; a board that is there may still be booting, but not for long.
        if (error instanceof NoAnswer && ++silences === MOST_SILENCES) throw error;
      }
    }
  }

  /** Waits until the firmware says which board it is for, from the slot where it should run. */
  async hello(slot: number): Promise<void> {
    const { board, report } = this.options;
    const found = (await this.#poll("typeof pawlock==\"object\"?pawlock.hello():null")) as { board?: unknown; state?: unknown } | undefined;
    const running = await this.console.evaluate('typeof pawlockSlot=="number"?pawlockSlot:-1');
    if (!found) {
      const why = running === -1 ? "no whole application was found" : "the firmware does not say hello";
      throw new UserError(why, "Run `pawlock flash` again. If it stays so, look at `pawlock monitor` while the board boots.");
    }
    if (found.board !== board.id) throw new UserError(`the firmware on it is for ${JSON.stringify(found.board)}`, "Run `pawlock flash` again, with --board.");
    if (running !== slot) throw new UserError("the board went back to the firmware that it had", "The new one throws or restarts while it boots: look at `pawlock monitor`.");
    report("hello");
  }

  async #confirmed(slot: number): Promise<void> {
    const { base } = slotRuns(this.options.board)[slot]!;
    this.options.report("waiting until the new firmware confirms itself");
    for (let poll = 1; !slotState(await readBytes(this.console, base, MANIFEST_WORDS * 4)).isConfirmed; poll++) {
      if (poll === CONFIRM_POLLS) throw new UserError("the new firmware does not confirm itself; at the next boot the old one runs again", "Its audio path fails: run `pawlock selftest`.");
      await this.#pause();
    }
  }

  /** The last step: no console from the next boot on. */
  async seal(): Promise<void> {
    const { board, report } = this.options;
    const writer = new FlashWriter(this.console, board.chip.pageBytes, () => undefined);
    await writer.prepare();
    await writer.word(board.storage.base + SEAL_AT, 0);
    report("sealed");
    try {
      await this.reboot();
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      report("no prompt answers any more");
      return;
    }
    throw new UserError("the board is sealed and its console still answers", "Its boot files do not close it: do not give it away. Flash it again with --erase.");
  }

  /** A value that is not null, within the time. */
  async #poll(expression: string): Promise<unknown> {
    for (let poll = 1; poll <= HELLO_POLLS; poll++) {
      const value = await this.console.evaluate(expression);
      if (value !== null) return value;
      await this.#pause();
    }
    return undefined;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.options.pollMs ?? POLL_MS));
  }
}

/** A board that reboots may take its port with it before its answer was read. */
function ignoreClosed(error: unknown): void {
  if (!(error instanceof LineClosed)) throw error;
}

/** A board without a prompt: locked on purpose, or something else. */
function silence(board: Board): string {
  const pad = board.servicePad ? `a sealed ${board.title} answers only in service: bridge pad ${board.servicePad.espruino} to ground, press reset; the heart then shows a pattern of its own, and the key to what is stored is gone` : "this board is never sealed";
  return `no prompt answers. If it is a toy that was sealed, that is as it should be (${pad})`;
}
