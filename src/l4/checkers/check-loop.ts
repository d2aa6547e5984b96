/**
 * One checker of one real server over time: when it tries, how often again after a failure, and when the server counts as
 * failed or good for it. keepalived's rhythm: `delay_loop`, and for a server that was good `retry` more tries
 * `delay_before_retry` apart.
 */
import type { Checker } from '../../model/virtual-server.ts';
import {
  bad,
  type Check,
  type CheckJudge,
  type CheckResult,
  type Findings,
  type RunningCheck,
} from './check.ts';

interface CheckLoopPorts extends CheckJudge {
  readonly after: (delayMs: number, callback: () => void) => () => void;
  readonly random: () => number;
  readonly check: Check;
  /** A failure that changes nothing yet, or nothing any more; `isFirst`: nobody had looked before. */
  readonly onFailure: (reason: string, triesLeft: number, isFirst: boolean) => void;
}

export class CheckLoop implements RunningCheck {
  readonly checker: Checker;
  good: boolean;
  /** A server that is good only because nobody has looked yet is not tried again: one failure is enough. */
  hasRun: boolean;
  failures: number;
  readonly #ports: CheckLoopPorts;
  #cancel: () => void = () => undefined;
  #running: AbortController | undefined;
  #stopped = false;
  #suspended = false;

  constructor(checker: Checker, ports: CheckLoopPorts, { good, hasRun, failures }: Findings) {
    this.checker = checker;
    this.#ports = ports;
    this.good = good;
    this.hasRun = hasRun;
    this.failures = failures;
  }

  /** The first one at any time within `warmup`, so that not all come at once. */
  start(): void {
    this.#next(this.checker.warmupMs * this.#ports.random());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
    this.#running?.abort();
  }

  /** `ha_suspend`: what it thinks of the server stays. */
  suspend(suspended: boolean): void {
    this.#suspended = suspended;
  }

  #next(delayMs: number): void {
    this.#cancel = this.#ports.after(delayMs, () => void this.#try());
  }

  async #try(): Promise<void> {
    if (this.#suspended) return this.#next(this.checker.delayLoopMs);
    const controller = new AbortController();
    this.#running = controller;
    const { misc, http, connectTimeoutMs } = this.checker;
    // for each url as much as for one
    const limitMs = misc?.timeoutMs ?? connectTimeoutMs * Math.max(1, http?.urls.length ?? 1);
    const cancel = this.#ports.after(limitMs, () => controller.abort());
    const result = await this.#ports
      .check(this.checker, controller.signal)
      .catch((error: unknown) => bad(String(error)));
    cancel();
    this.#running = undefined;
    if (this.#stopped) return;
    // a check that was under way does not count any more
    if (this.#suspended) this.#next(this.checker.delayLoopMs);
    else this.#judge(result);
  }

  #judge(result: CheckResult): void {
    const { retry, delayLoopMs, delayBeforeRetryMs } = this.checker;
    if (result.ok) {
      const isNews = !this.good;
      this.good = true;
      this.hasRun = true;
      this.failures = 0;
      this.#next(delayLoopMs);
      this.#ports.onGood(result, isNews);
      return;
    }
    const again = this.good && this.hasRun && this.failures < retry;
    const isFirst = !this.hasRun;
    this.hasRun = true;
    this.#next(again ? delayBeforeRetryMs : delayLoopMs);
    if (again || !this.good) {
      this.#ports.onFailure(result.reason, Math.max(0, retry - this.failures), isFirst);
      if (again) this.failures++;
      return;
    }
    this.good = false;
    this.#ports.onFailed(result.reason);
  }
}
