/**
 * The master process (-W, -Ws, `master-worker`): binds the listening sockets, runs a worker process, and on a reload
 * starts the next generation beside it. The old one goes on serving until the new one does, then finishes what it
 * has. A configuration that cannot be used changes nothing.
 *
 *   start ─▶ worker 1 serves ─ reload ─▶ worker 2 starts ─ serves ─▶ worker 1: soft stop ─▶ ends
 */
import { constants } from 'node:os';
import type { ConfigFile } from '../config-parser/file-reader.ts';
import type { Config } from '../model/config.ts';
import type { VrrpSnapshot } from '../model/vrrp-snapshot.ts';
import { bindAdminSockets } from '../worker/admin-socket.ts';
import type { Notice } from '../model/notice.ts';
import { bindPeers } from '../worker/peers/peer-sockets.ts';
import { bindListeners, type OpenListening } from '../worker/listening/bind-listeners.ts';
import { hasListener } from '../worker/start/configured-files.ts';
import type { ToMaster } from '../worker/generation.ts';
import type { BalancerReport } from '../vrrp/process/messages.ts';
import { threadCount } from '../worker/threads/thread-count.ts';
import { nextTicketKeys } from '../net/tls/ticket-keys.ts';
import { ListeningSockets } from './listening-sockets.ts';
import type { SystemdNotify } from './systemd-notify.ts';
import { WorkerProcess } from './worker-process.ts';

export interface MasterConfiguration {
  readonly config: Config;
  /** What its files said: workers are to understand the same. */
  readonly texts: readonly ConfigFile[];
}

interface MasterOptions {
  /** What the workers are started with. */
  readonly argv: readonly string[];
  /** As the master was started: `setenv` of one configuration does not reach the next. */
  readonly environment: NodeJS.ProcessEnv;
  /** Opens a socket that no generation before has had. */
  readonly openNew: OpenListening;
  /** Reads the configuration and reports what is wrong with it. */
  readonly load: () => Promise<MasterConfiguration | undefined>;
  readonly notice: Notice;
  readonly systemd: SystemdNotify;
  /** One begins. */
  readonly onReload: () => void;
  /** The first worker serves. */
  readonly onServing: (config: Config) => void;
  /** How the balancer is, for virtual addresses that follow it. */
  readonly onReport: (report: BalancerReport) => void;
  /** The worker that serves works; told again and again. */
  readonly onWorks: () => void;
  readonly onStopped: (exitCode: number) => void;
}

const RESTART_MS = 1000;
/** As shells tell of SIGINT. */
const INTERRUPTED = 130;

export class Master {
  readonly #options: MasterOptions;
  readonly #sockets: ListeningSockets;
  readonly #workers = new Set<WorkerProcess>();
  #current: WorkerProcess | undefined;
  #starting: WorkerProcess | undefined;
  #config: Config | undefined;
  #generation = 0;
  /** Tickets of the workers before are opened by the next, and it seals with a key of its own. */
  #ticketKeys: readonly Uint8Array[] = [];
  #reloading = false;
  #reloadAgain = false;
  /** The worker before ends at once. */
  #hard = false;
  #reloads = 0;
  #failedReloads = 0;
  /** Whoever waits for the end of the reload under way. */
  #waiting: ((success: boolean) => void)[] = [];
  #stopping = false;
  #exitCode = 0;

  constructor(options: MasterOptions) {
    this.#options = options;
    this.#sockets = new ListeningSockets(options.openNew);
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** Loads, binds and starts the first worker. False: it cannot; everything was reported. */
  async start(): Promise<boolean> {
    return this.#startGeneration();
  }

  /** SIGUSR2, SIGHUP. One that comes during another, or during the start, is done after it. */
  async reload(): Promise<void> {
    if (this.#stopping) return;
    if (this.#reloading || this.#config === undefined) {
      this.#reloadAgain = true;
      return;
    }
    this.#reloading = true;
    this.#reloads++;
    this.#options.onReload();
    this.#options.notice('notice', 'Reloading HAProxy configuration');
    this.#options.systemd.tell('reloading');
    if (!(await this.#startGeneration())) this.#reloadOver('the configuration cannot be used');
  }

  /** Asked for by somebody who waits for the outcome. Undefined: another one is under way. */
  reloadNow(hard: boolean): Promise<boolean> | undefined {
    if (this.#reloading || this.#config === undefined || this.#stopping) return undefined;
    this.#hard = hard;
    const outcome = new Promise<boolean>(resolve => this.#waiting.push(resolve));
    void this.reload();
    return outcome;
  }

  get reloads(): { readonly all: number; readonly failed: number } {
    return { all: this.#reloads, failed: this.#failedReloads };
  }

  get currentWorker(): WorkerProcess | undefined {
    return this.#current;
  }

  /** Those that finish what they have; the latest first. */
  get oldWorkers(): readonly WorkerProcess[] {
    const old = [...this.#workers].filter(worker => worker !== this.#current && worker !== this.#starting);
    return old.sort((a, b) => a.reloads - b.reloads);
  }

  async #startGeneration(): Promise<boolean> {
    const { load, notice } = this.#options;
    const loaded = await load();
    if (loaded === undefined || this.#stopping) return false;
    const { config, texts } = loaded;
    if (this.#config !== undefined && hasListener(this.#config) && !hasListener(config))
      notice('warning', "No enabled listener is left (check for 'bind' directives): nobody will be served.");
    this.#sockets.begin();
    const { open } = this.#sockets;
    const bound =
      bindListeners(config, threadCount(config, notice), notice, open) !== undefined &&
      bindAdminSockets(config, notice, open) !== undefined &&
      bindPeers(config, notice, open) !== undefined;
    if (bound) this.#spawn(config, texts);
    else this.#sockets.rollback();
    return bound;
  }

  #spawn(config: Config, texts: readonly ConfigFile[]): void {
    const { argv, environment } = this.#options;
    const ticketKeys = (this.#ticketKeys = nextTicketKeys(this.#ticketKeys));
    const sockets = this.#sockets.list();
    const worker = new WorkerProcess(
      { generation: ++this.#generation, argv, environment, sockets, texts, ticketKeys },
      {
        onMessage: message => this.#heard(worker, message, config),
        onExit: (code, signal) => this.#exited(worker, code, signal),
      },
    );
    this.#starting = worker;
    this.#workers.add(worker);
    this.#options.notice('notice', `New worker (${worker.pid}) forked`);
  }

  #heard(worker: WorkerProcess, message: ToMaster, config: Config): void {
    if (message === 'started') return this.#serves(worker, config);
    if (message === 'works') {
      if (worker === this.#current) this.#options.onWorks();
      return;
    }
    worker.report = message.report;
    if (worker === this.#current) this.#options.onReport(message.report);
  }

  #serves(worker: WorkerProcess, config: Config): void {
    const first = this.#config === undefined;
    this.#starting = undefined;
    this.#current = worker;
    this.#config = config;
    for (const trouble of this.#sockets.commit()) this.#options.notice('alert', trouble);
    this.#options.notice('notice', 'Loading success.');
    if (first) this.#options.onServing(config);
    if (worker.report !== undefined) this.#options.onReport(worker.report);
    this.#options.systemd.tell('ready');
    this.#retireOthers(worker, config);
    this.#reloadOver(undefined);
    if (this.#stopping) worker.kill('SIGTERM');
  }

  /** `mworker-max-reloads`: who has seen more of them does not finish, it ends. */
  #retireOthers(current: WorkerProcess, { global }: Config): void {
    const line = global.otherLines.findLast(([word]) => word?.text === 'mworker-max-reloads');
    const most = line === undefined ? Infinity : Number(line[1]?.text);
    for (const worker of this.#workers) {
      if (worker === current) continue;
      worker.reloads++;
      worker.kill(this.#hard || worker.reloads > most ? 'SIGTERM' : 'SIGUSR1');
    }
  }

  #reloadOver(failure: string | undefined): void {
    if (this.#reloading) this.#tellOutcome(failure);
    if (!this.#reloadAgain || this.#config === undefined) return;
    this.#reloadAgain = false;
    void this.reload();
  }

  #tellOutcome(failure: string | undefined): void {
    this.#reloading = false;
    this.#hard = false;
    this.#failedReloads = failure === undefined ? 0 : this.#failedReloads + 1;
    if (failure !== undefined) {
      this.#options.notice('alert', `Failed to reload: ${failure}; the running worker goes on.`);
      this.#options.systemd.tell('reload failed');
    }
    for (const tell of this.#waiting.splice(0)) tell(failure === undefined);
  }

  #exited(worker: WorkerProcess, code: number, signal: NodeJS.Signals | null): void {
    if (!this.#workers.delete(worker)) return;
    const status = signal === null ? code : 128 + constants.signals[signal];
    if (worker === this.#starting) this.#failedToStart(worker, status);
    else if (worker === this.#current) this.#lost(worker, status, signal);
    else this.#options.notice('warning', `Former worker (${worker.pid}) exited with code ${status}`);
    if (this.#workers.size === 0 && this.#stopping) this.#options.onStopped(this.#exitCode);
  }

  #failedToStart(worker: WorkerProcess, status: number): void {
    this.#starting = undefined;
    this.#sockets.rollback();
    if (this.#stopping) return;
    this.#options.notice('alert', `Worker (${worker.pid}) exited with code ${status} before it served`);
    if (this.#current === undefined && this.#config === undefined)
      this.#options.onStopped(status === 0 ? 1 : status);
    this.#reloadOver('the new worker did not start');
  }

  /** `master-worker no-exit-on-failure`: a new one is started; else everything ends, and whoever started us decides. */
  #lost(worker: WorkerProcess, status: number, signal: NodeJS.Signals | null): void {
    const { notice } = this.#options;
    this.#current = undefined;
    if (this.#stopping) return;
    const how = signal === null ? '' : ` (${signal})`;
    notice('alert', `Current worker (${worker.pid}) exited with code ${status}${how}`);
    if (this.#config?.global.flags.has('no-exit-on-failure') === true) {
      setTimeout(() => void this.reload(), RESTART_MS);
      return;
    }
    notice('alert', 'exit-on-failure: killing every processes with SIGTERM');
    this.#exitCode = status;
    this.stop('SIGTERM');
  }

  /** SIGINT: workers end of it too, and that is what the master's own end is about. */
  interrupted(): void {
    if (this.#exitCode === 0) this.#exitCode = INTERRUPTED;
  }

  /** SIGTERM, SIGINT: now. SIGUSR1: when the last connection is over. */
  stop(signal: 'SIGTERM' | 'SIGUSR1'): void {
    if (!this.#stopping) this.#options.systemd.tell('stopping');
    this.#stopping = true;
    this.#sockets.close();
    if (this.#workers.size === 0) this.#options.onStopped(this.#exitCode);
    for (const worker of this.#workers) worker.kill(signal);
  }

  /** SIGTTOU, SIGTTIN: the workers pause and resume listening. One that starts would be suspended by them, for good. */
  broadcast(signal: 'SIGTTOU' | 'SIGTTIN'): void {
    for (const worker of this.#workers) if (worker !== this.#starting) worker.kill(signal);
  }

  /** Virtual addresses as they are now. */
  showVrrp(snapshot: VrrpSnapshot): void {
    this.#current?.send({ kind: 'vrrp', snapshot });
  }
}
