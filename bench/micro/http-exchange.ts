/**
 * What one request costs in JavaScript: everything between an engine that hands over bytes and one that takes them,
 * the kernel left out. `node dist/bench/micro/http-exchange.js [part of a name]`.
 *
 * With many connections their exchanges go on in waves, as under load: all requests arrive, all are sent, all answers
 * arrive, all are sent. What one of them touches is out of the caches when it is its turn again: that is what an
 * object too many costs.
 */
import { ByteLine } from '../../src/base/byte-line.ts';
import { WaitingClients } from '../../src/proxy/client/waiting-clients.ts';
import { WorkMeters } from '../../src/proxy/accounts/work-meter.ts';
import { VariableStore } from '../../src/acl/variables.ts';
import { serverSeed } from '../../src/balancers/server-seed.ts';
import { noCertificates } from '../../src/certificates/certificate-store.ts';
import { parseConfig } from '../../src/config-parser/parse.ts';
import type { Config } from '../../src/model/config.ts';
import { ServerContexts } from '../../src/net/tls/server-contexts.ts';
import { ThreadCertificates } from '../../src/net/tls/thread-certificates.ts';
import { BufferPool } from '../../src/net/buffer-pool.ts';
import type {
  Connection,
  ConnectionHandler,
  ConnectTarget,
  Endpoint,
  Engine,
  Listener,
} from '../../src/net/connection.ts';
import { TimerWheel } from '../../src/net/timer-wheel.ts';
import { Reception } from '../../src/proxy/accept.ts';
import { ReverseDesk } from '../../src/proxy/reverse/reverse-desk.ts';
import { StreamsByServer } from '../../src/proxy/server/server-streams.ts';
import { NameLookups } from '../../src/proxy/request/name-lookups.ts';
import { Compressors } from '../../src/proxy/bodies/compressors.ts';
import { Runtime } from '../../src/proxy/runtime/compile-runtime.ts';
import { glitchLimits } from '../../src/proxy/client/glitches.ts';
import { http2ServerSettings } from '../../src/proxy/http2/server-settings.ts';
import { http2Settings } from '../../src/proxy/http2/settings.ts';
import { ListenerService } from '../../src/proxy/runtime/listener-service.ts';
import type { DataThread, LogSink } from '../../src/proxy/runtime/runtime.ts';
import { planState } from '../../src/state/plan.ts';
import { StatusKinds } from '../../src/rules/status-kinds.ts';
import { SharedState } from '../../src/state/shared-state.ts';
import { serversView, statsView } from '../../src/worker/process/state-views.ts';
import { BadMessages } from '../../src/proxy/accounts/bad-messages.ts';
import { TraceBoard } from '../../src/state/trace-board.ts';
import { Traces } from '../../src/traces/traces.ts';
import { LiveStreams } from '../../src/proxy/live-streams.ts';
import { LogBackends } from '../../src/worker/logs/log-backends.ts';
import { ThreadLogSink } from '../../src/worker/logs/log-sink.ts';
import { haproxyConfiguration, mapText } from '../configurations.ts';
import { scenario } from '../scenario.ts';
import { measure } from './measure.ts';

const PLAIN = `
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend f
  bind 127.0.0.1:1
  default_backend b
backend b
  server s 127.0.0.1:2
`;
const LOGGED = PLAIN.replace('mode http', 'mode http\n  option httplog\n  log 127.0.0.1:9 local0');
/** Lines go nowhere. */
const RENDERED = LOGGED.replace('127.0.0.1:9', '127.0.0.1:1');
const RULES = PLAIN.replace(
  'default_backend b',
  `default_backend b
  acl api path_beg /api/
  acl bad hdr_sub(user-agent) -i robot
  http-request deny if api bad
  http-request set-header X-Real-IP %[src]
  http-request del-header X-Internal
  http-response del-header Server`,
);

const CACHED = `${PLAIN.replace('server s', 'http-request cache-use c\n  http-response cache-store c\n  server s')}
cache c
  total-max-size 4
  max-age 86400
`;

/** As the case h1-rules of the benchmark. */
const EDGE = haproxyConfiguration(
  scenario('', { rich: true }),
  { listen: 1, origin: 2, log: 9 },
  { map: 'tenants.map', certificate: '' },
);

const SHORT = 'GET / HTTP/1.1\r\nHost: 127.0.0.1:7002\r\n\r\n';
const BROWSER = `GET /articles/2026/index.html?page=2 HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\nAccept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-GB,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nDNT: 1\r\nConnection: keep-alive\r\nCookie: session=8d0f7a36c1b94e1b; theme=dark; consent=yes\r\nUpgrade-Insecure-Requests: 1\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\nPriority: u=0, i\r\n\r\n`;
const ANSWER = `HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 07:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: 100\r\nCache-Control: max-age=86400\r\nConnection: keep-alive\r\n\r\n${'o'.repeat(100)}`;

/** Bytes in front of what arrived, as a ring's slots have them. */
const HEADROOM = 1024;

class MemoryConnection implements Connection {
  readonly id = 1;
  readonly headroom = HEADROOM;
  readonly fd = -1;
  bytesIn = 0;
  bytesOut = 0;
  remote: Endpoint = { family: 4, host: '127.0.0.1', port: 40_000 };
  local: Endpoint = { family: 4, host: '127.0.0.1', port: 1 };
  receiving = false;
  sending = false;
  closed = false;
  handler: ConnectionHandler;
  readonly engine: MemoryEngine;

  constructor(handler: ConnectionHandler, engine: MemoryEngine) {
    this.handler = handler;
    this.engine = engine;
  }
  receive(): void {
    this.receiving = true;
  }
  send(_buffer: Buffer, _offset: number, _length: number): void {
    this.sending = true;
    this.engine.asked = this;
  }
  shutdown(): void {}
  close(): void {
    this.closed = true;
  }
  reset(): void {
    this.closed = true;
  }

  arrives(buffer: Buffer, length: number): void {
    if (!this.receiving) throw new Error('nobody receives');
    this.receiving = false;
    this.handler.onReceived(this, buffer, HEADROOM, length);
  }
  isSent(): void {
    if (!this.sending) throw new Error('nothing was sent');
    this.sending = false;
    this.handler.onSent(this);
  }
}

class MemoryEngine implements Engine {
  readonly name = 'node';
  readonly wheel = new TimerWheel(() => performance.now());
  readonly openConnections = 0;
  accept: ((connection: Connection) => void) | undefined;
  connecting: MemoryConnection | undefined;
  /** What was sent on last. */
  asked: MemoryConnection | undefined;

  listen(_fd: number, onAccept: (connection: Connection) => void): Listener {
    this.accept = onAccept;
    return { pause() {}, resume() {}, close() {}, paused: false };
  }
  connect(_target: ConnectTarget, handler: ConnectionHandler): Connection {
    this.connecting = new MemoryConnection(handler, this);
    return this.connecting;
  }
  adopt(): never {
    throw new Error('nothing here is a socket');
  }
  queue(): never {
    throw new Error('nothing here waits');
  }
  connected(): void {
    this.connecting?.handler.onConnected(this.connecting);
  }
  destroy(): void {}
}

/** An lb of one thread; gives the function that plays one exchange on each connection through it. */
function balancer(text: string, request: string, answer: string, connections: number): () => void {
  const parsed = parseConfig([{ path: 'bench.cfg', text }], {
    environment: {},
    readFile: () => ({ error: 'none' }),
  });
  // as a data thread gets it
  const config = structuredClone(parsed.config) as Config;
  const plan = planState(config, 1);
  const control = SharedState.create(plan);
  control.configure(config, serverSeed);
  const state = SharedState.attach(control.buffer, plan, 1, [], control.caches.shared);
  const engine = new MemoryEngine();
  const thread = threadOf(config, engine, state, text === RENDERED);
  const runtime = new Runtime(config, thread, { readFile: () => ({ content: mapText() }) });
  const frontend = runtime.frontend(0);
  const reception = new Reception(thread);
  const listener = new ListenerService(config.proxies[0]?.binds[0] as never, 0, frontend, thread, {
    serve: (service, connection) => reception.serve(service, connection),
    roomAgain: () => undefined,
  });
  listener.open(0, () => undefined);
  const exchanges = Array.from({ length: connections }, () => {
    const client = new MemoryConnection(undefined as never, engine);
    engine.accept?.(client);
    return new Exchange(client, engine, Buffer.from(request), Buffer.from(answer));
  });
  return () => {
    for (const each of exchanges) each.ask();
    for (const each of exchanges) each.asked();
    for (const each of exchanges) each.reply();
    for (const each of exchanges) each.replied();
  };
}

/** Heads are changed where they lie: each arrives as new, in memory of its connection's. */
class Exchange {
  readonly #client: MemoryConnection;
  readonly #engine: MemoryEngine;
  readonly #request: Buffer;
  readonly #answer: Buffer;
  readonly #slots = [Buffer.allocUnsafeSlow(16_384), Buffer.allocUnsafeSlow(16_384)] as const;
  #server: MemoryConnection | undefined;

  constructor(client: MemoryConnection, engine: MemoryEngine, request: Buffer, answer: Buffer) {
    this.#client = client;
    this.#engine = engine;
    this.#request = request;
    this.#answer = answer;
  }

  ask(): void {
    this.#slots[0].set(this.#request, HEADROOM);
    this.#engine.connecting = undefined;
    this.#client.arrives(this.#slots[0], this.#request.length);
    this.#engine.connected();
    this.#server = this.#engine.asked as MemoryConnection;
  }

  /** Answered from a cache: no server was asked. */
  get #isHit(): boolean {
    return this.#server === this.#client;
  }

  asked(): void {
    if (!this.#isHit) (this.#server as MemoryConnection).isSent();
  }

  reply(): void {
    if (this.#isHit) return;
    this.#slots[1].set(this.#answer, HEADROOM);
    (this.#server as MemoryConnection).arrives(this.#slots[1], this.#answer.length);
  }

  replied(): void {
    this.#client.isSent();
  }
}

const NO_SINK: LogSink = {
  channel: () => ({
    open: true,
    write: () => undefined,
    begin: () => {
      line.length = 0;
      return line;
    },
    end: () => undefined,
  }),
};
const line = new ByteLine();

function threadOf(config: Config, engine: MemoryEngine, state: SharedState, isRendered: boolean): DataThread {
  const noRings = { settings: new Map<string, never>(), write: () => undefined };
  const certificates = new ThreadCertificates(noCertificates().material());
  return {
    index: 1,
    engine,
    tune: config.global.tune,
    rejectsPrivilegedPorts: false,
    glitches: glitchLimits(config.global, { cpuUsage: () => 0 }),
    http2Servers: http2ServerSettings(config.global),
    http2: http2Settings(config.global),
    wheel: engine.wheel,
    timeOfDay: Date.now,
    buffers: new BufferPool(config.global.tune.bufsize),
    process: {} as DataThread['process'],
    stats: statsView(config, state, () => engine.wheel.now),
    servers: serversView(config, state, () => engine.wheel.now),
    variableRoom: undefined,
    variables: new VariableStore(),
    state,
    compressors: new Compressors(config.global, 1, state),
    logs: isRendered
      ? NO_SINK
      : new ThreadLogSink(config.global, noRings, new LogBackends(config, state, noRings, socket => socket)),
    services: {} as DataThread['services'],
    liveStreams: new LiveStreams(),
    traces: new Traces(TraceBoard.create(1), 1, 1, () => undefined),
    meters: new WorkMeters(engine.wheel),
    names: new NameLookups(() => undefined),
    badMessages: new BadMessages(),
    statusKinds: new StatusKinds(config.global),
    publishPatternUpdate: () => undefined,
    streams: new StreamsByServer(),
    reportErrors: () => undefined,
    sendsAway: () => false,
    certificates,
    serverContexts: new ServerContexts(certificates),
    clients: new WaitingClients(),
    reverse: ReverseDesk.alone(engine),
  };
}

const wanted = process.argv[2] ?? '';
for (const [name, text, request, connections] of [
  ['plain, 2-line request', PLAIN, SHORT, 1],
  ['plain, 2-line request, 64 connections', PLAIN, SHORT, 64],
  ['plain, 2-line request, 512 connections', PLAIN, SHORT, 512],
  ['plain, 14-line request', PLAIN, BROWSER, 1],
  ['rules, 14-line request', RULES, BROWSER, 1],
  ['thirty ACLs, 2-line request', EDGE, SHORT, 1],
  ['thirty ACLs, 2-line request, 64 connections', EDGE, SHORT, 64],
  ['thirty ACLs, 14-line request', EDGE, BROWSER, 1],
  ['logged, 2-line request', LOGGED, SHORT, 1],
  ['logged, 2-line request, 64 connections', LOGGED, SHORT, 64],
  ['logged but not sent, 2-line request', RENDERED, SHORT, 1],
  ['logged but not sent, 2-line request, 64 connections', RENDERED, SHORT, 64],
  ['logged but not sent, 2-line request, 512 connections', RENDERED, SHORT, 512],
  ['cached, 2-line request', CACHED, SHORT, 1],
  ['cached, 2-line request, 64 connections', CACHED, SHORT, 64],
  ['cached, 14-line request', CACHED, BROWSER, 1],
] as const)
  if (name.includes(wanted)) {
    const wave = balancer(text, request, ANSWER, connections);
    measure(name, wave, Math.ceil(200_000 / connections), connections);
  }
process.exit();
