/**
 * Everything in the control thread that the admin socket sees and steers: names of servers, orders to the data
 * threads, listening sockets of frontends, statistics. control.ts makes one and tells it what becomes of threads.
 */
import { VariableRoom } from '../acl/variable-memory.ts';
import type { Socket } from 'node:net';
import { monotonicMs } from '../base/clock.ts';
import type { AdminServer, OpenedSocket } from '../admin/admin-server.ts';
import type { AdminRuntime, ServerOrders, StreamOrders, ThreadOrders } from '../admin/runtime.ts';
import { CertificateDesk } from '../certificates/certificate-desk.ts';
import type { CertificateStore } from '../certificates/certificate-store.ts';
import { responderAsker } from '../certificates/ask-responder.ts';
import { currentFiles } from '../certificates/current-files.ts';
import { httpClientSettings } from '../certificates/http-client-settings.ts';
import type { HttpClientSettings } from '../net/http-client.ts';
import { ocspSettings } from '../certificates/ocsp-settings.ts';
import { mistakeInServerTls, unknownFileOf } from '../certificates/server-settings.ts';
import type { Config } from '../model/config.ts';
import type { Proxy } from '../model/proxy.ts';
import type { ServerEvent } from '../model/server-event.ts';
import type { Server } from '../model/server.ts';
import type { CompiledOnce } from '../proxy/runtime/check-rules.ts';
import type { VrrpSnapshot } from '../model/vrrp-snapshot.ts';
import type { PeersAtWork } from '../peers/section.ts';
import { refusalOf } from './start/check-tls-listeners.ts';
import { ConfiguredView } from '../stats/view.ts';
import { ServerDirectory } from '../state/server-directory.ts';
import type { ServerWriter } from '../state/server-writer.ts';
import type { SharedState } from '../state/shared-state.ts';
import type { VrrpAccess } from '../vrrp/vrrp-access.ts';
import type { AccountParts } from '../acme/authority.ts';
import { AcmeService } from './acme/acme-service.ts';
import { adminSocketsOf, serveAdminSockets } from './admin-socket.ts';
import { DynamicBackends } from './servers/dynamic-backends.ts';
import { GlobalLog, NOTICE, WARNING } from './logs/global-log.ts';
import type { LogRings } from './logs/log-rings.ts';
import type { TraceBook } from '../traces/trace-book.ts';
import { FrontendListening } from './listening/frontend-listening.ts';
import { FrontendSteering } from './listening/frontend-steering.ts';
import type { NameService } from './names/name-service.ts';
import type { NoticeBook } from './process/notice-book.ts';
import type { StateSoFar, ToData } from './threads/messages.ts';
import type { ChangedServer, ListenerHandover, Order, OrderResults, SharedChange } from './threads/orders.ts';
import { ProcessExpressions } from './process/process-expressions.ts';
import type { ProxyNews } from './logs/proxy-news.ts';
import type { ControlTls } from './control-tls.ts';
import { ControlNumbers } from './process/process-numbers.ts';
import { ProfilingDesk } from './profiling/profiling-desk.ts';
import { ScriptDesk } from './scripts/script-desk.ts';
import { sectionServers } from './servers/section-servers.ts';
import type { FromScripts } from './scripts/script-messages.ts';
import { SharedCopies } from './threads/shared-copies.ts';
import { numberOfStream, threadOfStream } from './threads/stream-reports.ts';
import { ThreadCalls } from './threads/thread-calls.ts';

/** Streams are numbered from 1. */
const NO_STREAM = 0;

export type SteeringSignal = 'SIGTTOU' | 'SIGTTIN' | 'SIGHUP';

interface AdministrationParts {
  readonly config: Config;
  readonly state: SharedState;
  readonly servers: ServerWriter;
  readonly serverOrders: ServerOrders;
  /** By thread; what is given up is taken out. */
  readonly handovers: ListenerHandover[][];
  readonly startTimeMs: number;
  readonly notices: NoticeBook;
  readonly compiled: CompiledOnce | undefined;
  readonly certificates: CertificateStore;
  readonly tls: ControlTls;
  /** Of the `acme` sections that certificates name. */
  readonly acmeAccounts: ReadonlyMap<string, AccountParts>;
  readonly notice: (level: 'notice' | 'warning' | 'alert', text: string) => void;
  readonly rings: LogRings;
  readonly news: ProxyNews;
  readonly traces: TraceBook;
  /** Lines about proxies and servers that could not be sent. */
  readonly lostServerLines: () => number;
  readonly peers: () => readonly PeersAtWork[];
  readonly stopping: () => boolean;
  /** Threads that run now. */
  readonly running: () => readonly number[];
  readonly tell: (thread: number, message: ToData) => void;
}

export class Administration {
  readonly directory: ServerDirectory;
  /** Virtual addresses are started after the balancer that they follow. */
  vrrp: VrrpAccess | undefined;
  names: NameService | undefined;
  readonly #parts: AdministrationParts;
  readonly #calls: ThreadCalls;
  readonly #listening: FrontendListening;
  readonly #steering: FrontendSteering;
  readonly #numbers: ControlNumbers;
  readonly #stats: ConfiguredView;
  readonly #shared: SharedCopies;
  readonly #expressions: ProcessExpressions;
  readonly #changedServers = new Map<number, ChangedServer>();
  #lastServerChange: Promise<unknown> = Promise.resolve();
  readonly #globalLog: GlobalLog;
  #engine = 'not started';
  readonly #backends: DynamicBackends;
  readonly #client: HttpClientSettings;
  readonly #desk: CertificateDesk;
  readonly #profiling: ProfilingDesk;
  readonly #acme: AcmeService;
  readonly #scripts: ScriptDesk;
  #server: AdminServer | undefined;

  constructor(parts: AdministrationParts) {
    const { config, state, startTimeMs, stopping, running, tell } = parts;
    this.#parts = parts;
    parts.notices.countIn(state.counters);
    this.#globalLog = new GlobalLog(config, parts.rings, state, parts.tls.over);
    this.#calls = new ThreadCalls(running, (thread, id, order) => tell(thread, { kind: 'order', id, order }));
    this.#listening = new FrontendListening(config, parts.handovers, this.#calls);
    this.#steering = new FrontendSteering(parts, this.#listening);
    this.#shared = new SharedCopies(parts.compiled?.patterns, this.#calls, state.counters, bytes =>
      VariableRoom.mayHold(config.global.tune, bytes),
    );
    this.#expressions = new ProcessExpressions(config, state, parts.rings);
    this.#shared.begin(this.#expressions.fromConfiguration());
    this.#numbers = new ControlNumbers({
      config,
      startTimeMs,
      stopping,
      engine: () => this.#engine,
      lostLines: () => this.#globalLog.lost + parts.rings.lost + parts.lostServerLines(),
    });
    this.#stats = new ConfiguredView(config, state, this.#numbers);
    this.#stats.cookieSetting = backend => this.#shared.dynamicCookie(backend);
    this.directory = new ServerDirectory(config, state.plan);
    this.#backends = new DynamicBackends(parts, this.directory, this.#calls);
    this.#client = httpClientSettings(
      config,
      ({ message }) => parts.notice('warning', message),
      (question, done) => this.#findAddress(question, done),
    );
    this.#desk = this.#createDesk();
    this.#profiling = new ProfilingDesk(this.#calls, parts.config.global.profiling);
    this.#acme = new AcmeService({
      ...parts,
      accounts: parts.acmeAccounts,
      store: parts.certificates,
      desk: this.#desk,
      client: this.#client,
      copies: this.#shared,
      names: () => this.names,
      log: this.#globalLog,
    });
    this.#scripts = new ScriptDesk({
      runtime: () => this.#runtime(),
      running,
      notice: parts.notice,
      tell: (thread, message) => tell(thread, { kind: 'script', message }),
    });
    this.directory.watch((row, backend, server) => {
      const change = { row, backend, server: server?.config };
      this.#changedServers.set(row, change);
      this.#lastServerChange = this.#calls.all({ kind: 'server', change });
      this.#stats.setServer(row, server?.config);
    });
  }

  /** What a thread that starts has to know beyond the configuration. */
  forThread(): StateSoFar {
    return {
      changedServers: [...this.#changedServers.values()],
      patternFiles: this.#parts.compiled?.files ?? new Map(),
      patternHosts: this.#parts.compiled?.hosts ?? new Map(),
      patternLists: this.#shared.patterns.named(),
      changes: this.#shared.sinceStart(),
      tls: this.#parts.certificates.material(),
      profiling: this.#profiling.settings,
      vrrp: this.#stats.vrrp,
    };
  }

  /** Descriptors for a thread that is to listen, its own to close. */
  listenersFor(thread: number): readonly ListenerHandover[] {
    return this.#listening.handoversFor(thread);
  }

  threadReady(engine: string): void {
    this.#engine = engine;
    if (this.#numbers.bootTimeMs === 0) this.#numbers.bootTimeMs = monotonicMs();
  }

  /** Whether connections to a frontend are accepted. */
  listening(proxy: number): boolean {
    return !this.#parts.stopping() && this.#listening.isListening(proxy);
  }

  /** Another process can have the addresses, those that were paused listen again, how servers are is told. */
  signalled(signal: SteeringSignal): void {
    if (signal === 'SIGTTOU') void this.#steering.pauseAll();
    else if (signal === 'SIGTTIN') void this.#steering.resumeAll();
    else this.#parts.news.servers(this.#stats);
  }

  showVrrp(snapshot: VrrpSnapshot): void {
    this.#stats.vrrp = snapshot;
  }

  threadEnded(thread: number): void {
    this.#calls.ended(thread);
    this.#scripts.threadEnded(thread);
  }

  /** Resolves when a data thread has answered. */
  works(): Promise<void> {
    return this.#calls.any({ kind: 'answer' });
  }

  serverEvent(event: ServerEvent): void {
    this.#scripts.tell(event);
  }

  /** The mails of `email-alert` are a script's to send. */
  get scriptsMail(): boolean {
    return this.#scripts.sendsMails;
  }

  scriptWants(thread: number, message: FromScripts): void {
    this.#scripts.heard(thread, message);
  }

  answered(thread: number, id: number, result: OrderResults[Order['kind']]): void {
    this.#calls.answered(thread, id, result);
  }

  /** A rule changed the copy of its thread. */
  changed(thread: number, change: SharedChange, seen: number): void {
    this.#shared.heard(thread, change, seen);
  }

  serve(sockets: readonly OpenedSocket[]): void {
    const { notice, tls, compiled } = this.#parts;
    const commands = this.#scripts.commandsOf(compiled?.scriptCommands ?? new Map());
    this.#server = serveAdminSockets(sockets, this.#runtime(), tls, commands, notice);
    this.#desk.updates.begin();
    this.#acme.begin();
  }

  /** Not served yet: there is nothing to ask. */
  adopt(socket: Socket): void {
    if (this.#server === undefined) socket.destroy();
    else this.#server.adopt(socket);
  }

  #runtime(): AdminRuntime {
    const { config, state, servers, serverOrders, notices } = this.#parts;
    return {
      config,
      tls: this.#desk,
      renewals: this.#acme.renewals,
      state,
      servers,
      serverOrders,
      directory: this.directory,
      namedServers: this.#parts.compiled?.namedServers ?? new Set(),
      backends: this.#backends,
      mistakeIn: (server, proxy) => this.#mistakeIn(server, proxy),
      threads: this.#threadOrders(),
      streams: this.#streamOrders(),
      patterns: this.#shared.patterns,
      variables: this.#shared,
      cookies: this.#shared,
      evaluate: (name, text, format) => this.#evaluate(name, text, format),
      patternsChanged: (list, changes) => this.#shared.changed(list, changes),
      stats: this.#stats,
      threadNumbers: async () => {
        const numbers = await this.#calls.all({ kind: 'numbers' });
        return [...numbers].sort((a, b) => a.thread - b.thread);
      },
      profiling: this.#profiling,
      badMessages: () => this.#calls.all({ kind: 'bad-messages' }),
      listeningSockets: () => (this.#parts.stopping() ? [] : this.#listening.sockets()),
      warn: text => this.#parts.notice('warning', text),
      eventRings: () => this.#parts.rings.all,
      traces: this.#parts.traces,
      logGlobally: text => this.#globalLog.write(text),
      listeningDescriptors: () => this.#listening.descriptors(),
      refreshNumbers: async () => this.#numbers.refresh(await this.#calls.all({ kind: 'numbers' })),
      anonymity: { key: anonKeyOf(config) },
      startupLogs: notices.startupLogs,
      sockets: adminSocketsOf(config),
      vrrp: () => this.vrrp,
      resolvers: () => this.names?.sections ?? [],
      peers: this.#parts.peers,
    };
  }

  /** Told, and logged by the targets of the global section. */
  warn(text: string): void {
    this.#parts.notice('warning', text);
    this.#globalLog.write(text, WARNING);
  }

  #findAddress(
    question: Parameters<NameService['lookUp']>[0],
    done: (address: string | undefined) => void,
  ): void {
    if (this.names === undefined) done(undefined);
    else this.names.lookUp(question, address => done(address?.toString()));
  }

  #createDesk(): CertificateDesk {
    const { certificates, config, tls } = this.#parts;
    const { global } = config;
    return new CertificateDesk({
      store: certificates,
      global,
      servers: () => this.#servers(),
      publish: async changes => {
        tls.follow(changes);
        await this.#calls.all({ kind: 'tls', changes });
      },
      ask: responderAsker(ocspSettings(global), this.#client),
      refusalOf: (listener, entry) => refusalOf(config, certificates.material(), listener, entry),
      log: line => this.#globalLog.write(line, NOTICE),
    });
  }

  *#servers(): Iterable<Server> {
    for (const [backend] of this.directory.proxies.entries())
      for (const { config } of this.directory.serversOf(backend)) yield config;
    yield* sectionServers(this.#parts.config);
  }

  #mistakeIn(server: Server, proxy: Proxy): string | undefined {
    const { certificates, compiled } = this.#parts;
    const files = currentFiles(certificates);
    const { tls } = server;
    const [wrong] = compiled?.addServer(server, proxy) ?? [];
    if (tls === undefined || wrong !== undefined) return wrong?.message;
    return unknownFileOf(tls, files) ?? mistakeInServerTls(tls, files);
  }

  #evaluate(name: string, text: string, format: boolean): ReturnType<AdminRuntime['evaluate']> {
    const words = [{ text, position: { file: 'CLI', line: 0, column: 0 } }];
    const assigned = this.#expressions.evaluate({ name, words, format }, known => this.#shared.get(known));
    return typeof assigned === 'object' ? { value: assigned.value } : assigned;
  }

  #threadOrders(): ThreadOrders {
    return {
      serversKnown: async () => {
        await this.#lastServerChange;
      },
      pauseFrontend: proxy => this.#steering.pause(proxy),
      resumeFrontend: proxy => this.#steering.resume(proxy),
      closeFrontend: proxy => this.#steering.close(proxy),
      roomAgain: () => {
        for (const thread of this.#parts.running()) this.#parts.tell(thread, { kind: 'room' });
      },
    };
  }

  #streamOrders(): StreamOrders {
    return {
      all: async () => (await this.#calls.all({ kind: 'streams' })).flat(),
      kill: async id => {
        const results = await this.#calls.each(thread => ({
          kind: 'kill-stream',
          number: threadOfStream(id) === thread ? numberOfStream(id) : NO_STREAM,
        }));
        return results.includes(true);
      },
      killOnServer: async server => {
        await this.#calls.all({ kind: 'kill-on-server', server });
      },
    };
  }

  /** Takes no new connections, neither to the admin sockets nor to frontends. */
  stopListening(): void {
    this.#server?.stopListening();
    this.#steering.giveUp();
    this.#desk.updates.close();
    this.#acme.close();
  }

  close(): void {
    this.#desk.updates.close();
    this.#acme.close();
    this.#globalLog.close();
    this.#server?.close();
  }
}

/** `anonkey` */
function anonKeyOf({ global }: Config): number {
  const line = global.otherLines.findLast(([word]) => word?.text === 'anonkey');
  return Number(line?.[1]?.text ?? 0);
}
