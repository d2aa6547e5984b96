/**
 * The master process (-W, -Ws, `master-worker`): binds the listening sockets, runs a worker process, and on a reload
 * starts the next generation beside it. The old one goes on serving until the new one does, then finishes what it
 * has. A configuration that cannot be used changes nothing.
 *
 *   start ─▶ worker 1 serves ─ reload ─▶ worker 2 starts ─ serves ─▶ worker 1: soft stop ─▶ ends
 */
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
import type { SystemdNotify } from '../worker/process/systemd-notify.ts';
import { workerEnd, type WorkerEnd } from './worker-end.ts';
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
/** Of the statuses that tell of signals. */
const FIRST_SIGNAL = 128;

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
  #maxReloads = Infinity;
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
        onExit: (code, signal) => this.#exited(worker, workerEnd(code, signal)),
      },
    );
    this.#starting = worker;
    this.#workers.add(worker);
    this.#options.notice('notice', `Initializing new worker (${worker.pid})`);
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
    this.#maxReloads = line === undefined ? Infinity : Number(line[1]?.text);
    for (const worker of this.#workers) {
      if (worker === current) continue;
      worker.reloads++;
      worker.kill(this.#hard || worker.reloads > this.#maxReloads ? 'SIGTERM' : 'SIGUSR1');
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
      const rest = this.#current === undefined ? '.' : '; the running worker goes on.';
      this.#options.notice('alert', `Failed to reload: ${failure}${rest}`);
      this.#options.systemd.tell('reload failed');
    }
    for (const tell of this.#waiting.splice(0)) tell(failure === undefined);
    if (failure !== undefined && this.#current === undefined && !this.#survives()) this.#end('SIGUSR1');
  }

  #exited(worker: WorkerProcess, end: WorkerEnd): void {
    if (!this.#workers.delete(worker)) return;
    const wasStopping = this.#stopping;
    if (worker === this.#starting) this.#failedToStart(worker, end);
    else if (worker === this.#current) this.#lost(worker, end);
    else this.#tellEnd('Former', worker, end);
    if (this.#workers.size === 0 && wasStopping) this.#over();
  }

  #tellEnd(which: 'Current' | 'Former', { pid, reloads }: WorkerProcess, { status, how }: WorkerEnd): void {
    const tooMany = reloads > this.#maxReloads ? `, as it exceeds max reloads (${this.#maxReloads})` : '';
    const level = which === 'Former' || status < FIRST_SIGNAL ? 'warning' : 'alert';
    this.#options.notice(level, `${which} worker (${pid}) exited with code ${status} (${how})${tooMany}`);
  }

  #over(): void {
    this.#options.notice('warning', `All workers exited. Exiting... (${this.#exitCode})`);
    this.#options.onStopped(this.#exitCode);
  }

  #failedToStart(worker: WorkerProcess, { status, how }: WorkerEnd): void {
    this.#starting = undefined;
    this.#sockets.rollback();
    if (this.#stopping) return;
    this.#options.notice(
      'warning',
      `Failed to load worker (${worker.pid}) exited with code ${status} (${how})`,
    );
    if (this.#current === undefined && this.#config === undefined)
      this.#options.onStopped(status === 0 ? 1 : status);
    this.#reloadOver('the new worker did not start');
  }

  /**
   * `master-worker no-exit-on-failure`: where it failed a new one is started; else everything ends, and whoever started
   * us decides. One that was asked to end takes nobody with it who still finishes.
   */
  #lost(worker: WorkerProcess, end: WorkerEnd): void {
    this.#current = undefined;
    this.#tellEnd('Current', worker, end);
    if (this.#stopping) return;
    if (end.isExpected) return this.#endUnreplaced();
    if (this.#survives()) {
      setTimeout(() => void this.reload(), RESTART_MS);
      return;
    }
    this.#options.notice('alert', 'exit-on-failure: killing every processes with SIGTERM');
    this.#exitCode = end.status;
    this.#end('SIGTERM');
  }

  #survives(): boolean {
    return this.#config?.global.flags.has('no-exit-on-failure') === true;
  }

  /** Nobody accepts connections any more, unless a reload is about to bring somebody. */
  #endUnreplaced(): void {
    if (!this.#reloading) this.#end('SIGUSR1');
  }

  /** SIGINT: workers end of it too, and that is what the master's own end is about. */
  interrupted(): void {
    if (this.#exitCode === 0) this.#exitCode = INTERRUPTED;
  }

  /** SIGTERM, SIGINT: now. SIGUSR1: when the last connection is over. */
  stop(signal: 'SIGTERM' | 'SIGUSR1'): void {
    if (!this.#stopping) this.#options.notice('warning', 'Exiting Master process...');
    this.#end(signal);
  }

  #end(signal: 'SIGTERM' | 'SIGUSR1'): void {
    if (!this.#stopping) this.#options.systemd.tell('stopping');
    this.#stopping = true;
    this.#sockets.close();
    if (this.#workers.size === 0) return this.#over();
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
