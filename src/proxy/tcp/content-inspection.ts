/**
 * `tcp-request content` in mode tcp: rules look at the first bytes of a client until they decide, for as long as
 * `tcp-request inspect-delay` lets them (manual, section 4.2). The frontend's first, then those of the backend.
 *
 *   start ─▶ rules ─ decided ─▶ inspectionEnds
 *              ▲ │ more bytes wanted, or a rule waits for something else
 *              └─┘ bytes, the client's end, the delay's end, an answer
 *
 * Without `inspect-delay` they see what comes together with the connection.
 *
 * `timeout client` runs meanwhile, from the last byte on, and goes on behind it for a client that has said nothing yet.
 */
import type { Proxy } from '../../model/proxy.ts';
import { TICK_MS, Timer } from '../../net/timer-wheel.ts';
import type { CompiledRuleset } from '../../rules/ruleset.ts';
import { HeldBytes } from '../filters/held-bytes.ts';
import { NEED_DATA, YIELD, type Verdict } from '../../rules/verdict.ts';
import type { Inbox } from '../client/inbox.ts';
import type { DataThread } from '../runtime/runtime.ts';
import type { Transaction } from '../transaction.ts';

/** Whose bytes are looked at. */
export interface InspectionOwner {
  readonly thread: DataThread;
  readonly transaction: Transaction;
  readonly inbox: Inbox;
  /** The client says no more. */
  readonly clientEnded: boolean;
  wantBytes(): void;
  /** The client has said nothing for as long as `timeout client`. */
  clientStalled(): void;
  inspectionEnds(verdict: Verdict): void;
}

export class ContentInspection {
  readonly #owner: InspectionOwner;
  readonly timer: Timer;
  readonly clientTimer: Timer;
  #ruleset: CompiledRuleset | undefined;
  #delayMs = 0;
  #isDelayOver = false;
  /** Nothing was looked at yet. */
  #looksFirst = false;
  /** A rule waits for something other than bytes. */
  #yielded = false;
  readonly #bytes: HeldBytes;

  constructor(owner: InspectionOwner) {
    this.#owner = owner;
    this.timer = new Timer(() => this.#delayEnds());
    this.clientTimer = new Timer(() => owner.clientStalled());
    this.#expectBytes();
    const { inbox, transaction, thread } = owner;
    const memory = {
      read: () => inbox.buffer.subarray(inbox.start, inbox.end),
      write: (bytes: Buffer) => {
        inbox.replace(bytes);
        this.#show();
      },
      get mayReceive() {
        return !transaction.final;
      },
    };
    this.#bytes = new HeldBytes(memory, thread.buffers.size);
    transaction.requestChannel = this.#bytes;
    transaction.pendingName.onAnswer = () => this.#run();
  }

  /** Rules have not decided yet. */
  get isOn(): boolean {
    return this.#ruleset !== undefined;
  }

  /** `looks`: the choice of a backend asks what the client says, even where no rule does. */
  start(ruleset: CompiledRuleset, proxy: Proxy, looks: boolean): void {
    this.#ruleset = ruleset;
    this.#delayMs = proxy.inspectDelayMs.request;
    this.#isDelayOver = false;
    const { inbox, clientEnded } = this.#owner;
    if ((looks || ruleset.readsRequest) && inbox.length === 0 && !clientEnded) this.#lookFirst();
    else this.#run();
  }

  /** HAProxy sees what has come together with the connection. Here it is read first, or a moment is waited for it. */
  #lookFirst(): void {
    this.#looksFirst = true;
    this.#owner.thread.wheel.set(this.timer, TICK_MS);
    this.#owner.wantBytes();
  }

  #run(): void {
    const ruleset = this.#ruleset;
    if (ruleset === undefined) return;
    const { transaction, thread, inbox } = this.#owner;
    if (this.#looksFirst) thread.wheel.clear(this.timer);
    this.#looksFirst = false;
    this.#look();
    const verdict = this.#yielded ? ruleset.resume(transaction) : ruleset.run(transaction);
    this.#yielded = verdict === YIELD;
    transaction.final = true;
    if (verdict === YIELD) return this.#pause();
    if (verdict === NEED_DATA) return this.#wantMore();
    this.#ruleset = undefined;
    thread.wheel.clear(this.timer);
    // what is sent on is a sign of life
    if (inbox.length > 0) thread.wheel.clear(this.clientTimer);
    this.#owner.inspectionEnds(verdict);
  }

  #look(): void {
    const { transaction, clientEnded } = this.#owner;
    this.#show();
    transaction.final = this.#bytes.room === 0 || clientEnded || this.#isDelayOver || this.#delayMs === 0;
  }

  /** To samples: what a script has said to go on is none of their business. */
  #show(): void {
    const { inbox, transaction } = this.#owner;
    const { output } = this.#bytes;
    const length = inbox.length - output;
    transaction.requestPayload = { buffer: inbox.buffer, offset: inbox.start + output, length };
  }

  #expectBytes(): void {
    const { thread, transaction } = this.#owner;
    thread.wheel.set(this.clientTimer, transaction.timeout('client'));
  }

  #wantMore(): void {
    this.#limit();
    this.#owner.wantBytes();
  }

  /** A rule waits: for a name, or as long as `inspect-delay` lets a script run. */
  #pause(): void {
    const { transaction } = this.#owner;
    if (transaction.waitFor !== 'script') return;
    transaction.wakeUp = () => {
      if (this.#yielded) this.#run();
    };
    this.#limit();
    if (transaction.bytesCame !== undefined) this.#owner.wantBytes();
  }

  #limit(): void {
    if (this.timer.deadline === 0) this.#owner.thread.wheel.set(this.timer, this.#delayMs);
  }

  #delayEnds(): void {
    if (this.#looksFirst) return this.#run();
    this.#isDelayOver = true;
    const { transaction } = this.#owner;
    if (this.#yielded && transaction.waitFor === 'script') {
      if (this.#tellScript()) return;
      transaction.waitOver = true;
      transaction.wakeUp();
    } else this.again();
  }

  received(): void {
    if (this.isOn) this.#expectBytes();
    this.again();
  }

  /** More has come. Not while a rule waits for a name: then its answer goes on. */
  again(): void {
    if (!this.#yielded) this.#run();
    else if (!this.#tellScript() && this.#owner.transaction.bytesCame !== undefined) this.#owner.wantBytes();
  }

  /** A script may wait for bytes, or for their end; true: it has what it wants, and goes on by itself. */
  #tellScript(): boolean {
    const { transaction } = this.#owner;
    if (transaction.bytesCame === undefined) return false;
    this.#look();
    const goesOn = transaction.bytesCame();
    transaction.final = true;
    return goesOn;
  }

  stop(): void {
    this.#ruleset = undefined;
    const { wheel } = this.#owner.thread;
    wheel.remove(this.timer);
    wheel.remove(this.clientTimer);
  }
}
