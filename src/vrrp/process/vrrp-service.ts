/**
 * The program's end of the VRRP process (vrrp-process.ts): starts it, starts it again when it dies, and asks things of
 * it. Called by worker/virtual-addresses.ts; whoever outlives reloads owns the service.
 */
import { fork, type ChildProcess } from 'node:child_process';
import type { KeepalivedConfig } from '../../model/keepalived.ts';
import type { VrrpSnapshot } from '../../model/vrrp-snapshot.ts';
import type { DumpKind } from '../dump.ts';
import type { Log } from '../log.ts';
import type { VrrpEvent } from '../reporter.ts';
import type { BalancerReport, FromVrrp, ToVrrp } from './messages.ts';

export interface VrrpServiceOptions {
  readonly config: KeepalivedConfig;
  readonly log: Log;
  /** Missing: there is no balancer to follow. */
  readonly report?: BalancerReport;
  readonly onEvent?: (event: VrrpEvent) => void;
  /** Somebody sent SIGHUP to the process. */
  readonly onReloadWanted?: () => void;
  /** It was stopped from outside (SIGTERM to the process), and stays so. */
  readonly onStopped?: () => void;
}

const PROGRAM = new URL('./vrrp-process.js', import.meta.url);
/** A process that dies again and again is not started more often than that. */
const RESTART_MS = 1000;
/** The longest hand-over is one advert interval, 40.95 s in version 3. */
const STOP_LIMIT_MS = 45_000;
const SNAPSHOT_LIMIT_MS = 2000;
const EMPTY: VrrpSnapshot = { instances: [], groups: [], unknownRouterIds: 0, brokenPackets: 0 };

export class VrrpService {
  readonly #options: VrrpServiceOptions;
  #config: KeepalivedConfig;
  #report: BalancerReport | undefined;
  #child: ChildProcess | undefined;
  #phase: 'running' | 'stopping' | 'stopped' = 'running';
  #startedAt = 0;
  #restart: NodeJS.Timeout | undefined;
  #nextQuestion = 1;
  readonly #questions = new Map<number, (snapshot: VrrpSnapshot | undefined) => void>();
  #handingOver: ((held: boolean) => void)[] = [];
  #ending: (() => void)[] = [];

  constructor(options: VrrpServiceOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#report = options.report;
    this.#start();
  }

  /** 0 while there is none. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Instances that stay keep their state; new ones start, removed ones stop. */
  reload(config: KeepalivedConfig): void {
    this.#config = config;
    this.#tell({ kind: 'reload', config });
  }

  /** The balancer has changed. */
  report(report: BalancerReport): void {
    this.#report = report;
    this.#tell({ kind: 'report', report });
  }

  /** Gives the addresses away, and resolves when none is held any more: true, if there were any. */
  handOver(reason: string): Promise<boolean> {
    if (this.#child === undefined) return Promise.resolve(false);
    this.#tell({ kind: 'hand-over', reason });
    return new Promise(resolve => this.#handingOver.push(resolve));
  }

  /** After a hand-over: takes part again. */
  resume(): void {
    this.#tell({ kind: 'resume' });
  }

  /** Hands over, takes everything out of the kernel, and resolves when the process is done. */
  stop(): Promise<void> {
    clearTimeout(this.#restart);
    if (this.#phase === 'stopped' || this.#child === undefined) return Promise.resolve();
    if (this.#phase === 'running') {
      this.#phase = 'stopping';
      this.#tell({ kind: 'stop' });
      setTimeout(() => this.#child?.kill('SIGKILL'), STOP_LIMIT_MS).unref();
    }
    return new Promise(resolve => this.#ending.push(resolve));
  }

  /** An empty one where the process does not answer. */
  async snapshot(): Promise<VrrpSnapshot> {
    const id = this.#nextQuestion++;
    const answer = new Promise<VrrpSnapshot | undefined>(resolve => {
      this.#questions.set(id, resolve);
      setTimeout(() => this.#answer(id, undefined), SNAPSHOT_LIMIT_MS).unref();
    });
    if (!this.#tell({ kind: 'snapshot', id })) this.#answer(id, undefined);
    return (await answer) ?? EMPTY;
  }

  /** keepalived's SIGUSR1 and SIGUSR2, and its JSON. */
  dump(what: DumpKind): void {
    this.#tell({ kind: 'dump', what });
  }

  #start(): void {
    // a session of its own: a signal for the terminal's group is for the program, which stops this process in its turn
    const child = fork(PROGRAM, [], { serialization: 'advanced', execArgv: [], detached: true });
    this.#child = child;
    this.#startedAt = performance.now();
    child.on('message', message => this.#heard(message as FromVrrp));
    child.once('error', error => this.#options.log('error', `the VRRP process: ${error.message}`));
    child.once('exit', (code, signal) => this.#exited(child, signal ?? `code ${code}`));
    this.#tell({
      kind: 'start',
      config: this.#config,
      ...(this.#report === undefined ? {} : { report: this.#report }),
    });
  }

  #heard(message: FromVrrp): void {
    switch (message.kind) {
      case 'log':
        this.#options.log(message.level, message.message);
        return;
      case 'event':
        this.#options.onEvent?.(message.event);
        return;
      case 'snapshot':
        this.#answer(message.id, message.snapshot);
        return;
      case 'handed-over':
        this.#handedOver(message.held);
        return;
      case 'reload-wanted':
        this.#options.onReloadWanted?.();
        return;
      case 'stopped':
        this.#stopped();
        return;
      case 'started':
        this.#options.log('notice', `vrrp: started as process ${this.pid}`);
    }
  }

  #tell(message: ToVrrp): boolean {
    if (this.#child?.connected !== true) return false;
    return this.#child.send(message, undefined, undefined, () => undefined);
  }

  #answer(id: number, snapshot: VrrpSnapshot | undefined): void {
    this.#questions.get(id)?.(snapshot);
    this.#questions.delete(id);
  }

  #handedOver(held: boolean): void {
    const waiting = this.#handingOver;
    this.#handingOver = [];
    for (const resume of waiting) resume(held);
  }

  #stopped(): void {
    const asked = this.#phase === 'stopping';
    this.#phase = 'stopped';
    this.#handedOver(false);
    const waiting = this.#ending;
    this.#ending = [];
    for (const resume of waiting) resume();
    if (!asked) this.#options.onStopped?.();
  }

  #exited(child: ChildProcess, how: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    for (const id of this.#questions.keys()) this.#answer(id, undefined);
    if (this.#phase !== 'running') {
      this.#stopped();
      return;
    }
    this.#handedOver(false);
    this.#options.log('error', `the VRRP process died (${how}): starting another one`);
    const waitMs = Math.max(0, RESTART_MS - (performance.now() - this.#startedAt));
    this.#restart = setTimeout(() => this.#start(), waitMs);
  }
}
