/**
 * The program's end of the VRRP process (vrrp-process.ts). Made while the program still has the rights of its start: a
 * shell that keeps them starts the process, and another one when it dies, on the same channel.
 *
 *   program (may give up its rights) ── channel ── process          worker/virtual-addresses.ts calls this;
 *                                        sh (waits) ──┘             whoever outlives reloads owns the service.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { resolve as absolute } from 'node:path';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { VrrpSnapshot } from '../../model/vrrp-snapshot.ts';
import type { DumpKind } from '../dump.ts';
import type { Log } from '../log.ts';
import type { VrrpEvent } from '../reporter.ts';
import type { BalancerReport, FromVrrp, ToVrrp } from './messages.ts';

interface VrrpServiceOptions {
  readonly files: readonly string[];
  readonly configId: string | undefined;
  readonly log: Log;
  readonly onEvent?: (event: VrrpEvent) => void;
  /** What a session of BFD says of its neighbour. */
  readonly onNeighbour?: (name: string, isUp: boolean) => void;
  /** The files have been read, at the start or again; `refused`: they could not be used. */
  readonly onConfigured?: (refused: boolean) => void;
  /** A reload_time_file says that it is time. */
  readonly onReloadDue?: () => void;
  /** The files were read again. */
  readonly onReload: (diagnostics: readonly Diagnostic[]) => void;
  /** Whether somebody follows the balancer. */
  readonly onFollows: (follows: boolean) => void;
  /** It was stopped from outside (SIGTERM to the process), and stays so. */
  readonly onStopped?: () => void;
  readonly stopLimitMs?: number;
}

const PROGRAM = new URL('./vrrp-process.js', import.meta.url);
/** Ends with the process when that ends well. */
const KEEPER = 'while :; do "$0" "$@" && exit 0; sleep 1; done';
/**
 * The thread that has the realtime policy must not wait for threads that have not. V8's collector waits for its helpers,
 * which a flood of packets keeps off the processor: for as long as the flood lasts, no advert was sent.
 */
const NO_HELPING_THREADS = '--single-threaded';
/** The longest hand-over is one advert interval, 40.95 s in version 3. */
const STOP_LIMIT_MS = 45_000;
const SNAPSHOT_LIMIT_MS = 2000;
const EMPTY: VrrpSnapshot = {
  instances: [],
  groups: [],
  scripts: [],
  processes: [],
  unknownRouterIds: 0,
  brokenPackets: 0,
  droppedPackets: 0,
};

export class VrrpService {
  readonly #options: VrrpServiceOptions;
  readonly #child: ChildProcess;
  #phase: 'prepared' | 'running' | 'stopping' | 'stopped' = 'prepared';
  #report: BalancerReport | undefined;
  #hellos = 0;
  /** A process has been told to start. */
  #begun = false;
  #nextQuestion = 1;
  readonly #questions = new Map<number, (snapshot: VrrpSnapshot | undefined) => void>();
  #handingOver: ((held: boolean) => void)[] = [];
  #ending: (() => void)[] = [];

  constructor(options: VrrpServiceOptions) {
    this.#options = { ...options, files: options.files.map(path => absolute(path)) };
    // a session of its own: a signal for the terminal's group is for the program, which stops this process in its turn
    this.#child = fork(PROGRAM, [], {
      execPath: '/bin/sh',
      execArgv: ['-c', KEEPER, process.execPath, NO_HELPING_THREADS],
      serialization: 'advanced',
      detached: true,
    });
    this.#child.on('message', message => this.#heard(message as FromVrrp));
    this.#child.once('error', error => options.log('error', `the VRRP process: ${error.message}`));
    this.#child.once('disconnect', () => this.#gone());
  }

  /** Instances start now. `report`: missing where there is no balancer to follow. */
  begin(report: BalancerReport | undefined): void {
    if (this.#phase !== 'prepared') return;
    this.#phase = 'running';
    this.#report = report;
    if (this.#hellos > 0) this.#start();
  }

  /** Reads the files again: instances that stay keep their state; new ones start, removed ones stop. */
  reload(): void {
    this.#tell({ kind: 'reload' });
  }

  /** The balancer has changed. */
  report(report: BalancerReport): void {
    this.#report = report;
    this.#tell({ kind: 'report', report });
  }

  /** The balancer works; where it says so once, it has to go on saying it. */
  pulse(): void {
    if (this.#phase === 'running') this.#tell({ kind: 'pulse' });
  }

  /** Gives the addresses away, and resolves when none is held any more: true, if there were any. */
  handOver(reason: string): Promise<boolean> {
    if (this.#phase !== 'running' || !this.#tell({ kind: 'hand-over', reason }))
      return Promise.resolve(false);
    return new Promise(resolve => this.#handingOver.push(resolve));
  }

  /** After a hand-over: takes part again. */
  resume(): void {
    this.#tell({ kind: 'resume' });
  }

  /** Hands over, takes everything out of the kernel, and resolves when that is done. */
  stop(): Promise<void> {
    if (this.#phase === 'stopped') return Promise.resolve();
    if (this.#phase !== 'stopping') {
      this.#phase = 'stopping';
      this.#tell({ kind: 'stop' });
      const { stopLimitMs = STOP_LIMIT_MS } = this.#options;
      setTimeout(() => this.#giveUp(stopLimitMs), stopLimitMs).unref();
    }
    return new Promise(resolve => this.#ending.push(resolve));
  }

  /** Behind `stop`, when everything else has ended: resolves when the process has, too. */
  finish(): Promise<void> {
    return new Promise(resolve => {
      this.#child.once('disconnect', () => resolve());
      if (!this.#tell({ kind: 'finish' })) resolve();
    });
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
    const { files, configId } = this.#options;
    this.#tell({ kind: 'start', files, configId, report: this.#report, isFirst: !this.#begun });
    this.#begun = true;
  }

  #heard(message: FromVrrp): void {
    switch (message.kind) {
      case 'hello':
        this.#greeted(message.pid);
        return;
      case 'configured':
        this.#configured(message);
        return;
      case 'log':
        this.#options.log(message.level, message.message);
        return;
      case 'event':
        this.#options.onEvent?.(message.event);
        return;
      case 'reload due':
        this.#options.onReloadDue?.();
        return;
      case 'neighbour':
        this.#options.onNeighbour?.(message.name, message.isUp);
        return;
      case 'snapshot':
        this.#answer(message.id, message.snapshot);
        return;
      case 'handed-over':
        this.#handedOver(message.held);
        return;
      case 'stopped':
        this.#gone();
    }
  }

  /** What the one before was asked is lost. */
  #greeted(pid: number): void {
    const { log } = this.#options;
    const isFirst = this.#hellos++ === 0;
    if (!isFirst) log('error', 'vrrp: the process died, another one takes its place');
    log('notice', `vrrp: started as process ${pid}`);
    this.#forgetQuestions();
    if (this.#phase === 'running') this.#start();
    else if (this.#phase === 'stopping') this.#tell({ kind: 'stop' });
    else if (this.#phase === 'stopped') this.#tell({ kind: 'finish' });
  }

  #configured({ again, refused, diagnostics, follows }: FromVrrp & { readonly kind: 'configured' }): void {
    const { onReload, onFollows, onConfigured, log } = this.#options;
    if (again) onReload(diagnostics);
    if (refused) log('error', 'vrrp: the configuration cannot be used, the old one stays');
    else {
      if (again) log('notice', 'vrrp: configuration reloaded');
      onFollows(follows);
    }
    onConfigured?.(refused);
  }

  #tell(message: ToVrrp): boolean {
    if (!this.#child.connected) return false;
    this.#child.send(message, undefined, undefined, () => undefined);
    return true;
  }

  #answer(id: number, snapshot: VrrpSnapshot | undefined): void {
    this.#questions.get(id)?.(snapshot);
    this.#questions.delete(id);
  }

  #forgetQuestions(): void {
    for (const id of this.#questions.keys()) this.#answer(id, undefined);
    this.#handedOver(false);
  }

  #handedOver(held: boolean): void {
    const waiting = this.#handingOver;
    this.#handingOver = [];
    for (const resume of waiting) resume(held);
  }

  /** It hangs. What it has left in the kernel goes at the next start. */
  #giveUp(afterMs: number): void {
    if (this.#phase === 'stopped') return;
    const { log } = this.#options;
    log('error', `vrrp: the process has not ended within ${afterMs / 1000} s, and is killed`);
    try {
      // its keeper, too
      process.kill(-(this.#child.pid as number), 'SIGKILL');
    } catch (error) {
      log('error', `vrrp: it cannot be killed: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.#gone();
  }

  /** The process is done, or out of reach. */
  #gone(): void {
    if (this.#phase === 'stopped') return;
    const asked = this.#phase === 'stopping';
    this.#phase = 'stopped';
    this.#forgetQuestions();
    const waiting = this.#ending;
    this.#ending = [];
    for (const resume of waiting) resume();
    if (asked) return;
    this.#options.log('error', 'vrrp: the process has ended');
    this.#options.onStopped?.();
  }
}
