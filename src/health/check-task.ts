/**
 * The check of one server (or its agent), over and over: starts it, limits its time (manual, `timeout check`,
 * `timeout connect`), hands what it found to the judge and sets the date of the next one.
 *
 *   pause ──▶ run ──▶ found or time over ──▶ judge ──▶ pause
 */
import type { CheckKind } from '../state/check-reports.ts';
import { SRV_STOPPED } from '../state/server-words.ts';
import { intervalMs, type CheckIntervals } from './advance.ts';
import type { Checker, CheckListener, RunningCheck } from './checker.ts';
import { policyOf, type CheckJudge } from './check-judge.ts';
import type { CheckWatcher } from './check-watcher.ts';
import type { CheckSlots, WaitingCheck } from './check-slots.ts';
import type { LifeServer } from './life-server.ts';
import { Scheduled, type Scheduler } from './scheduler.ts';
import type { ServerLife } from './server-life.ts';
import { reportOf, type CheckFinding } from './status.ts';

interface CheckSetting {
  readonly server: LifeServer;
  readonly kind: CheckKind;
  readonly intervals: CheckIntervals;
  readonly checker: Checker;
  readonly life: ServerLife;
  readonly judge: CheckJudge;
  readonly scheduler: Scheduler;
  /** `spread-checks`: the pause, varied. */
  readonly spread: (delayMs: number) => number;
  /** Undefined: any number of checks runs at a time. */
  readonly slots: CheckSlots | undefined;
  readonly watcher: CheckWatcher | undefined;
}

/** After a check that took longer than the interval. */
const LEAST_PAUSE_MS = 1;

export class CheckTask implements CheckListener, WaitingCheck {
  readonly #setting: CheckSetting;
  /** While a check runs, the end of its time; the next one else. */
  readonly #date = new Scheduled(() => this.#due());
  #running: RunningCheck | undefined;
  #starting = false;
  #hasSlot = false;
  #hurried = false;
  #startedMs = 0;
  /** When it was to start: what the next one counts from. */
  #plannedMs = 0;

  constructor(setting: CheckSetting) {
    this.#setting = setting;
  }

  get setting(): CheckSetting {
    return this.#setting;
  }

  start(delayMs: number): void {
    const { scheduler } = this.#setting;
    this.#plannedMs = scheduler.now() + delayMs;
    scheduler.after(delayMs, this.#date);
  }

  stop(): void {
    const { scheduler, slots } = this.#setting;
    scheduler.cancel(this.#date);
    this.#running?.cancel();
    this.#running = undefined;
    this.#starting = false;
    this.#mark(false);
    slots?.leave(this);
    this.#giveSlot();
  }

  /** `observe` met its error limit: the next check comes after `fastinter`, if that is earlier. */
  hurry(): void {
    const { intervals, scheduler, slots } = this.#setting;
    this.#hurried = true;
    if (intervals.fastinterMs === undefined || this.#running !== undefined) return;
    if (slots?.isWaiting(this) === true) return;
    const delayMs = this.intervalMs;
    if (scheduler.now() + delayMs < scheduler.dueMs(this.#date)) this.start(delayMs);
  }

  /** Neither disabled nor paused: servers in maintenance are not checked. */
  #mayRun(): boolean {
    const { server, kind, life } = this.#setting;
    return life.effects.servers.checks.active(server.row, kind);
  }

  #run(): void {
    const { intervals, slots } = this.#setting;
    if (!this.#mayRun()) return this.start(intervals.interMs);
    if (slots?.take(this) === false) return;
    this.#hasSlot = slots !== undefined;
    this.#begin();
  }

  roomAgain(): void {
    this.#hasSlot = true;
    if (this.#mayRun()) return this.#begin();
    this.#giveSlot();
    this.start(this.#setting.intervals.interMs);
  }

  #giveSlot(): void {
    if (!this.#hasSlot) return;
    this.#hasSlot = false;
    this.#setting.slots?.give();
  }

  #begin(): void {
    const { scheduler, checker, server, kind, watcher } = this.#setting;
    watcher?.begins(server, kind);
    this.#startedMs = scheduler.now();
    this.#mark(true);
    this.#starting = true;
    this.onConnecting();
    const running = checker(this);
    if (this.#starting) this.#running = running;
    this.#starting = false;
  }

  #mark(inProgress: boolean): void {
    const { server, kind, life } = this.#setting;
    life.effects.servers.publishCheck(server.row, kind, { inProgress });
  }

  /** Up to `inter`; `timeout connect` cuts that only where `timeout check` says how long the rest may take. */
  onConnecting(): void {
    const { server, intervals, scheduler } = this.#setting;
    const { timeouts } = server.proxy;
    const both = timeouts.check > 0 && timeouts.connect > 0;
    const limitMs = both ? Math.min(intervals.interMs, timeouts.connect) : intervals.interMs;
    scheduler.after(limitMs, this.#date);
  }

  onConnected(): void {
    const { server, scheduler, kind, watcher } = this.#setting;
    watcher?.connected(server, kind);
    const timeoutMs = server.proxy.timeouts.check;
    if (timeoutMs > 0) scheduler.after(timeoutMs, this.#date);
  }

  onFound(finding: CheckFinding): void {
    const { server, kind, judge, scheduler, watcher } = this.#setting;
    if (!this.#starting && this.#running === undefined) return;
    this.#starting = false;
    this.#running = undefined;
    const report = reportOf(finding, scheduler.now() - this.#startedMs);
    watcher?.found(server, kind, report);
    if (this.#mayRun()) {
      judge.note(server, kind, report);
      judge.act(server, kind);
    } else this.#mark(false);
    this.#startAfter(Math.max(LEAST_PAUSE_MS, this.#setting.spread(this.intervalMs)));
    this.#hurried = false;
    this.#giveSlot();
  }

  /**
   * From beginning to beginning, so that slow checks of a server that hangs do not put off its discovery; and from
   * when it was to begin, so that checks that were late together do not stay together.
   */
  #startAfter(intervalMs: number): void {
    const missed = Math.floor((this.#startedMs - this.#plannedMs) / intervalMs);
    const nextMs = this.#plannedMs + (missed + 1) * intervalMs;
    this.start(Math.max(LEAST_PAUSE_MS, nextMs - this.#setting.scheduler.now()));
  }

  #due(): void {
    const running = this.#running;
    if (running === undefined) this.#run();
    else this.onFound(running.expire());
  }

  /** To the next check, as the server stands: `fastinter` counts until it is surely up. */
  get intervalMs(): number {
    const { server, kind, intervals, life } = this.#setting;
    const health = life.effects.servers.checks.health(server.row, kind);
    const stopped = life.state(server) === SRV_STOPPED;
    return intervalMs(health, policyOf(server, kind), intervals, this.#hurried, stopped);
  }
}
