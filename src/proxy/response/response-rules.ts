/**
 * The rulesets a server's response passes: the backend's first, then the frontend's if that is another proxy; and the
 * ways it can wait in them: for time (`pause`), for its body (`wait-for-body`).
 *
 *   backend: content ▶ http-response ─▶ frontend: content ▶ http-response
 */
import { Timer } from '../../net/timer-wheel.ts';
import type { CompiledRuleset } from '../../rules/ruleset.ts';
import type { ProxyRules } from '../../rules/proxy-rules.ts';
import {
  ACCEPT,
  CLOSE,
  CONTINUE,
  INTERNAL_ERROR,
  REJECT,
  SCRIPT_DONE,
  SCRIPT_FAILED,
  SILENT_DROP,
  YIELD,
  type Verdict,
} from '../../rules/verdict.ts';
import type { DataThread, FrontendRuntime } from '../runtime/runtime.ts';
import type { ServerHalf } from '../server/server-half.ts';
import type { Transaction } from '../transaction.ts';

const BACKEND_CONTENT = 0;
const BACKEND_RULES = 1;
const FRONTEND_CONTENT = 2;
const FRONTEND_RULES = 3;

/** What the rules tell their stream, and ask of it. */
export interface ResponseRulesOwner {
  readonly thread: DataThread;
  readonly transaction: Transaction;
  readonly frontend: FrontendRuntime;
  readonly server: ServerHalf;
  /** Every ruleset is passed. */
  responseAllowed(): void;
  /** A rule has decided otherwise; content rules by REJECT, CLOSE, SILENT_DROP or SCRIPT_DONE. */
  responseDecided(verdict: Verdict): void;
}

export class ResponseRules {
  readonly #stream: ResponseRulesOwner;
  /** Made when a rule first waits. */
  timer: Timer | undefined;
  #stage = BACKEND_CONTENT;
  #waits = false;

  constructor(stream: ResponseRulesOwner) {
    this.#stream = stream;
  }

  start(): void {
    this.#run(BACKEND_CONTENT);
  }

  /** The stream is over, or answers itself: whatever is waited for. */
  stop(): void {
    this.#waits = false;
    if (this.timer !== undefined) this.#stream.thread.wheel.remove(this.timer);
  }

  #run(from: number): void {
    const { transaction } = this.#stream;
    for (let stage = from; stage <= FRONTEND_RULES; stage++) {
      const ruleset = this.#ruleset(stage);
      if (ruleset === undefined || ruleset.empty) continue;
      this.#stage = stage;
      if (!this.#passed(ruleset.run(transaction))) return;
    }
    this.#stream.responseAllowed();
  }

  #ruleset(stage: number): CompiledRuleset | undefined {
    const { frontend, transaction } = this.#stream;
    const backend = transaction.backendRuntime;
    if (stage >= FRONTEND_CONTENT) return rulesetOf(frontend.rules, stage === FRONTEND_CONTENT);
    if (backend === undefined || backend.config === frontend.config) return undefined;
    return rulesetOf(backend.rules, stage === BACKEND_CONTENT);
  }

  /** True: go on with the next ruleset. */
  #passed(verdict: Verdict): boolean {
    if (verdict === CONTINUE || verdict === ACCEPT) return true;
    const isContent = this.#stage !== BACKEND_RULES && this.#stage !== FRONTEND_RULES;
    if (verdict === YIELD) this.#wait();
    else if (isContent) this.#refuseContent(verdict);
    else this.#stream.responseDecided(verdict);
    return false;
  }

  /** As what was no response yet: it is told without a status and without bytes, and is none of the server's. */
  #refuseContent(verdict: Verdict): void {
    const { transaction } = this.#stream;
    transaction.counts.noResponse(transaction.serverStatus);
    transaction.status = 0;
    transaction.bytes.fromServer = 0;
    transaction.timers.responseHeadAt = -1;
    const isNamed = verdict === CLOSE || verdict === SILENT_DROP || verdict === SCRIPT_DONE;
    this.#stream.responseDecided(isNamed ? verdict : REJECT);
  }

  #wait(): void {
    const { transaction, thread } = this.#stream;
    transaction.waitOver = false;
    transaction.wakeUp = () => {
      if (transaction.waitFor === 'script') this.#resume(false);
    };
    this.#waits = true;
    const ms = transaction.waitMs === 0 ? transaction.timeout('server') : transaction.waitMs;
    thread.wheel.set((this.timer ??= new Timer(() => this.#resume(true))), ms);
    this.#stream.server.hold(true);
    if (transaction.waitFor === 'response body') this.#lookAtBody();
  }

  #lookAtBody(): void {
    const { transaction } = this.#stream;
    const seen = transaction.responseBody;
    const enough = transaction.waitBytes > 0 ? transaction.waitBytes : Infinity;
    const wanted = Math.min(enough, transaction.bodyRoom);
    if (seen === undefined || seen.complete || seen.length >= wanted) this.#resume(false);
    else this.#stream.server.receive();
  }

  /** Bytes or the end of the response have come while it was held. */
  bytesArrived(): void {
    if (this.#waits && this.#stream.transaction.waitFor === 'response body') this.#lookAtBody();
  }

  #resume(waitOver: boolean): void {
    const { transaction, thread } = this.#stream;
    if (!this.#waits) return;
    this.#waits = false;
    if (this.timer !== undefined) thread.wheel.clear(this.timer);
    this.#stream.server.hold(false);
    transaction.waitOver = waitOver;
    const ruleset = this.#ruleset(this.#stage) as CompiledRuleset;
    if (this.#passed(ruleset.resume(transaction))) this.#run(this.#stage + 1);
  }
}

function rulesetOf(rules: ProxyRules, isContent: boolean): CompiledRuleset {
  return isContent ? rules.tcpResponseContent : rules.httpResponse;
}

/** `http-after-response`: for every answer, whoever made it. False: a rewrite failed. */
export function runAfterResponse(transaction: Transaction, frontend: FrontendRuntime): boolean {
  transaction.responseBegins();
  const backend = transaction.backendRuntime;
  const isOther = backend !== undefined && backend.config !== frontend.config;
  if (isOther && hasFailed(backend.rules.httpAfterResponse.run(transaction))) return false;
  return !hasFailed(frontend.rules.httpAfterResponse.run(transaction));
}

function hasFailed(verdict: Verdict): boolean {
  return verdict === INTERNAL_ERROR || verdict === SCRIPT_FAILED;
}
