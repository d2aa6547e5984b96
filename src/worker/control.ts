/**
 * The control thread: binds the listening sockets, starts the data threads, passes messages between them,
 * replaces one that dies, and stops them. It keeps the sockets and gives threads duplicates: what a thread closes,
 * or takes with it when it dies, does not stop the listening. It serves no traffic itself, so that what it does is never late.
 */
import type { Socket } from 'node:net';
import { serverSeed } from '../balancers/server-seed.ts';
import type { CertificateStore } from '../certificates/certificate-store.ts';
import type { Checks } from '../health/checks.ts';
import type { Config } from '../model/config.ts';
import type { CompiledOnce } from '../proxy/runtime/check-rules.ts';
import type { VrrpSnapshot } from '../model/vrrp-snapshot.ts';
import { writeConfig } from '../state/config-bytes.ts';
import { createEarlyMemory } from '../state/seen-hellos.ts';
import type { ServerWriter } from '../state/server-writer.ts';
import type { SharedState } from '../state/shared-state.ts';
import type { VrrpAccess } from '../vrrp/vrrp-access.ts';
import type { BalancerReport } from '../vrrp/process/messages.ts';
import { acquire, type Acquired } from './start/acquire.ts';
import { AttachedNewsDesk } from './servers/attached-news-desk.ts';
import { Administration, type SteeringSignal } from './administration.ts';
import type { Notice } from '../model/notice.ts';
import type { OpenListening } from './listening/bind-listeners.ts';
import { reportOf } from './balancer-report.ts';
import { runDemo } from './demo-servers.ts';
import { actOnServers, pageActionEffects } from './page-actions.ts';
import { ControlTls } from './control-tls.ts';
import { KeptCounters } from './counters/kept-counters.ts';
import { PeersService } from './peers/peers-service.ts';
import { mostConnections, mostOpenFiles } from './process/process-numbers.ts';
import { mostPipes } from './listening/splice-pipes.ts';
import { StopSequence } from './stop-sequence.ts';
import type { ThreadLauncher } from './threads/launch.ts';
import type { ThreadStartMessage, ToControl } from './threads/messages.ts';
import type { ListenerHandover } from './threads/orders.ts';
import { LogRings } from './logs/log-rings.ts';
import { beginTraces, controlTraces } from './logs/process-traces.ts';
import type { TraceBook } from '../traces/trace-book.ts';
import { nameService } from './names/name-effects.ts';
import type { NameService } from './names/name-service.ts';
import { namespacesOf } from './listening/network-namespaces.ts';
import type { NoticeBook } from './process/notice-book.ts';
import { ProxyLogs } from './logs/proxy-logs.ts';
import { ProxyNews } from './logs/proxy-news.ts';
import { restoreServers } from './servers/restore-servers.ts';
import { watchServers } from './servers/server-watch.ts';
import { ThreadPool } from './threads/thread-pool.ts';

export interface ControlOptions {
  readonly config: Config;
  readonly nbthread: number;
  /** Where sockets come from; missing: they are bound. */
  readonly open: OpenListening | undefined;
  readonly launcher: ThreadLauncher;
  /** Listening descriptors by thread: the control thread's to keep. */
  readonly handovers: ListenerHandover[][];
  /** `cpu-map`, by thread. */
  readonly processors: readonly (readonly number[] | undefined)[];
  readonly notice: Notice;
  /** Where `notice` goes through: warnings are counted, and those of the start kept. */
  readonly notices: NoticeBook;
  /** Pattern lists and the files they came from. */
  readonly compiled: CompiledOnce | undefined;
  readonly certificates: CertificateStore;
  /** That seal session tickets, the newest last (net/tls/ticket-keys.ts). */
  readonly ticketKeys: readonly Uint8Array[];
  /** A process before this one is about to end: it teaches this one what is in its stick tables. */
  readonly hasPredecessor: boolean;
  /** `-dt` */
  readonly traces: readonly string[];
  /** All threads are loaded and wait for serve(). */
  readonly onLoaded: () => void;
  /** Everything is over: all threads ended; 0 after a stop. */
  readonly onStopped: (exitCode: number) => void;
}

export class Control {
  readonly #options: ControlOptions;
  readonly #threads: ThreadPool;
  readonly #adminSockets: Acquired['adminSockets'];
  readonly #startTimeMs = Date.now();
  readonly #earlyMemory = createEarlyMemory();
  /** Opened while their files are within reach. */
  readonly #namespaces: ReadonlyMap<string, number>;
  readonly #state: SharedState;
  readonly #writer: ServerWriter;
  readonly #administration: Administration;
  readonly #rings: LogRings;
  readonly #logs: ProxyLogs;
  readonly #traces: TraceBook;
  readonly #checks: Checks;
  readonly #stopSequence: StopSequence;
  readonly #names: NameService;
  readonly #peers: PeersService;
  readonly #counters: KeptCounters;
  readonly #tls: ControlTls;
  readonly #attached: AttachedNewsDesk;
  /** Resolves when the process that takes over was taught. */
  #taught: Promise<void> = Promise.resolve();
  #stopDemo: () => void = () => undefined;

  private constructor(options: ControlOptions, acquired: Acquired) {
    const { adminSockets, listeners, ringFiles, acmeAccounts, counterMemory, state } = acquired;
    this.#options = options;
    this.#adminSockets = adminSockets;
    this.#state = state;
    const maxconn = mostConnections(options.config.global.maxconn, mostOpenFiles());
    this.#writer = this.#state.configure(options.config, serverSeed, maxconn);
    const { limits } = this.#state;
    limits.setLimit(limits.pipes, mostPipes(options.config.global, options.nbthread));
    this.#namespaces = namespacesOf(options.config);
    this.#traces = beginTraces(options.config, options.nbthread, options.traces);
    this.#threads = this.#createThreads();
    this.#attached = new AttachedNewsDesk(
      () => this.#threads.running(),
      (thread, message) => this.#threads.tell(thread, message),
    );
    this.#state.queues.notify = (thread, server, queue) =>
      this.#threads.tell(thread, { kind: 'grant', server, queue });
    this.#stopSequence = this.#createStopSequence();
    this.#tls = new ControlTls(options.config.global, options.certificates);
    this.#rings = new LogRings(options.config, ringFiles, this.#tls.over, text =>
      options.notice('alert', text),
    );
    this.#peers = new PeersService({
      ...options,
      listeners,
      state: this.#state,
      rings: this.#rings,
      tls: this.#tls,
    });
    this.#logs = new ProxyLogs(options.config, this.#rings, this.#state, this.#tls.over);
    this.#checks = watchServers({
      traces: controlTraces(this.#traces, this.#rings, options.nbthread),
      rings: this.#rings,
      logs: this.#logs,
      config: options.config,
      state: this.#state,
      servers: this.#writer,
      certificates: options.certificates,
      notice: options.notice,
      event: event => this.#administration.serverEvent(event),
      scriptsMail: () => this.#administration.scriptsMail,
      reachAttached: (...wanted) => this.#attached.connect(...wanted),
      flush: (server, backend) => this.#threads.tellAll({ kind: 'flush', server, backend }),
      dropIdle: (server, backend) => this.#threads.tellAll({ kind: 'drop-idle', server, backend }),
      shutdownSessions: (server, why) => this.#threads.tellAll({ kind: 'shutdown-sessions', server, why }),
    });
    this.#administration = this.#createAdministration(acmeAccounts);
    const { directory } = this.#administration;
    this.#counters = new KeptCounters(options.config, state, directory, counterMemory, options.notice);
    directory.watch((row, backend, server) => this.#checks.changed(row, backend, server?.config));
    this.#names = nameService(options.config, this.#writer, this.#checks, this.#administration, this.#tls);
    this.#administration.names = this.#names;
  }

  #createStopSequence(): StopSequence {
    const { config, notice } = this.#options;
    const { graceMs, hardStopAfterMs } = config.global;
    return new StopSequence({
      graceMs,
      hardStopAfterMs,
      announce: () => this.#threads.tellAll({ kind: 'stopping' }),
      drain: () => this.#drain(),
      tooLong: () => notice('warning', 'soft-stop running for too long, performing a hard-stop.'),
      cut: () => this.#cut(),
    });
  }

  #createAdministration(acmeAccounts: Acquired['acmeAccounts']): Administration {
    const { config, handovers, notices, compiled, certificates, notice } = this.#options;
    return new Administration({
      config,
      state: this.#state,
      servers: this.#writer,
      serverOrders: this.#checks.steering,
      handovers,
      news: new ProxyNews({ config, counters: this.#state.counters, logs: this.#logs, notice }),
      lostServerLines: () => this.#logs.lost + this.#peers.lostLines,
      peers: () => this.#peers.sections,
      startTimeMs: this.#startTimeMs,
      notices,
      compiled,
      certificates,
      tls: this.#tls,
      acmeAccounts,
      notice,
      rings: this.#rings,
      traces: this.#traces,
      stopping: () => this.#stopSequence.ending,
      running: () => this.#threads.running(),
      tell: (thread, message) => this.#threads.tell(thread, message),
    });
  }

  /** Binds the sockets for administrators and peers and starts; undefined when something cannot be had (it was reported). */
  static start(options: ControlOptions): Control | undefined {
    const acquired = acquire(options);
    if (acquired === undefined) return undefined;
    const control = new Control(options, acquired);
    control.#stopDemo = runDemo(options.config, options.notice);
    control.#threads.start();
    control.#checks.know();
    restoreServers(options.config, control.#state.plan, control.#writer);
    control.#names.begin(options.config, control.#state.plan);
    return control;
  }

  /** Connections are accepted from now on. What checks would find out before is about this program's own start. */
  serve(): void {
    this.#threads.serve();
    this.#administration.serve(this.#adminSockets);
    this.#checks.begin();
    this.#peers.begin();
  }

  #createThreads(): ThreadPool {
    const { config, nbthread, launcher, notice, onLoaded, onStopped } = this.#options;
    return new ThreadPool({
      count: nbthread,
      launcher,
      startsOf: threads => this.#startsOf(threads),
      listenersOf: thread => this.#administration.listenersFor(thread),
      notice,
      heard: (thread, message) => this.#heard(thread, message),
      onLoaded,
      onEnded: thread => {
        this.#attached.lost(thread);
        this.#administration.threadEnded(thread);
      },
      onDied: thread => this.#died(thread),
      canReplace: () => config.global.chroot === undefined,
      ending: () => this.#stopSequence.ending,
      onAllEnded: code => void this.#ended().then(() => onStopped(code)),
    });
  }

  #startsOf(threads: readonly number[]): readonly ThreadStartMessage[] {
    const { config, processors, ticketKeys } = this.#options;
    const same = {
      config: writeConfig(config),
      plan: this.#state.plan,
      state: this.#state.buffer,
      traces: this.#traces.board.buffer,
      tables: this.#state.tables.shared,
      caches: this.#state.caches.shared,
      startTimeMs: this.#startTimeMs,
      ticketKeys,
      earlyMemory: this.#earlyMemory,
      environment: { ...process.env },
      namespaces: this.#namespaces,
      stopping: this.#stopSequence.announced,
      ...this.#administration.forThread(),
    };
    return threads.map(thread => ({ ...same, thread, processors: processors[thread] }));
  }

  /** Others have been told what they are to know. */
  async #ended(): Promise<void> {
    await this.#taught;
    await this.#counters.end();
  }

  #died(thread: number): void {
    this.#state.recover(thread);
    this.#traces.board.threadLost(thread);
  }

  #heard(thread: number, message: ToControl): void {
    switch (message.kind) {
      case 'grant':
        return this.#threads.tell(message.thread, {
          kind: 'grant',
          server: message.server,
          queue: message.queue,
        });
      case 'attached':
      case 'bridge':
        return this.#attached.heard(thread, message);
      case 'script':
        return this.#administration.scriptWants(thread, message.message);
      case 'ring-lines':
        return this.#rings.write(message.ring, message.lines);
      case 'trace-lines':
        this.#traces.board.arrived(thread, message.lines.length);
        return this.#rings.write(message.ring, message.lines);
      case 'room':
        return this.#threads.tellAll({ kind: 'room' });
      case 'observed-errors':
        return this.#checks.observed(message.server, message.errors, message.last);
      case 'resolve':
        return this.#names.lookUp(message.question, address =>
          this.#threads.tell(thread, { kind: 'resolved', id: message.id, host: address?.toString() }),
        );
      case 'done':
        return this.#administration.answered(thread, message.id, message.result);
      case 'server-action':
        return this.#threads.tell(thread, {
          kind: 'acted',
          id: message.id,
          changed: actOnServers(
            pageActionEffects(this.#checks, this.#writer, order => this.#threads.tellAll(order)),
            message.action,
            message.rows,
          ),
        });
      case 'nameservers':
        return this.#threads.tell(thread, {
          kind: 'nameservers-told',
          id: message.id,
          reports: this.#names.reports(),
        });
      case 'changed':
        return this.#administration.changed(thread, message.change, message.seen);
      case 'notice':
        return this.#options.notice(message.level, message.text, message.about);
      case 'ready':
        this.#attached.tellAll(thread);
        return this.#administration.threadReady(message.engine);
    }
  }

  /** Virtual addresses beside this balancer: the admin socket shows and steers them. */
  set vrrp(access: VrrpAccess) {
    this.#administration.vrrp = access;
  }

  /** A connection to the master's admin socket that was passed on. */
  adoptAdmin(socket: Socket): void {
    this.#administration.adopt(socket);
  }

  /** Virtual addresses as they are now: every thread may be asked for statistics. */
  showVrrp(snapshot: VrrpSnapshot): void {
    this.#administration.showVrrp(snapshot);
    this.#threads.tellAll({ kind: 'vrrp', snapshot });
  }

  /** Resolves when a data thread has answered. */
  works(): Promise<void> {
    return this.#administration.works();
  }

  /** How the balancer is, for virtual addresses that follow it. */
  report(): BalancerReport {
    return reportOf(this.#options.config, this.#state, proxy => this.#administration.listening(proxy));
  }

  /** Stops now (SIGTERM, SIGINT): connections are cut. */
  stop(): void {
    this.#stopSequence.stop();
  }

  /** Neither of them ends anything. */
  signalled(signal: SteeringSignal): void {
    this.#administration.signalled(signal);
  }

  /** SIGUSR1: after the grace time accepts nothing new, ends when the last connection does. */
  softStop(): void {
    this.#stopSequence.softStop();
  }

  #cut(): void {
    this.#stopDemo();
    this.#checks.stop();
    this.#logs.close();
    this.#names.close();
    this.#peers.close();
    this.#administration.close();
    this.#rings.close();
    this.#threads.tellAll({ kind: 'stop' });
  }

  #drain(): void {
    this.#administration.stopListening();
    this.#taught = this.#peers.stop();
    this.#threads.tellAll({ kind: 'soft-stop' });
  }
}
