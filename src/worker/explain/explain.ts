/**
 * Tells what would become of one request: builds a data thread on an engine without a network, lets a real session
 * serve the request there, and writes down which rules it read, where it went and what was sent.
 */
import { noCertificates } from '../../certificates/certificate-store.ts';
import { ServerContexts } from '../../net/tls/server-contexts.ts';
import { ThreadCertificates } from '../../net/tls/thread-certificates.ts';
import { WaitingClients } from '../../proxy/client/waiting-clients.ts';
import { WorkMeters } from '../../proxy/accounts/work-meter.ts';
import { isIPv6 } from 'node:net';
import { VariableStore } from '../../acl/variables.ts';
import { serverSeed } from '../../balancers/server-seed.ts';
import type { ExplainOptions } from '../../config-parser/explain-command.ts';
import type { Config } from '../../model/config.ts';
import { BufferPool } from '../../net/buffer-pool.ts';
import type { Endpoint } from '../../net/connection.ts';
import { BadMessages } from '../../proxy/accounts/bad-messages.ts';
import { Compressors } from '../../proxy/bodies/compressors.ts';
import { LiveStreams } from '../../proxy/live-streams.ts';
import { Reception } from '../../proxy/accept.ts';
import { ReverseDesk } from '../../proxy/reverse/reverse-desk.ts';
import { StreamsByServer } from '../../proxy/server/server-streams.ts';
import { NameLookups } from '../../proxy/request/name-lookups.ts';
import { Runtime } from '../../proxy/runtime/compile-runtime.ts';
import { glitchLimits } from '../../proxy/client/glitches.ts';
import { http2ServerSettings } from '../../proxy/http2/server-settings.ts';
import { http2Settings } from '../../proxy/http2/settings.ts';
import { ListenerService } from '../../proxy/runtime/listener-service.ts';
import type { DataThread, WatchedExchange } from '../../proxy/runtime/runtime.ts';
import { TraceBoard } from '../../state/trace-board.ts';
import { Traces } from '../../traces/traces.ts';
import { RuleRecorder } from '../../rules/explain.ts';
import { ConfiguredView } from '../../stats/view.ts';
import { StatusKinds } from '../../rules/status-kinds.ts';
import { SharedState } from '../../state/shared-state.ts';
import { planState } from '../../state/plan.ts';
import { SRV_STOPPED } from '../../state/server-words.ts';
import type { RingPlaces } from '../logs/log-rings.ts';
import { ProcessExpressions } from '../process/process-expressions.ts';
import { ThreadProcessFacts } from '../process/process-facts.ts';
import { loadScripts } from '../scripts/scripts.ts';
import { serversView, statsView } from '../process/state-views.ts';
import { threadNumbers } from '../threads/thread-numbers.ts';
import { ThreadServices } from '../threads/thread-services.ts';
import { chooseListener, type ListenerChoice } from './choose-listener.ts';
import type { Explanation } from './explanation.ts';
import { MemoryEngine } from './memory-engine.ts';
import { explainBackend, explainServer } from './reasons.ts';
import { Story } from './story.ts';
import { proxyHeaderBytes, requestBytes, responseBytes } from './wire-text.ts';

/** Answers a sentence when the request can reach nothing. */
export function explainRequest(config: Config, options: ExplainOptions): Explanation | string {
  const choice = chooseListener(config, options);
  if (typeof choice === 'string') return choice;
  const state = makeState(config, options.down);
  if (typeof state === 'string') return state;
  const story = new Story(options.responseStatus === undefined ? undefined : responseBytes(options));
  const engine = new MemoryEngine(Date.now(), story);
  const { thread, recorder, runtime } = makeThread(config, state, engine, story);
  setVariables(config, state, thread, runtime);
  serve(choice, options, thread, runtime, engine, story);
  engine.destroy();
  return tell(choice, options, story, recorder);
}

function makeState(config: Config, down: readonly string[]): SharedState | string {
  const plan = planState(config, 1);
  const control = SharedState.create(plan);
  const writer = control.configure(config, serverSeed);
  for (const name of down) {
    const [backend, server] = name.split('/');
    const row = config.proxies.findIndex(proxy => proxy.kind !== 'frontend' && proxy.name === backend);
    const index = config.proxies[row]?.servers.findIndex(one => one.name === server) ?? -1;
    if (index < 0) return `there is no server '${name}'`;
    writer.setState((plan.firstServer[row] as number) + index, SRV_STOPPED);
  }
  return SharedState.attach(control.buffer, plan, 1, control.tables.shared, control.caches.shared);
}

/** In a thread of their own, so that what they print at load is not printed again; their tasks never start. */
function useScripts(config: Config, { environments }: Runtime): void {
  const environment = environments.outside(() => undefined);
  const scripts = loadScripts({ config, thread: 2, nbthread: 2, environment, logs: undefined });
  scripts?.init();
  environments.useScripts(scripts);
}

/** Nobody reads them here. */
const NO_RINGS: RingPlaces = { settings: new Map(), write: () => undefined };

/** Events become part of the story. */
class ToldProcess extends ThreadProcessFacts {
  readonly #story: Story;

  constructor(start: ConstructorParameters<typeof ThreadProcessFacts>[0], story: Story) {
    super(start, NO_RINGS);
    this.#story = story;
  }

  override writeEvent(sink: string, line: string): void {
    this.#story.events.push({ sink, line });
  }
}

/** `set-var` of the global section. */
function setVariables(config: Config, state: SharedState, thread: DataThread, runtime: Runtime): void {
  for (const { name, value } of new ProcessExpressions(config, state, NO_RINGS).fromConfiguration()) {
    const variable = runtime.variables.resolve(name);
    if (typeof variable === 'object') thread.variables.set(variable.slot, value);
  }
}

interface ExplainingThread {
  readonly thread: DataThread;
  readonly runtime: Runtime;
  readonly recorder: RuleRecorder;
}

function makeThread(
  config: Config,
  state: SharedState,
  engine: MemoryEngine,
  story: Story,
): ExplainingThread {
  const { plan } = state;
  const recorder: RuleRecorder = new RuleRecorder(section => runtime.environments.of(section));
  const startTimeMs = Date.now();
  const facts = new ToldProcess({ thread: 1, config, plan }, story);
  const numbers = threadNumbers({
    node: facts.node,
    startTimeMs,
    maxconn: config.global.maxconn,
    nbthread: 1,
    engine: engine.name,
    stopping: () => false,
    droppedLogs: () => 0,
  });
  const certificates = new ThreadCertificates(noCertificates().material());
  const thread: DataThread = {
    index: 1,
    engine,
    wheel: engine.wheel,
    timeOfDay: Date.now,
    buffers: new BufferPool(config.global.tune.bufsize),
    process: facts,
    stats: statsView(config, state, () => engine.wheel.now),
    servers: serversView(config, state, () => engine.wheel.now),
    variables: new VariableStore(),
    variableRoom: undefined,
    state,
    compressors: new Compressors(config.global, 1, state),
    logs: {
      channel: () => ({ open: false, write: () => undefined, begin: () => undefined, end: () => undefined }),
    },
    services: new ThreadServices(new ConfiguredView(config, state, numbers), () => undefined),
    sendsAway: () => false,
    tune: config.global.tune,
    rejectsPrivilegedPorts: false,
    http2: http2Settings(config.global),
    glitches: glitchLimits(config.global, { cpuUsage: () => 0 }),
    http2Servers: http2ServerSettings(config.global),
    clients: new WaitingClients(),
    reverse: ReverseDesk.alone(engine),
    names: new NameLookups(id => thread.names.answered(id, undefined)),
    publishPatternUpdate: () => undefined,
    streams: new StreamsByServer(),
    liveStreams: new LiveStreams(),
    traces: new Traces(TraceBoard.create(1), 1, 1, () => undefined),
    meters: new WorkMeters(engine.wheel),
    badMessages: new BadMessages(),
    certificates,
    serverContexts: new ServerContexts(certificates),
    statusKinds: new StatusKinds(config.global),
    reportErrors: () => undefined,
    watcher: {
      rules: recorder,
      began: exchange => {
        story.exchange = exchange;
      },
    },
  };
  const runtime: Runtime = new Runtime(config, thread);
  useScripts(config, runtime);
  return { thread, runtime, recorder };
}

function serve(
  { row, index, bind }: ListenerChoice,
  options: ExplainOptions,
  thread: DataThread,
  runtime: Runtime,
  engine: MemoryEngine,
  story: Story,
): void {
  const reception = new Reception(thread);
  const listenerRow = (thread.state.plan.firstListener[row] as number) + index;
  const listener = new ListenerService(bind, listenerRow, runtime.frontend(row), thread, {
    serve: (service, connection) => reception.serve(service, connection),
    roomAgain: () => undefined,
  });
  listener.open(-1, () => undefined);
  const { host, port } = options.source;
  const source: Endpoint = { family: isIPv6(host) ? 6 : 4, host, port };
  const destination = destinationOf(bind.address);
  story.client = engine.accept(bind.acceptProxy ? proxyInFront(destination, port) : source, destination);
  if (bind.acceptProxy) story.client.deliver(proxyHeaderBytes(source, seenFrom(source, destination)));
  story.client.deliver(requestBytes(options));
  engine.run(() => story.over);
}

/** Rules that run before the PROXY header is read see who sent it: somebody on this host. */
function proxyInFront({ family }: Endpoint, port: number): Endpoint {
  return { family, host: LOOPBACK[family], port };
}

/** A header of the PROXY protocol has room for addresses of one family. */
function seenFrom({ family }: Endpoint, destination: Endpoint): Endpoint {
  return family === destination.family ? destination : { ...destination, family, host: LOOPBACK[family] };
}

const LOOPBACK = { 0: '', 4: '127.0.0.1', 6: '::1' } as const;

/** A wildcard is reached at the loopback address. */
function destinationOf(address: ListenerChoice['bind']['address']): Endpoint {
  if (address.kind !== 'ip') return { family: 0, host: '', port: 0 };
  const host = address.host === '0.0.0.0' ? '127.0.0.1' : address.host === '::' ? '::1' : address.host;
  return { family: address.family, host, port: address.port };
}

function tell(
  { proxy, bind, reason }: ListenerChoice,
  options: ExplainOptions,
  story: Story,
  { rules }: RuleRecorder,
): Explanation {
  const { backend, server, cookieServer, termination } = story.facts;
  return {
    request: requestBytes(options).toString('latin1'),
    frontend: {
      name: proxy.name,
      file: proxy.position.file,
      line: proxy.position.line,
      bind: bind.written,
      bindLine: bind.position.line,
      reason,
    },
    rules,
    backend: backend && explainBackend(backend, proxy, rules),
    server:
      server && explainServer(server, rules, cookieServer === server, story.exchange as WatchedExchange),
    events: story.events,
    outcome: story.outcome,
    termination,
  };
}
