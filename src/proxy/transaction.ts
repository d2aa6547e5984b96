/**
 * Everything one request (or one TCP session) owns: its heads, timers, choices and fate. Rules and log formats
 * read it as their SampleContext. A session reuses one object for its requests, one after the other.
 */
import type { BandwidthInForce, BandwidthLimit } from '../model/bandwidth-limit.ts';
import type { Throttle } from '../net/throttle.ts';
import type { TimerWheel } from '../net/timer-wheel.ts';
import { NO_DATES, type CookieDates } from './cookie-persistence.ts';
import { BandwidthLimits } from './bandwidth.ts';
import type {
  BodyFacts,
  ByteCounters,
  ByteView,
  ListenerFacts,
  ProcessFacts,
  ProxyFacts,
  RawRequest,
  RequestLine,
  ServerFacts,
  ServersView,
  StatsView,
  TimeoutFacts,
  TransactionFacts,
} from '../acl/context.ts';
import type { PatternUpdate } from '../acl/pattern-changes.ts';
import { VariableStore } from '../acl/variables.ts';
import type { Http1RequestHead } from '../http/request-head.ts';
import type { Http1ResponseHead } from '../http/response-head.ts';
import type { Connection, Endpoint } from '../net/connection.ts';
import type { Exchange, Flaw } from './accounting.ts';
import type { BodyReader } from './body-ahead.ts';
import type { ClientConnectionFacts } from './client-facts.ts';
import type { IpAddress } from '../base/ip-address.ts';
import type {
  CacheLookup,
  CompiledRule,
  ConnectionSide,
  ErrorPages,
  ResolveRequest,
  RuleTrace,
  TimeoutKind,
  WaitReason,
} from '../rules/context.ts';
import type { CaptureSide, CaptureSlots } from '../rules/capture-slots.ts';
import type { Reply } from '../rules/reply.ts';
import { setMark, setTos } from '../net/socket-options.ts';
import type { PendingStore } from '../rules/pending-store.ts';
import type { StatusKinds } from '../rules/status-kinds.ts';
import { countForAll, TrackedCounters } from '../state/stick-table/tracked-counters.ts';
import { ExchangeCaching } from './exchange-caching.ts';
import { ExchangeCounts } from './exchange-counts.ts';
import { PendingName } from './pending-name.ts';
import { RequestTimers } from './request-timers.ts';
import { ServerConnectionFacts } from './server-connection-facts.ts';
import {
  NO_ROW,
  type BackendRuntime,
  type DataThread,
  type ExchangeContext,
  type FrontendRuntime,
  type ListenerRuntime,
  type ServerRuntime,
} from './runtime.ts';
import { Termination } from './termination.ts';

/** First letters of termination states that are the server's fault, once it was asked (`http_fail_cnt`). */
const SERVER_FAILURES = new Set(['S', 's', 'P']);

/** Of this thread. */
let begun = 0;

const NO_CAPTURES: (string | undefined)[] = [];
const NO_THROTTLES: readonly Throttle[] = [];

export class Transaction implements ExchangeContext, TransactionFacts, Exchange {
  // ── what every exchange uses comes first: the object is thirteen cache lines long, these are five of them ──

  readonly #thread: DataThread;
  #client: ClientConnectionFacts | undefined;
  #listener: ListenerRuntime | undefined;
  backendRuntime: BackendRuntime | undefined;
  serverRuntime: ServerRuntime | undefined;
  serverConnection: Connection | undefined;
  request: Http1RequestHead | undefined;
  response: Http1ResponseHead | undefined;
  requestLine: RequestLine | undefined;
  readonly counts: ExchangeCounts;
  readonly timers = new RequestTimers();
  readonly termination = new Termination();
  readonly bytes: MutableByteCounters = { fromClient: 0, toServer: 0, fromServer: 0, toClient: 0 };
  /** Timeouts changed by `set-timeout`; undefined: those of the proxies. */
  ownTimeouts: Partial<TimeoutFacts> | undefined;
  ownCounters: TrackedCounters | undefined;
  bandwidth: BandwidthLimits | undefined;
  cacheHit: string | undefined;
  /** Made when a rule first asks for a cache, used again by the next request that does. */
  caching: ExchangeCaching | undefined;
  flaw: Flaw = 'none';
  status = 0;
  serverStatus = 0;
  retries = 0;
  failedRewrites = 0;
  serverReused = false;
  /** Of the server when it was dialed. */
  serverGeneration = 0;
  id32 = 0;
  #logged = false;
  requestRoom: number;
  responseRoom: number;
  #requestHeld = 0;
  #responseHeld = 0;
  readonly pendingStores: PendingStore[] = [];

  // ── what some use ──

  readonly pendingName = new PendingName();
  final = true;
  needMoreData = false;
  /** Where its bodies lie; a session in mode tcp has none. */
  bodies: BodyReader | undefined;
  requestPayload: ByteView | undefined;
  responsePayload: ByteView | undefined;
  rawRequest: RawRequest | undefined;
  /** Content rules of the frontend have run, before the connection turned to HTTP. */
  contentInspected = false;
  /** Found before the connection turned to HTTP. */
  chosenBackend: BackendRuntime | undefined;
  #uniqueId: string | undefined;
  readonly checkVariables = undefined;
  /** Made once, used again by the next request that tracks. */
  #counters: TrackedCounters | undefined;
  requestCookieCapture: string | undefined;
  responseCookieCapture: string | undefined;
  cookieState = '--';
  cookieServer: ServerRuntime | undefined;
  cookieDates: CookieDates = NO_DATES;
  cookieRead = false;
  redispatched = false;
  serverQueue = 0;
  backendQueue = 0;
  badRequest = false;
  clientAborted = false;
  serverAborted = false;
  logCounter = 0;
  logOrigin = '';
  /** 0..7, or -1: not logged; undefined: as the log line says. */
  logLevel: number | undefined;
  priorityClass = 0;
  priorityOffset = 0;
  lastRule: { readonly file: string; readonly line: number } | undefined;
  waitingEntity: string | undefined;
  compression: string | undefined;
  readonly streamId = 1;
  mayRetryRequest = true;
  proxyProtocolExpected = false;
  netscalerCipExpected = false;
  onEarlyHints: ((headers: readonly (readonly [name: string, value: string])[]) => void) | undefined;
  retriesAllowed: number | undefined;
  finalRule: CompiledRule | undefined;
  reply: Reply | undefined;
  service: string | undefined;
  /** The statistics page of that proxy (row in the plan) was asked for, with or without the right to act. */
  statistics: { readonly proxy: number; readonly admin: boolean } | undefined;
  rstTtl: number | undefined;
  resumeAt = 0;
  waitFor: WaitReason = 'time';
  waitMs = 0;
  waitBytes = 0;
  waitOver = false;
  softRewrites = false;
  readonly trace: RuleTrace | undefined;
  earlyHints: (readonly [name: string, value: string])[] | undefined;
  #transactionVariables: VariableStore | undefined;
  #requestVariables: VariableStore | undefined;
  #responseVariables: VariableStore | undefined;
  #requestCaptures: (string | undefined)[] | undefined;
  #responseCaptures: (string | undefined)[] | undefined;

  constructor(thread: DataThread) {
    this.#thread = thread;
    this.counts = new ExchangeCounts(thread);
    this.requestRoom = this.responseRoom = thread.buffers.size;
    this.trace = thread.watcher?.rules;
  }

  /** Whose exchange it is from now on; nothing of the previous one is left. */
  begin(listener: ListenerRuntime, client: ClientConnectionFacts): void {
    this.#listener = listener;
    this.#client = client;
    this.id32 = (begun++ * this.process.nbthread + this.#thread.index - 1) >>> 0;
    this.#thread.watcher?.began(this);
    this.pendingName.forget();
    this.timers.begin(client);
    this.counts.begin(listener);
    this.flaw = 'none';
    this.failedRewrites = 0;
    this.termination.clear();
    this.#logged = false;
    this.backendRuntime = undefined;
    this.serverRuntime = undefined;
    this.serverConnection = undefined;
    this.request = undefined;
    this.response = undefined;
    this.requestLine = undefined;
    this.#uniqueId = this.requestCookieCapture = this.responseCookieCapture = undefined;
    this.ownTimeouts = undefined;
    // setting a length calls into the runtime
    if (this.pendingStores.length > 0) this.pendingStores.length = 0;
    this.bytes.fromClient = this.bytes.toServer = this.bytes.fromServer = this.bytes.toClient = 0;
    this.status = this.serverStatus = this.retries = 0;
    this.serverQueue = this.backendQueue = 0;
    this.cookieState = '--';
    this.cookieServer = undefined;
    this.cookieDates = NO_DATES;
    this.cookieRead = false;
    this.logLevel = this.retriesAllowed = this.reply = this.finalRule = undefined;
    this.service = this.statistics = undefined;
    this.contentInspected = false;
    this.chosenBackend = undefined;
    this.mayRetryRequest = true;
    this.requestRoom = this.responseRoom = this.#thread.buffers.size;
    this.#requestHeld = this.#responseHeld = 0;
    this.compression = this.bandwidth = this.cacheHit = undefined;
    this.redispatched = this.badRequest = this.clientAborted = this.serverAborted = this.serverReused = false;
    this.#transactionVariables = this.#requestVariables = this.#responseVariables = undefined;
    this.#requestCaptures = this.#responseCaptures = undefined;
  }

  /** The first request of a connection that turns to HTTP: what rules said of it before stays said. */
  continues(inspected: Transaction, backend: BackendRuntime | undefined): void {
    this.contentInspected = true;
    this.chosenBackend = backend;
    this.#transactionVariables = inspected.#transactionVariables;
    this.#requestVariables = inspected.#requestVariables;
    this.#requestCaptures = inspected.#requestCaptures;
    this.ownTimeouts = inspected.ownTimeouts;
    this.logLevel = inspected.logLevel;
    this.retriesAllowed = inspected.retriesAllowed;
    this.priorityClass = inspected.priorityClass;
    this.priorityOffset = inspected.priorityOffset;
    this.bandwidth = inspected.bandwidth;
    this.ownCounters = inspected.ownCounters;
    inspected.ownCounters = inspected.bandwidth = undefined;
  }

  get client(): ClientConnectionFacts {
    return this.#client as ClientConnectionFacts;
  }
  get listenerRuntime(): ListenerRuntime {
    return this.#listener as ListenerRuntime;
  }
  get frontendRuntime(): FrontendRuntime {
    return this.listenerRuntime.frontend;
  }

  /** The head has been read: the line as received stays known when rules rewrite it. */
  arrived(request: Http1RequestHead): void {
    this.request = request;
    this.client.requestCount++;
    this.requestLine = request.line;
    const { captures } = this.frontendRuntime;
    if (!captures.empty) captures.request(this, request.headers);
    if (!this.contentInspected) this.frontendRuntime.logStart(this);
  }

  /** The server has answered: what is captured is its head as received. */
  answered(response: Http1ResponseHead): void {
    this.response = response;
    this.answeredWith(response.status);
    const { captures } = this.frontendRuntime;
    if (!captures.empty) captures.response(this, response.headers);
  }

  /** Nobody looks at the head. */
  answeredWith(status: number): void {
    this.serverStatus = this.status = status;
    this.counts.response(status);
    if (this.#tracks()) this.#countStatus(status);
  }

  useBackend(backend: BackendRuntime): void {
    this.backendRuntime = backend;
    this.counts.backend(backend);
  }

  countRequest(): void {
    this.counts.request(this.request?.version ?? 0);
    this.countTracked('request');
  }

  /** Refused before it was counted: what could not be read, and what got an answer all the same. */
  #isUncounted(): boolean {
    return this.isHttp && !this.counts.requestCounted && (this.request === undefined || this.status !== 0);
  }

  /** So many bytes of the request, body included, are in the buffer its head may grow in. */
  holdsOfRequest(bytes: number): void {
    const held = Math.min(bytes, this.bodyRoom);
    this.requestRoom -= held - this.#requestHeld;
    this.#requestHeld = held;
  }

  holdsOfResponse(bytes: number): void {
    const held = Math.min(bytes, this.bodyRoom);
    this.responseRoom -= held - this.#responseHeld;
    this.#responseHeld = held;
  }

  // ── what the dialer tells ──

  /** Its place in the queue of a server or of the backend, from 1. */
  queuedAt(server: ServerRuntime | undefined, position: number): void {
    if (server === undefined) this.backendQueue += position;
    else this.serverQueue += position;
  }

  /** Unserved: the time it has waited is told all the same (`Tw`). */
  leftQueue(): void {
    if (this.timers.dequeuedAt < 0) this.timers.dequeuedAt = this.#thread.wheel.now;
  }

  assign(server: ServerRuntime): void {
    this.serverRuntime = server;
    if (this.timers.dequeuedAt < 0) this.timers.dequeuedAt = this.#thread.wheel.now;
    this.counts.server(server);
  }

  noteRetry(server: ServerRuntime): void {
    this.retries++;
    this.counts.retry(server);
  }

  /** The server that its cookie named counts as down, now that another one serves it. */
  noteRedispatch(server: ServerRuntime): void {
    this.redispatched = true;
    this.cookieState = this.cookieState.replace(/^V/, 'D');
    this.counts.redispatch(server);
  }

  /** `option logasap`: the response begins, or the server is connected; no second line follows at the end. */
  logEarly(): void {
    if (!this.frontendRuntime.logsEarly) return;
    this.timers.endedAt = this.#thread.wheel.now;
    this.frontendRuntime.log(this);
    this.#logged = true;
  }

  /** It is over: counted and logged, once. */
  finish(): void {
    this.timers.endedAt = this.#thread.wheel.now;
    if (this.#isUncounted()) this.countRequest();
    this.counts.end(this, this.backendRuntime);
    if (this.#tracks()) this.#countTraffic();
    if (!this.#logged) this.frontendRuntime.log(this);
    this.releaseCounters();
    this.bandwidth?.release();
  }

  // ── what is tracked in stick tables ──

  get sessionCounters(): TrackedCounters | undefined {
    return this.client.counters;
  }

  /** Anything at all: most configurations track nothing. */
  #tracks(): boolean {
    return this.ownCounters !== undefined || this.client.counters !== undefined;
  }

  get servedBy(): string | undefined {
    if (this.cacheHit !== undefined) return '<CACHE>';
    if (this.statistics !== undefined) return '<STATS>';
    return this.service === 'prometheus-exporter' ? '<PROMEX>' : undefined;
  }

  get statusKinds(): StatusKinds {
    return this.#thread.statusKinds;
  }

  beginOwnCounters(): TrackedCounters {
    return (this.ownCounters ??= this.#counters ??= new TrackedCounters());
  }

  beginSessionCounters(): TrackedCounters {
    return (this.client.counters ??= new TrackedCounters());
  }

  /** Something happened to whoever is tracked. */
  countTracked(event: 'request' | 'error' | 'failure'): void {
    if (this.#tracks()) countForAll(this.ownCounters, this.client.counters, event, 1);
  }

  #countStatus(status: number): void {
    if (this.statusKinds.isError(status)) this.countTracked('error');
    if (this.statusKinds.isFailure(status)) this.countTracked('failure');
  }

  /** A backend's rules for requests begin: its content rules may have tracked somebody before. */
  countInBackend(): void {
    this.ownCounters?.countInBackend('request');
  }

  #countTraffic(): void {
    const { cause, phase } = this.termination;
    const isLate = phase === 'H' || phase === 'D';
    if (this.isHttp && isLate && this.flaw === 'none' && SERVER_FAILURES.has(cause))
      this.countTracked('failure');
    const { fromClient, fromServer } = this.bytes;
    const { counters } = this.client;
    if (fromClient > 0) countForAll(this.ownCounters, counters, 'uploaded', fromClient);
    if (fromServer > 0) countForAll(this.ownCounters, counters, 'downloaded', fromServer);
  }

  /** What it tracked itself is let go: at its end, or when another session goes on with its connection. */
  releaseCounters(): void {
    this.ownCounters?.release();
    this.ownCounters = undefined;
  }

  // ── verbs of rules ──

  setLogLevel(level: number): void {
    this.logLevel = level;
  }
  /** Of the bodies that pass in that direction. */
  throttles(direction: 'in' | 'out', wheel: TimerWheel): readonly Throttle[] {
    const { bandwidth } = this;
    if (bandwidth === undefined) return NO_THROTTLES;
    const proxies = [this.frontendRuntime.config, this.backendRuntime?.config];
    return bandwidth.throttles(direction, proxies, wheel);
  }
  limitBandwidth(filter: BandwidthLimit, limit: BandwidthInForce): void {
    (this.bandwidth ??= new BandwidthLimits()).set(filter, limit);
  }
  setTimeout(kind: TimeoutKind, ms: number): void {
    this.ownTimeouts = { ...this.ownTimeouts, [kind]: ms };
  }
  setPriorityClass(value: number): void {
    this.priorityClass = value;
  }
  setPriorityOffset(value: number): void {
    this.priorityOffset = value;
  }
  setRetries(count: number): void {
    this.retriesAllowed = count;
  }
  disableL7Retry(): void {
    this.mayRetryRequest = false;
  }
  setSource(endpoint: Endpoint): void {
    this.client.source = endpoint;
  }
  setDestination(endpoint: Endpoint): void {
    this.client.destination = endpoint;
  }
  setTos(side: ConnectionSide, tos: number): void {
    const connection = side === 'client' ? this.client.connection : this.serverConnection;
    if (connection !== undefined && connection.fd >= 0) setTos(connection.fd, connection.remote.family, tos);
  }
  setMark(side: ConnectionSide, mark: number): void {
    const connection = side === 'client' ? this.client.connection : this.serverConnection;
    if (connection !== undefined && connection.fd >= 0) setMark(connection.fd, mark);
  }
  expectNetscalerCip(): void {
    this.netscalerCipExpected = true;
  }
  expectProxyProtocol(): void {
    this.proxyProtocolExpected = true;
  }
  sendEarlyHints(headers: readonly (readonly [name: string, value: string])[]): void {
    this.onEarlyHints?.(headers);
  }
  logNow(origin: string, profile: string | undefined): void {
    this.frontendRuntime.logNow(this, origin, profile);
  }
  /** One of `log-steps` is reached. */
  logStep(step: 'accept' | 'request' | 'connect' | 'response'): void {
    this.frontendRuntime.logStep(this, step);
  }
  resolveName(request: ResolveRequest): IpAddress | 'pending' | undefined {
    return this.pendingName.resolve(request, this.#thread.names);
  }
  publishPatternUpdate(update: PatternUpdate): void {
    this.#thread.publishPatternUpdate(update);
  }
  useCache(name: string): CacheLookup {
    this.caching ??= new ExchangeCaching(this.#thread);
    const outcome = this.caching.use(name, this.request as Http1RequestHead);
    if (outcome === 'found') this.cacheHit = name;
    if (outcome !== 'not asked') this.counts.cacheLookup(this.#servingBackend(), outcome === 'found');
    return outcome;
  }
  /** What came from a cache stays where it is. */
  storeInCache(name: string): string {
    if (this.cacheHit !== undefined) return 'not stored: it comes from a cache';
    if (this.caching === undefined) return 'not stored: no cache-use rule was evaluated';
    const { request, response } = this;
    return this.caching.store(
      name,
      request as Http1RequestHead,
      response as Http1ResponseHead,
      this.frontendRuntime.limits,
    );
  }
  /** Whose rules run: the backend's, if that is another proxy than the frontend. */
  #servingBackend(): boolean {
    return this.backendRuntime !== undefined && this.backendRuntime.config !== this.frontendRuntime.config;
  }
  countFailedRewrite(): void {
    this.failedRewrites++;
  }

  get captureSlots(): CaptureSlots {
    return this.frontendRuntime.rules.captures;
  }
  get bodyRoom(): number {
    return this.frontendRuntime.limits.maxHeadBytes;
  }
  get frontendErrorPages(): ErrorPages | undefined {
    return this.frontendRuntime.rules.errorPages;
  }
  get backendErrorPages(): ErrorPages | undefined {
    return this.backendRuntime?.rules.errorPages;
  }

  // ── SampleContext ──

  get transaction(): TransactionFacts {
    return this;
  }
  get requestBody(): BodyFacts | undefined {
    return this.bodies?.inspectRequestBody();
  }
  get responseBody(): BodyFacts | undefined {
    return this.bodies?.inspectResponseBody();
  }
  get isHttp(): boolean {
    return this.bodies !== undefined;
  }
  get terminationState(): string {
    return this.termination.text;
  }
  get frontendConnections(): number {
    const { limits } = this.#thread.state;
    return limits.current(limits.frontend(this.frontendRuntime.row));
  }
  get backendConnections(): number {
    const { limits } = this.#thread.state;
    return this.backendRuntime === undefined ? 0 : limits.current(limits.backend(this.backendRuntime.row));
  }
  get serverConnections(): number {
    const { serverRuntime } = this;
    if (serverRuntime === undefined || serverRuntime.row === NO_ROW) return 0;
    return this.#thread.state.servers.served(serverRuntime.row);
  }
  get server(): ServerFacts | undefined {
    return this.serverRuntime === undefined ? undefined : new ServerConnectionFacts(this);
  }
  get listener(): ListenerFacts {
    return this.listenerRuntime.facts;
  }
  get frontend(): ProxyFacts {
    return this.frontendRuntime.facts;
  }
  get backend(): ProxyFacts | undefined {
    return this.backendRuntime?.facts;
  }
  get process(): ProcessFacts {
    return this.#thread.process;
  }
  get stats(): StatsView {
    return this.#thread.stats;
  }
  get servers(): ServersView {
    return this.#thread.servers;
  }
  get processVariables(): VariableStore {
    return this.#thread.variables;
  }
  get sessionVariables(): VariableStore {
    return this.client.variables;
  }
  get transactionVariables(): VariableStore {
    return (this.#transactionVariables ??= new VariableStore());
  }
  get requestVariables(): VariableStore {
    return (this.#requestVariables ??= new VariableStore());
  }
  get responseVariables(): VariableStore {
    return (this.#responseVariables ??= new VariableStore());
  }
  get requestCaptures(): (string | undefined)[] {
    return (this.#requestCaptures ??= this.#slots('request'));
  }
  get responseCaptures(): (string | undefined)[] {
    return (this.#responseCaptures ??= this.#slots('response'));
  }

  /** A request that could not be read has none: its log line shows no braces. */
  #slots(side: CaptureSide): (string | undefined)[] {
    const slots = this.captureSlots[side];
    if (slots.length === 0) return NO_CAPTURES;
    const isUnread = this.timers.endedAt >= 0 && this.isHttp && this.request === undefined;
    return isUnread ? [] : slots.map(() => undefined);
  }

  /** Made when it is first asked for, by the log at the latest. */
  get uniqueId(): string | undefined {
    return (this.#uniqueId ??= this.frontendRuntime.uniqueId(this));
  }
  get timeouts(): TimeoutFacts {
    const proxy = (this.backendRuntime ?? this.frontendRuntime).facts.timeouts;
    const own = { ...proxy, client: this.frontendRuntime.facts.timeouts.client };
    return this.ownTimeouts === undefined ? own : { ...own, ...this.ownTimeouts };
  }

  /** Milliseconds in force, without building an object. */
  timeout(kind: 'client' | 'server' | 'connect' | 'queue' | 'tunnel' | 'tarpit'): number {
    const own = this.ownTimeouts?.[kind];
    if (own !== undefined) return own;
    const proxy = kind === 'client' ? this.frontendRuntime : (this.backendRuntime ?? this.frontendRuntime);
    return proxy.config.timeouts[kind];
  }
}

interface MutableByteCounters extends ByteCounters {
  fromClient: number;
  toServer: number;
  fromServer: number;
  toClient: number;
}
