/** `tcp-response content` rules of a session in mode tcp: they see the server's first bytes before the client does. */
import type { Held, RelayGate } from '../../net/relay-side.ts';
import { Timer } from '../../net/timer-wheel.ts';
import type { CompiledRuleset } from '../../rules/ruleset.ts';
import { ACCEPT, CONTINUE, NEED_DATA, YIELD, type Verdict } from '../../rules/verdict.ts';
import { HeldBytes } from '../filters/held-bytes.ts';
import type { BackendRuntime, DataThread, FrontendRuntime } from '../runtime/runtime.ts';
import type { Transaction } from '../transaction.ts';

interface Inspection {
  readonly ruleset: CompiledRuleset;
  readonly delayMs: number;
}

export interface ResponseGateOwner {
  readonly thread: DataThread;
  readonly transaction: Transaction;
  /** The time to look is over: the gate is to be asked again. */
  inspectAgain(): void;
  /** All rules are passed; may be told again. */
  responseAccepted(): void;
  /** A rule refuses what the server says. */
  responseRefused(verdict: Verdict): void;
}

export class ResponseGate implements RelayGate {
  readonly #owner: ResponseGateOwner;
  readonly timer: Timer;
  /** Still to pass: the backend's, then the frontend's. */
  readonly #left: Inspection[];
  #delayOver = false;
  /** A script does. */
  #waits = false;
  #bytes: HeldBytes | undefined;

  private constructor(owner: ResponseGateOwner, inspections: Inspection[]) {
    this.#owner = owner;
    this.#left = inspections;
    this.timer = new Timer(() => {
      this.#delayOver = true;
      owner.inspectAgain();
    });
  }

  /** Undefined: there are no such rules. */
  static for(
    owner: ResponseGateOwner,
    backend: BackendRuntime,
    frontend: FrontendRuntime,
  ): ResponseGate | undefined {
    const proxies = backend.config === frontend.config ? [backend] : [backend, frontend];
    const inspections = proxies.flatMap(({ rules, config }) =>
      rules.tcpResponseContent.empty
        ? []
        : [{ ruleset: rules.tcpResponseContent, delayMs: config.inspectDelayMs.response }],
    );
    return inspections.length === 0 ? undefined : new ResponseGate(owner, inspections);
  }

  look(held: Held, ended: boolean): boolean {
    for (let next = this.#left[0]; next !== undefined; next = this.#left[0]) {
      const verdict = this.#run(next, held, ended);
      if (verdict === NEED_DATA || verdict === YIELD) return this.#wait(next.delayMs);
      if (verdict !== CONTINUE && verdict !== ACCEPT) {
        this.stop();
        this.#owner.responseRefused(verdict);
        return false;
      }
      this.#left.shift();
    }
    this.stop();
    this.#owner.responseAccepted();
    return true;
  }

  #run({ ruleset, delayMs }: Inspection, held: Held, ended: boolean): Verdict {
    const { transaction } = this.#owner;
    const bytes = (this.#bytes ??= this.#open(held));
    this.#show(held.bytes, bytes.output);
    transaction.final = ended || this.#delayOver || delayMs === 0 || bytes.room === 0;
    transaction.waitOver = this.#delayOver;
    // it is asked below anyway
    transaction.wakeUp = () => undefined;
    transaction.bytesCame?.();
    const verdict = this.#waits ? ruleset.resume(transaction) : ruleset.run(transaction);
    this.#waits = verdict === YIELD;
    if (this.#waits) transaction.wakeUp = () => this.#owner.inspectAgain();
    transaction.final = true;
    return verdict;
  }

  #open(held: Held): HeldBytes {
    const { transaction, thread } = this.#owner;
    const memory = {
      read: () => held.bytes,
      write: (bytes: Buffer) => {
        held.bytes = bytes;
        this.#show(bytes, this.#bytes?.output ?? 0);
      },
      get mayReceive() {
        return !transaction.final;
      },
    };
    return (transaction.responseChannel = new HeldBytes(memory, thread.buffers.size));
  }

  #show(buffer: Buffer, output: number): void {
    this.#owner.transaction.responsePayload = { buffer, offset: output, length: buffer.length - output };
  }

  #wait(delayMs: number): false {
    if (this.timer.deadline === 0) this.#owner.thread.wheel.set(this.timer, delayMs);
    return false;
  }

  stop(): void {
    this.#owner.thread.wheel.remove(this.timer);
  }
}
