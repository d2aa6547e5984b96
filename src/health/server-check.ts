/**
 * The check of one server, over and over: starts it, limits its time (manual, `timeout check`, `timeout connect`),
 * counts its results and sets the date of the next one.
 *
 *   pause ──▶ run ──▶ found or time over ──▶ advance ──▶ effects ──▶ pause
 */
import { monotonicMs } from '../base/clock.ts';
import type { ServerCheck } from '../model/server.ts';
import type { ConnectTarget, Engine } from '../net/connection.ts';
import { Timer } from '../net/timer-wheel.ts';
import { advance, describeHealth, initialHealth, intervalMs } from './advance.ts';
import type { Checker, CheckListener, RunningCheck } from './checker.ts';
import type { CheckedServer, ServerLife } from './server-life.ts';
import { describeResult, outcomeOf, type CheckFinding, type CheckResult } from './status.ts';

export interface CheckSetting {
  readonly server: CheckedServer;
  readonly check: ServerCheck;
  readonly target: ConnectTarget;
  readonly checker: Checker;
  readonly engine: Engine;
  readonly life: ServerLife;
  /** `spread-checks`: the pause, varied. */
  readonly spread: (delayMs: number) => number;
  readonly log: (text: string) => void;
}

const WARM_MS = 1000;
/** A timer takes no zero. */
const AT_ONCE_MS = 1;

export class ServerCheckTask implements CheckListener {
  readonly #setting: CheckSetting;
  readonly #pause = new Timer(() => this.#run());
  readonly #limit = new Timer(() => this.#expired());
  readonly #warmer = new Timer(() => this.#warm());
  #health: number;
  #running: RunningCheck | undefined;
  #startedMs = 0;
  #last: CheckResult | undefined;

  constructor(setting: CheckSetting) {
    this.#setting = setting;
    const { server, check, life } = setting;
    this.#health = initialHealth(server.config.initState, check);
    if (this.#health < check.rise) life.startDown(server);
  }

  start(delayMs: number): void {
    this.#setting.engine.wheel.set(this.#pause, Math.max(AT_ONCE_MS, delayMs));
  }

  stop(): void {
    const { wheel } = this.#setting.engine;
    for (const timer of [this.#pause, this.#limit, this.#warmer]) wheel.remove(timer);
    this.#running?.cancel();
    this.#running = undefined;
  }

  /** Servers in maintenance are not checked. */
  #run(): void {
    const { server, check, engine, target, checker, life } = this.#setting;
    if (life.inMaintenance(server)) return this.#schedule();
    const { timeouts } = server.proxy;
    const both = timeouts.check > 0 && timeouts.connect > 0;
    this.#startedMs = monotonicMs();
    engine.wheel.set(this.#limit, both ? Math.min(check.interMs, timeouts.connect) : check.interMs);
    const running = checker(engine, target, this);
    if (this.#limit.deadline !== 0) this.#running = running;
  }

  onConnected(): void {
    const { server, engine } = this.#setting;
    const timeoutMs = server.proxy.timeouts.check;
    if (timeoutMs > 0) engine.wheel.set(this.#limit, timeoutMs);
  }

  onFound(finding: CheckFinding): void {
    const { engine } = this.#setting;
    engine.wheel.clear(this.#limit);
    this.#running = undefined;
    this.#conclude({ ...finding, durationMs: monotonicMs() - this.#startedMs });
    this.#schedule();
  }

  #expired(): void {
    const running = this.#running;
    if (running !== undefined) this.onFound(running.expire());
  }

  #conclude(result: CheckResult): void {
    const { server, check, life } = this.#setting;
    const outcome = outcomeOf(result.status);
    const next = advance(this.#health, outcome, check);
    this.#health = next.health;
    if (next.changed || result.status !== this.#last?.status) this.#logCheck(result);
    this.#last = result;
    if (next.health === 0) life.goDown(server, result);
    if (outcome === 'failed' || !next.up) return;
    if (outcome === 'conditional') life.goStopping(server, result);
    else life.goUp(server, result);
    this.#warm();
  }

  /** `option log-health-checks` */
  #logCheck(result: CheckResult): void {
    const { server, check, log } = this.#setting;
    if (!server.proxy.options.flags.has('log-health-checks')) return;
    const { backup, weight } = server.config;
    const name = `${backup ? 'backup ' : ''}server ${server.proxy.name}/${server.config.name}`;
    const outcome = outcomeOf(result.status);
    const verdict =
      outcome === 'failed' ? 'failed' : `${outcome === 'conditional' ? 'conditionally ' : ''}succeeded`;
    const health = describeHealth(this.#health, check, weight);
    log(`Health check for ${name} ${verdict}${describeResult(result)}, status: ${health}.`);
  }

  #schedule(): void {
    const { check, engine, spread } = this.#setting;
    const delayMs = spread(intervalMs(this.#health, check, check));
    engine.wheel.set(this.#pause, Math.max(AT_ONCE_MS, delayMs));
  }

  #warm(): void {
    const { server, engine, life } = this.#setting;
    if (life.warm(server)) engine.wheel.set(this.#warmer, WARM_MS);
  }
}
