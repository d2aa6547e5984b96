/**
 * The control thread: binds the listening sockets, starts the data threads, passes messages between them,
 * replaces one that dies, and stops them. It keeps the sockets and gives threads duplicates: what a thread closes,
 * or takes with it when it dies, does not stop the listening. It serves no traffic itself, so that what it does is never late.
 */
import type { Server } from 'node:http';
import type { Worker } from 'node:worker_threads';
import { serverSeed } from '../balancers/server-seed.ts';
import type { Config } from '../model/config.ts';
import type { CompiledOnce } from '../proxy/check-rules.ts';
import type { VrrpSnapshot } from '../model/vrrp-snapshot.ts';
import { clientSocketOptions } from '../proxy/socket-options.ts';
import { openListening } from '../net/listening-socket.ts';
import { closeDescriptor } from '../net/system-calls.ts';
import { planState } from '../state/plan.ts';
import type { ServerWriter } from '../state/server-writer.ts';
import { SharedState } from '../state/shared-state.ts';
import type { VrrpAccess } from '../vrrp/vrrp-access.ts';
import type { BalancerReport } from '../vrrp/process/messages.ts';
import { bindAdminSockets } from './admin-socket.ts';
import { Administration } from './administration.ts';
import { reportOf } from './balancer-report.ts';
import { startDemoServers, urlsOf } from './demo-servers.ts';
import { actOnServers } from './page-actions.ts';
import { StopSequence } from './stop-sequence.ts';
import type { ThreadLauncher } from './launch.ts';
import type { ThreadStart, ToControl, ToData } from './messages.ts';
import type { ListenerHandover } from './orders.ts';
import { nameService } from './name-effects.ts';
import type { NameService } from './name-service.ts';
import { restoreServers } from './restore-servers.ts';
import { watchServers, type ServerWatch } from './server-watch.ts';

export interface ControlOptions {
  readonly config: Config;
  readonly nbthread: number;
  readonly launcher: ThreadLauncher;
  readonly notice: (level: 'notice' | 'warning' | 'alert', text: string) => void;
  /** What was said about the configuration, line by line: `show startup-logs`. */
  readonly startupLogs: readonly string[];
  /** Pattern lists and the files they came from. */
  readonly compiled: CompiledOnce | undefined;
  /** Everything is over: all threads ended after a stop. */
  readonly onStopped: () => void;
}

export class Control {
  readonly #options: ControlOptions;
  readonly #threads: (Worker | undefined)[] = [];
  readonly #handovers: ListenerHandover[][];
  readonly #startTimeMs = Date.now();
  readonly #state: SharedState;
  readonly #writer: ServerWriter;
  readonly #administration: Administration;
  readonly #watch: ServerWatch;
  #readyThreads = 0;
  readonly #stopSequence: StopSequence;
  readonly #names: NameService;
  #demo: readonly Server[] = [];

  private constructor(options: ControlOptions, handovers: ListenerHandover[][]) {
    this.#options = options;
    this.#handovers = handovers;
    this.#state = SharedState.create(planState(options.config, options.nbthread));
    this.#writer = this.#state.configure(options.config, serverSeed);
    this.#state.queues.notify = (thread, server, queue) =>
      this.#tell(thread, { kind: 'grant', server, queue });
    const { graceMs, hardStopAfterMs } = options.config.global;
    this.#stopSequence = new StopSequence({
      graceMs,
      hardStopAfterMs,
      announce: () => this.#tellAll({ kind: 'stopping' }),
      drain: () => this.#drain(),
      tooLong: () => options.notice('warning', 'soft-stop running for too long, performing a hard-stop.'),
      cut: () => this.#cut(),
    });
    this.#watch = watchServers({
      config: options.config,
      state: this.#state,
      servers: this.#writer,
      startTimeMs: this.#startTimeMs,
      notice: options.notice,
      flush: (server, backend) => this.#tellAll({ kind: 'flush', server, backend }),
      shutdownSessions: (server, why) => this.#tellAll({ kind: 'shutdown-sessions', server, why }),
    });
    this.#administration = new Administration({
      config: options.config,
      state: this.#state,
      servers: this.#writer,
      serverOrders: this.#watch.checks.steering,
      handovers,
      startTimeMs: this.#startTimeMs,
      startupLogs: options.startupLogs,
      compiled: options.compiled,
      notice: options.notice,
      stopping: () => this.#stopSequence.ending,
      running: () => [...this.#threads.keys()].filter(thread => this.#threads[thread] !== undefined),
      tell: (thread, message) => this.#tell(thread, message),
    });
    const { directory } = this.#administration;
    directory.watch((row, backend, server) => this.#watch.checks.changed(row, backend, server?.config));
    this.#names = nameService(options.config, this.#writer, this.#watch.checks, directory);
    this.#administration.names = this.#names;
  }

  /** Binds and starts; undefined when an address could not be bound (each was reported). */
  static start(options: ControlOptions): Control | undefined {
    const handovers = bindAll(options);
    const adminSockets = bindAdminSockets(options.config, options.notice);
    if (handovers === undefined || adminSockets === undefined) return undefined;
    const control = new Control(options, handovers);
    control.#startDemo();
    for (let thread = 1; thread <= options.nbthread; thread++) control.#startThread(thread);
    control.#watch.checks.know();
    restoreServers(options.config, control.#state.plan, control.#writer);
    control.#names.begin(options.config, control.#state.plan);
    control.#administration.serve(adminSockets);
    return control;
  }

  #startDemo(): void {
    const { config, notice } = this.#options;
    if (config.global.demoServers.length === 0) return;
    this.#demo = startDemoServers(config.global.demoServers, text => notice('warning', text));
    for (const url of urlsOf(config)) notice('notice', url);
  }

  #startThread(thread: number): void {
    const start: ThreadStart = {
      thread,
      config: this.#options.config,
      plan: this.#state.plan,
      state: this.#state.buffer,
      startTimeMs: this.#startTimeMs,
      ...this.#administration.forThread(thread),
    };
    const worker = this.#options.launcher.launch(start);
    this.#threads[thread] = worker;
    worker.on('message', (message: ToControl) => this.#heard(thread, message));
    worker.on('error', error =>
      this.#options.notice('alert', `thread ${thread} died: ${error.stack ?? error.message}`),
    );
    worker.on('exit', () => this.#ended(thread));
  }

  #heard(thread: number, message: ToControl): void {
    switch (message.kind) {
      case 'grant':
        return this.#tell(message.thread, { kind: 'grant', server: message.server, queue: message.queue });
      case 'room':
        return this.#tellAll({ kind: 'room' });
      case 'observed-errors':
        return this.#watch.checks.observed(message.server, message.errors, message.last);
      case 'resolve':
        return this.#names.lookUp(message.question, address =>
          this.#tell(thread, { kind: 'resolved', id: message.id, host: address?.toString() }),
        );
      case 'done':
        return this.#administration.answered(thread, message.id, message.result);
      case 'server-action':
        return this.#tell(thread, {
          kind: 'acted',
          id: message.id,
          changed: actOnServers(this.#watch.checks.steering, this.#writer, message.action, message.rows),
        });
      case 'changed':
        return this.#administration.changed(thread, message.change, message.seen);
      case 'notice':
        this.#administration.warned();
        return this.#options.notice(message.level, message.text);
      case 'ready':
        return this.#threadReady(message.engine);
    }
  }

  /** Checks begin when all threads serve: what they find out early would be about this program's own start. */
  #threadReady(engine: string): void {
    this.#administration.threadReady(engine);
    this.#readyThreads++;
    if (this.#readyThreads === this.#options.nbthread) this.#watch.checks.begin();
  }

  #tell(thread: number, message: ToData): void {
    this.#threads[thread]?.postMessage(message);
  }

  #tellAll(message: ToData): void {
    for (const thread of this.#threads) thread?.postMessage(message);
  }

  /** What the thread held in shared memory is given back; a new one takes over its listeners. */
  #ended(thread: number): void {
    this.#threads[thread] = undefined;
    this.#administration.threadEnded(thread);
    if (this.#stopSequence.ending) {
      if (this.#threads.every(other => other === undefined)) this.#options.onStopped();
      return;
    }
    this.#state.recover(thread);
    this.#options.notice('warning', `thread ${thread} is replaced`);
    this.#startThread(thread);
  }

  /** Virtual addresses beside this balancer: the admin socket shows and steers them. */
  set vrrp(access: VrrpAccess) {
    this.#administration.vrrp = access;
  }

  /** Virtual addresses as they are now: every thread may be asked for statistics. */
  showVrrp(snapshot: VrrpSnapshot): void {
    this.#administration.showVrrp(snapshot);
    this.#tellAll({ kind: 'vrrp', snapshot });
  }

  /** How the balancer is, for virtual addresses that follow it. */
  report(): BalancerReport {
    return reportOf(this.#options.config, this.#state, proxy => this.#administration.listening(proxy));
  }

  /** Stops now (SIGTERM, SIGINT): connections are cut. */
  stop(): void {
    this.#stopSequence.stop();
  }

  /** SIGUSR1: after the grace time accepts nothing new, ends when the last connection does. */
  softStop(): void {
    this.#stopSequence.softStop();
  }

  #cut(): void {
    this.#stopDemo();
    this.#watch.stop();
    this.#names.close();
    this.#administration.close();
    this.#tellAll({ kind: 'stop' });
  }

  #stopDemo(): void {
    for (const server of this.#demo) {
      server.close();
      server.closeAllConnections();
    }
  }

  #drain(): void {
    this.#administration.stopListening();
    this.#tellAll({ kind: 'soft-stop' });
    for (const { fd } of this.#handovers.flat()) closeDescriptor(fd);
  }
}

/** Descriptors by thread. All failures are reported before giving up, so that a user sees them in one run. */
function bindAll(options: ControlOptions): ListenerHandover[][] | undefined {
  const { config, nbthread, notice } = options;
  const handovers: ListenerHandover[][] = Array.from({ length: nbthread + 1 }, () => []);
  const noReusePort = config.global.flags.has('noreuseport');
  let failed = false;
  for (const [proxy, section] of config.proxies.entries()) {
    const { binds, disabled, kind, name } = section;
    if (disabled) continue;
    for (const [bind, settings] of binds.entries()) {
      const opened = openListening({ ...settings, ...clientSocketOptions(section), noReusePort }, nbthread);
      if ('message' in opened) {
        const section = kind === 'listen' ? 'proxy' : kind;
        notice(
          'alert',
          `Binding [${settings.position.file}:${settings.position.line}] for ${section} ${name}: ${opened.message}`,
        );
        failed = true;
        continue;
      }
      for (const warning of opened.warnings) notice('warning', warning);
      for (const [thread, fd] of opened.fds.entries()) handovers[thread + 1]?.push({ proxy, bind, fd });
    }
  }
  return failed ? undefined : handovers;
}
