/** What a data thread does: its engine, its copy of the runtime, its listeners. data-thread.ts begins it. */
import { timeOfDayBy } from '../../base/clock.ts';
import type { MessagePort } from 'node:worker_threads';
import { ProcessVariables } from '../../acl/process-variables.ts';
import { VariableRoom } from '../../acl/variable-memory.ts';
import type { Engine } from '../../net/connection.ts';
import { EarlyGuard } from '../../net/tls/early/early-guard.ts';
import { secureConnect } from '../../net/tls/secure-connect.ts';
import { ServerContexts } from '../../net/tls/server-contexts.ts';
import { keepsSecrets } from '../../net/tls/key-log.ts';
import { ThreadCertificates } from '../../net/tls/thread-certificates.ts';
import { BufferPool } from '../../net/buffer-pool.ts';
import { learnNamespaces } from '../../net/network-namespace.ts';
import { openEngine, type OpenedEngine } from '../../net/engines/open-engine.ts';
import { Reception } from '../../proxy/accept.ts';
import { Runtime } from '../../proxy/runtime/compile-runtime.ts';
import { Compressors } from '../../proxy/bodies/compressors.ts';
import { BadMessages } from '../../proxy/accounts/bad-messages.ts';
import { LiveStreams } from '../../proxy/live-streams.ts';
import { glitchLimits } from '../../proxy/client/glitches.ts';
import { http2ServerSettings } from '../../proxy/http2/server-settings.ts';
import { http2Settings } from '../../proxy/http2/settings.ts';
import { rejectsPrivilegedPorts } from '../../proxy/runtime/listener-service.ts';
import type { DataThread } from '../../proxy/runtime/runtime.ts';
import { ReverseDesk } from '../../proxy/reverse/reverse-desk.ts';
import { StreamsByServer } from '../../proxy/server/server-streams.ts';
import { WaitingClients } from '../../proxy/client/waiting-clients.ts';
import { WorkMeters } from '../../proxy/accounts/work-meter.ts';
import { StatusKinds } from '../../rules/status-kinds.ts';
import { ConfiguredView } from '../../stats/view.ts';
import { SeenHellos } from '../../state/seen-hellos.ts';
import { FIELD } from '../../state/counter-fields.ts';
import { SharedState } from '../../state/shared-state.ts';
import { holdCapabilities } from '../process/capabilities.ts';
import { Drain } from './drain.ts';
import { LogBackends } from '../logs/log-backends.ts';
import type { RingPlaces } from '../logs/log-rings.ts';
import { ThreadLogSink } from '../logs/log-sink.ts';
import { ringsOf } from '../logs/ring-settings.ts';
import type { ThreadStart, ToControl, ToData } from './messages.ts';
import { OrderDesk } from './order-desk.ts';
import type { PatternFile } from '../../proxy/runtime/check-rules.ts';
import type { ChangedBackend, ChangedServer } from './orders.ts';
import { ThreadProcessFacts } from '../process/process-facts.ts';
import { pipesOf } from '../listening/splice-pipes.ts';
import { ThreadCopies } from './thread-copies.ts';
import { ThreadListeners } from './thread-listeners.ts';
import { serversView, statsView } from '../process/state-views.ts';
import { threadTraces } from './thread-traces.ts';
import { threadNumbers } from './thread-numbers.ts';
import { NameLookups } from '../../proxy/request/name-lookups.ts';
import { ThreadScripts } from '../scripts/thread-scripts.ts';
import { ThreadServices } from './thread-services.ts';

/** Manual, `option contstats`: about every 5 seconds. */
const COUNT_LOOK_MS = 5000;
/** How often a draining thread looks whether its last connection is gone. */
const DRAIN_LOOK_MS = 100;
const SHUTDOWN_LETTERS = { down: 'D', up: 'U', admin: 'K' } as const;

export class ServingThread {
  readonly #start: ThreadStart;
  readonly #port: MessagePort;
  readonly #opened: OpenedEngine;
  readonly #engine: Engine;
  readonly #state: SharedState;
  readonly #facts: ThreadProcessFacts;
  readonly #timeOfDay: () => number;
  readonly #logs: ThreadLogSink;
  readonly #statistics: ConfiguredView;
  readonly #services: ThreadServices;
  readonly #variableRoom: VariableRoom | undefined;
  readonly #variables: ProcessVariables;
  readonly #stopping: Drain;
  readonly #thread: DataThread;
  readonly #files: Map<string, PatternFile>;
  readonly #runtime: Runtime;
  readonly #scripts: ThreadScripts;
  readonly #copies: ThreadCopies;
  readonly #listeners: ThreadListeners;
  readonly #desk: OrderDesk;
  readonly #hears = (message: ToData): void => this.#hear(message);
  #drainLook: NodeJS.Timeout | undefined;
  #countLook: NodeJS.Timeout | undefined;

  /** `port`: the control thread is at its other end. */
  constructor(start: ThreadStart, port: MessagePort) {
    const { config, plan } = start;
    const { bufsize, engine } = config.global.tune;
    this.#start = start;
    this.#port = port;
    learnNamespaces(start.namespaces);
    this.#state = SharedState.attach(start.state, plan, start.thread, start.tables, start.caches);
    this.#variableRoom = VariableRoom.of(config.global.tune, this.#state.variableBytes);
    this.#variables = new ProcessVariables(this.#variableRoom?.process.own);
    this.#opened = openEngine(engine, { bufsize, pipes: pipesOf(config.global, this.#state) });
    this.#engine = this.#opened.engine;
    const rings: RingPlaces = {
      settings: ringsOf(config),
      write: (ring, lines) => this.#tell({ kind: 'ring-lines', ring, lines }),
    };
    this.#facts = new ThreadProcessFacts(start, rings);
    this.#facts.stopping = start.stopping;
    const backends = new LogBackends(config, this.#state, rings, (socket, tls, ready) =>
      secureConnect(this.#thread.serverContexts)(socket, tls, ready),
    );
    this.#timeOfDay = timeOfDayBy(() => this.#engine.wheel.now);
    this.#logs = new ThreadLogSink(config.global, rings, backends, this.#timeOfDay);
    this.#statistics = new ConfiguredView(config, this.#state, this.#numbers());
    this.#statistics.vrrp = start.vrrp;
    this.#services = new ThreadServices(this.#statistics, message => this.#tell(message));
    this.#stopping = new Drain(config.global.closeSpreadTimeMs);
    this.#thread = this.#belongings();
    this.#state.tables.clock = () => this.#engine.wheel.now;
    this.#files = new Map(start.patternFiles);
    const { patternHosts } = start;
    this.#runtime = new Runtime(config, this.#thread, {
      readFile: path => this.#files.get(path) ?? { error: 'not read at start' },
      addressOf: host => patternHosts.get(host),
    });
    const { environments } = this.#runtime;
    environments.patterns.expect(start.patternLists);
    this.#scripts = new ThreadScripts({
      config,
      thread: start.thread,
      nbthread: plan.threads,
      environment: environments.outside(() => undefined),
      logs: this.#logs,
      variables: this.#variables,
      view: this.#statistics,
      publish: update => this.#copies.publish(update),
      findAddress: (question, done) =>
        this.#thread.names.lookUp(question, address => done(address?.toString())),
      tell: message => this.#tell({ kind: 'script', message }),
    });
    environments.useScripts(this.#scripts.program);
    this.#copies = new ThreadCopies(this.#runtime, this.#variables, (change, seen) =>
      this.#tell({ kind: 'changed', change, seen }),
    );
    this.#statistics.cookieSetting = backend => this.#copies.dynamicCookie(backend);
    this.#copies.follow(start.changes, 0);
    this.#listeners = this.#createListeners();
    for (const change of start.changedServers) this.#knowServer(change);
    this.#desk = this.#orderDesk();
  }

  /** Everything is loaded: tells so, and hears what the control thread says. */
  begin(): void {
    this.#compileFrontends();
    this.#state.queues.notify = (other, server, queue) =>
      this.#tell({ kind: 'grant', thread: other, server, queue });
    this.#port.on('message', this.#hears);
    const { reason } = this.#opened;
    if (reason !== undefined && this.#start.config.global.tune.engine === 'uring')
      this.#tell({
        kind: 'notice',
        level: 'warning',
        text: `tune.engine uring cannot be had, the node engine serves: ${reason}`,
        about: { part: 'engine', thread: this.#start.thread },
      });
    this.#countOnTheWay();
    this.#tell({ kind: 'ready', engine: this.#engine.name });
    this.#scripts.program?.serve();
  }

  /** Before it is told to listen: while other threads load, and while an old process still serves. */
  #compileFrontends(): void {
    for (const [row, { disabled, binds }] of this.#start.config.proxies.entries())
      if (!disabled && binds.length > 0) this.#runtime.frontend(row);
  }

  /** Only where some frontend wants it: a thread without work then wakes up for nothing else. */
  #countOnTheWay(): void {
    const { proxies } = this.#start.config;
    if (!proxies.some(({ options }) => options.flags.has('contstats'))) return;
    this.#countLook = setInterval(() => this.#thread.liveStreams.countSoFar(), COUNT_LOOK_MS);
  }

  #numbers(): ReturnType<typeof threadNumbers> {
    const { config, plan, startTimeMs } = this.#start;
    return threadNumbers({
      node: this.#facts.node,
      startTimeMs,
      maxconn: config.global.maxconn,
      nbthread: plan.threads,
      engine: this.#engine.name,
      stopping: () => this.#facts.stopping,
      droppedLogs: () => this.#logs.lost,
    });
  }

  #belongings(): DataThread {
    const { config, plan, thread } = this.#start;
    const engine = this.#engine;
    const stopping = this.#stopping;
    const certificates = new ThreadCertificates(this.#start.tls);
    return {
      index: thread,
      tune: config.global.tune,
      rejectsPrivilegedPorts: rejectsPrivilegedPorts(config.global),
      glitches: glitchLimits(config.global, this.#facts),
      http2: http2Settings(config.global),
      http2Servers: http2ServerSettings(config.global),
      engine,
      wheel: engine.wheel,
      timeOfDay: this.#timeOfDay,
      buffers: new BufferPool(config.global.tune.bufsize),
      process: this.#facts,
      stats: statsView(config, this.#state, () => engine.wheel.now),
      servers: serversView(config, this.#state, () => engine.wheel.now),
      variables: this.#variables,
      variableRoom: this.#variableRoom,
      state: this.#state,
      compressors: new Compressors(config.global, plan.threads, this.#state),
      logs: this.#logs,
      services: this.#services,
      statusKinds: new StatusKinds(config.global),
      liveStreams: new LiveStreams(),
      traces: threadTraces(this.#start, message => this.#tell(message)),
      meters: new WorkMeters(engine.wheel),
      certificates,
      serverContexts: new ServerContexts(certificates, keepsSecrets(config.global)),
      names: new NameLookups((id, question) => this.#tell({ kind: 'resolve', id, question })),
      badMessages: new BadMessages(),
      publishPatternUpdate: update => this.#copies.publish(update),
      streams: new StreamsByServer(),
      reportErrors: (server, errors, last) => this.#tell({ kind: 'observed-errors', server, errors, last }),
      clients: new WaitingClients(),
      reverse: new ReverseDesk(
        { engine, bridges: http2ServerSettings(config.global).session },
        {
          attached: (server, name, isThere) => this.#tell({ kind: 'attached', server, name, isThere }),
          bridge: (to, server, name, fd) => this.#tell({ kind: 'bridge', thread: to, server, name, fd }),
        },
      ),
      // no getter: with one the object is a hash table to V8, and asked many times a request
      sendsAway: () => stopping.sendsAway(),
    };
  }

  #createListeners(): ThreadListeners {
    const { config, plan, thread, ticketKeys, earlyMemory } = this.#start;
    return new ThreadListeners({
      config,
      plan,
      thread: this.#thread,
      runtime: this.#runtime,
      reception: new Reception(this.#thread),
      logs: this.#logs,
      ticketKeys,
      earlyGuard: new EarlyGuard(new SeenHellos(earlyMemory)),
      roomAgain: () => this.#tell({ kind: 'room' }),
      warn: text => this.#tell({ kind: 'notice', level: 'warning', text, about: { thread } }),
    });
  }

  #orderDesk(): OrderDesk {
    const { counters } = this.#state;
    return new OrderDesk({
      knowServer: change => this.#knowServer(change),
      knowBackend: change => this.#knowBackend(change),
      listeners: this.#listeners,
      copies: this.#copies,
      thread: this.#thread,
      profiling: this.#start.profiling,
      accepted: () => counters.own[counters.process + FIELD.conn_tot] ?? 0,
      droppedLogs: () => this.#logs.lost,
    });
  }

  #knowServer({ backend, row, server }: ChangedServer): void {
    this.#runtime.serverChanged(backend, row, server);
    this.#statistics.setServer(row, server);
  }

  #knowBackend({ row, proxy, files }: ChangedBackend): void {
    for (const [path, file] of files) this.#files.set(path, file);
    this.#runtime.backendChanged(row, proxy);
  }

  #tell(message: ToControl): void {
    this.#port.postMessage(message);
  }

  #hear(message: ToData): void {
    switch (message.kind) {
      case 'listen':
        // the user may have changed since the thread started
        holdCapabilities(this.#start.config.global);
        this.#thread.reverse.begin();
        for (const handover of message.listeners) this.#listeners.listen(handover);
        return;
      case 'grant':
        return this.#state.queues.onGrant(message.server, message.queue);
      case 'attached':
        return this.#thread.reverse.heard(message.thread, message.server, message.name, message.isThere);
      case 'thread-lost':
        return this.#thread.reverse.lost(message.thread);
      case 'bridge':
        return this.#thread.reverse.serve(message.server, message.name, message.fd);
      case 'resolved':
        return this.#thread.names.answered(message.id, message.host);
      case 'room':
        return this.#listeners.retry();
      case 'vrrp':
        this.#statistics.vrrp = message.snapshot;
        return;
      case 'acted':
        return this.#services.acted(message.id, message.changed);
      case 'nameservers-told':
        return this.#services.nameserversTold(message.id, message.reports);
      case 'flush':
        return this.#flush(message.server, message.backend);
      case 'drop-idle':
        return this.#runtime.dropIdle(message.backend, message.server);
      case 'shutdown-sessions':
        this.#thread.streams.shutdown(message.server, SHUTDOWN_LETTERS[message.why]);
        return;
      case 'stopping':
        this.#facts.stopping = true;
        return;
      case 'order':
        return this.#tell({ kind: 'done', id: message.id, result: this.#desk.run(message.order) });
      case 'script':
        return this.#scripts.heard(message.message);
      case 'soft-stop':
        return this.#drain();
      case 'stop':
        return this.#end();
    }
  }

  #flush(server: number, backend: number | undefined): void {
    const waiting = this.#state.queues.flushServer(server);
    if (backend !== undefined) waiting.push(...this.#state.queues.flushBackend(backend));
    for (const { waiter } of waiting) waiter.onFlushed?.();
  }

  /** Idle server connections do not hold the thread up: they are closed with the last client. */
  #drain(): void {
    this.#stopping.begin();
    this.#listeners.drain();
    this.#thread.reverse.drain((delayMs, end) => setTimeout(end, delayMs).unref());
    this.#drainLook = setInterval(() => {
      this.#stopping.look(this.#thread.clients);
      if (this.#thread.reverse.isNeeded) return;
      if (this.#listeners.unused) this.#end();
    }, DRAIN_LOOK_MS);
  }

  /** Messages on their way find nobody any more. */
  #end(): void {
    this.#port.off('message', this.#hears);
    clearInterval(this.#drainLook);
    clearInterval(this.#countLook);
    this.#listeners.close();
    this.#scripts.program?.stop();
    this.#engine.destroy();
    this.#port.close();
  }
}
