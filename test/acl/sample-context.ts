/** A sample context for tests: a request built from parts, everything else as one example connection. */
import { HeaderList } from '../../src/http/header-list.ts';
import type { RequestHead, ResponseHead } from '../../src/http/head.ts';
import type {
  BodyFacts,
  ByteView,
  ClientFacts,
  ProcessFacts,
  ProxyFacts,
  SampleContext,
  ServerFacts,
  ServersView,
  StatsView,
  TransactionFacts,
} from '../../src/acl/context.ts';
import { VariableStore } from '../../src/acl/variables.ts';

export type HeaderPairs = readonly (readonly [string, string])[];

export function headerList(pairs: HeaderPairs): HeaderList {
  const headers = new HeaderList();
  for (const [name, value] of pairs) headers.add(name, value);
  return headers;
}

export function requestHead(method: string, target: string, pairs: HeaderPairs, version = 11): RequestHead {
  return { method, target, version, headers: headerList(pairs) };
}

export function responseHead(status: number, pairs: HeaderPairs, reason = 'OK'): ResponseHead {
  return { status, reason, version: 11, headers: headerList(pairs) };
}

export function bodyOf(text: string, complete = true): BodyFacts {
  const buffer = Buffer.from(text, 'latin1');
  return { buffer, offset: 0, length: buffer.length, complete, broken: false, announced: buffer.length };
}

export function bytes(hex: string): ByteView {
  const buffer = Buffer.from(hex, 'hex');
  return { buffer, offset: 0, length: buffer.length };
}

const TIMEOUTS = { client: 30000, server: 40000, connect: 5000, queue: 6000, tunnel: 0, tarpit: 7000 };

export const FRONTEND: ProxyFacts = { name: 'fe1', id: 2, defaultBackend: 'be1', timeouts: TIMEOUTS };
export const BACKEND: ProxyFacts = { name: 'be1', id: 3, defaultBackend: undefined, timeouts: TIMEOUTS };

export const CLIENT: ClientFacts = {
  source: { family: 4, host: '192.0.2.7', port: 51234 },
  destination: { family: 4, host: '198.51.100.1', port: 443 },
  originalSource: { family: 4, host: '10.0.0.1', port: 4000 },
  originalDestination: { family: 4, host: '10.0.0.2', port: 8443 },
  fd: -1,
  transport: 'tcp',
  proxyProtocol: undefined,
  namespace: undefined,
  tls: undefined,
  error: undefined,
  httpMajor: 1,
  requestCount: 1,
  streams: 1,
  streamsLimit: 1,
  streamId: undefined,
  rstCode: undefined,
  glitches: 0,
  acceptTimeMs: Date.UTC(2024, 3, 26, 7, 41, 11, 774),
  acceptTimeUs: 123,
};

export const SERVER: ServerFacts = {
  name: 's1',
  id: 1,
  destination: { family: 4, host: '10.1.0.1', port: 8080 },
  source: { family: 4, host: '10.1.0.254', port: 40001 },
  fd: -1,
  reused: true,
  httpMajor: 1,
  streams: 1,
  streamsLimit: 1,
  streamId: undefined,
  rstCode: undefined,
  glitches: 0,
  error: undefined,
  tls: undefined,
};

export const TRANSACTION: TransactionFacts = {
  timers: {
    acceptTimeMs: Date.UTC(2024, 3, 26, 7, 41, 11, 774),
    requestTimeMs: Date.UTC(2024, 3, 26, 7, 41, 12, 5),
    requestTimeUs: 42,
    handshake: 0,
    idle: 10,
    request: 20,
    queue: 30,
    connect: 40,
    response: 50,
    data: 60,
    active: 200,
    total: 210,
  },
  timeouts: { ...TIMEOUTS, server: 12345 },
  status: 200,
  serverStatus: 200,
  terminationState: '--',
  cookieState: 'NI',
  retries: 1,
  redispatched: false,
  serverQueue: 4,
  backendQueue: 5,
  bytes: { fromClient: 100, toServer: 101, fromServer: 2000, toClient: 2001 },
  id32: 77,
  logCounter: 8,
  logOrigin: 'txn_close',
  priorityClass: 0,
  priorityOffset: 0,
  lastRule: { file: 'a.cfg', line: 12 },
  waitingEntity: undefined,
  cacheHit: undefined,
  servedBy: undefined,
  compression: undefined,
  clientAborted: false,
  serverAborted: false,
  streamId: 0,
  badRequest: false,
  frontendConnections: 12,
  backendConnections: 15,
  serverConnections: 9,
};

const PROCESS: ProcessFacts = {
  pid: 4242,
  hostname: 'host1',
  node: 'host1',
  stopping: false,
  thread: 1,
  nbthread: 2,
  bufferBytes: 16384,
  rewriteBytes: 1024,
  nowMs: () => Date.UTC(2024, 3, 26, 7, 42, 0, 250),
  uptimeMs: () => 2_520_250,
  nowUs: () => 250111,
  cpuUsage: () => 7,
  random32: () => 0x80000000,
  environment: () => undefined,
  writeEvent: () => undefined,
  isLocalAddress: ip => ip.toString() === '198.51.100.1',
};

const STATS: StatsView = {
  processConnections: () => 11,
  frontendConnections: () => 12,
  frontendSessionRate: () => 13,
  frontendRequestRate: () => 14,
  backendConnections: () => 15,
  backendSessionRate: () => 16,
  backendQueue: () => 17,
};

const SERVERS: ServersView = {
  ids: () => [1, 2],
  isUp: (_backend, server) => server === 1,
  isUsable: (_backend, server) => server === 1,
  usable: () => 1,
  connections: () => 3,
  maxconn: () => 10,
  maxqueue: () => 20,
  queue: () => 2,
  sessionRate: () => 6,
  weight: () => 50,
  userWeight: () => 60,
  initialWeight: () => 100,
};

export type MutableContext = { -readonly [Key in keyof SampleContext]: SampleContext[Key] };

export function sampleContext(overrides: Partial<SampleContext> = {}): MutableContext {
  const request = overrides.request;
  return {
    final: true,
    needMoreData: false,
    client: CLIENT,
    server: SERVER,
    listener: { id: 1, name: 'https-in', connections: 21 },
    frontend: FRONTEND,
    backend: BACKEND,
    request: undefined,
    response: undefined,
    requestLine: request && { method: request.method, target: request.target, version: request.version },
    requestBody: undefined,
    responseBody: undefined,
    requestPayload: undefined,
    responsePayload: undefined,
    processVariables: new VariableStore(),
    sessionVariables: new VariableStore(),
    transactionVariables: new VariableStore(),
    requestVariables: new VariableStore(),
    responseVariables: new VariableStore(),
    checkVariables: undefined,
    ownCounters: undefined,
    sessionCounters: undefined,
    requestCaptures: [],
    responseCaptures: [],
    requestCookieCapture: undefined,
    responseCookieCapture: undefined,
    uniqueId: undefined,
    transaction: TRANSACTION,
    process: PROCESS,
    stats: STATS,
    servers: SERVERS,
    ...overrides,
  };
}
