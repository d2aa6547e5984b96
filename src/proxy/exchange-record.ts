/**
 * All that is remembered of one request (or one TCP session), in the order of memory. One object of a stream serves
 * its requests, one after the other: `begin` leaves nothing of the one before. What it means is the matter of the
 * classes on top of it:
 *
 *   ExchangeRecord ◀─ ExchangeSamples (samples and log formats) ◀─ ExchangeVerbs (rules) ◀─ Transaction (its life)
 *
 * Parts of their own would read no better and cost a cache line each (docs/performance.md, "Cold memory").
 */
import { NO_DATES, type CookieDates } from './persistence/cookie-persistence.ts';
import type { BandwidthLimits } from './bodies/bandwidth.ts';
import type {
  ByteCounters,
  ByteView,
  RawRequest,
  RequestLine,
  TimeoutFacts,
  WorkFacts,
} from '../acl/context.ts';
import type { ExchangeMemory } from '../acl/variable-memory.ts';
import type { VariableStore } from '../acl/variables.ts';
import type { Http1RequestHead } from '../http/request-head.ts';
import type { Http1ResponseHead } from '../http/response-head.ts';
import type { Connection } from '../net/connection.ts';
import type { Flaw } from './accounts/accounting.ts';
import type { BodyReader } from './bodies/body-ahead.ts';
import type { ClientConnectionFacts } from './client/client-facts.ts';
import type { CompiledRule, RuleTrace, WaitReason } from '../rules/context.ts';
import type { Reply } from '../rules/reply.ts';
import type { ServiceWire } from '../rules/service-wire.ts';
import type { ChannelBytes } from '../rules/channel-bytes.ts';
import type { ScriptMemory } from '../rules/script-memory.ts';
import type { PendingStore } from '../rules/pending-store.ts';
import type { TrackedCounters } from '../state/stick-table/tracked-counters.ts';
import type { ExchangeCaching } from './caching/exchange-caching.ts';
import { ExchangeCounts } from './accounts/exchange-counts.ts';
import { PendingName } from './request/pending-name.ts';
import { RequestTimers } from './request/request-timers.ts';
import type {
  BackendRuntime,
  DataThread,
  FrontendRuntime,
  ListenerRuntime,
  ServerRuntime,
} from './runtime/runtime.ts';
import type { ServerRefusal } from './server/dial-failure.ts';
import { Termination } from './accounts/termination.ts';

function nothing(): void {}

/** Of this thread. */
let numbered = 0;

const NO_NUMBER = -1;

export abstract class ExchangeRecord {
  // ── what every exchange uses comes first: the object is thirteen cache lines long, these are five of them ──

  protected readonly thread: DataThread;
  /** Both from `begin` on. */
  client!: ClientConnectionFacts;
  listenerRuntime!: ListenerRuntime;
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
  /** What its connection shares with those it can stand in for, as the request said when it was looked for. */
  serverKey = '';
  #number = NO_NUMBER;
  protected logged = false;
  requestRoom: number;
  responseRoom: number;
  protected requestHeld = 0;
  protected responseHeld = 0;
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
  protected knownUniqueId: string | undefined;
  readonly checkVariables = undefined;
  /** Made once, used again by the next request that tracks. */
  protected keptCounters: TrackedCounters | undefined;
  /** Of the last try to reach a server: its handshake failed. */
  serverRefusal: ServerRefusal | undefined;
  requestCookieCapture: string | undefined;
  responseCookieCapture: string | undefined;
  cookieState = '--';
  cookieServer: ServerRuntime | undefined;
  cookieDates: CookieDates = NO_DATES;
  cookieRead = false;
  persistIgnored = false;
  ruledServer: ServerRuntime | undefined;
  directServer: ServerRuntime | undefined;
  redispatched = false;
  serverQueue = 0;
  backendQueue = 0;
  badRequest = false;
  clientAborted = false;
  serverAborted = false;
  /** The client was left without a word, to send its request again: neither logged nor counted as answered. */
  unanswered = false;
  logCounter = 0;
  logOrigin = '';
  /** 0..7, or -1: not logged; undefined: as the log line says. */
  logLevel: number | undefined;
  priorityClass = 0;
  priorityOffset = 0;
  compression: string | undefined;
  readonly streamId = 1;
  mayRetryRequest = true;
  proxyProtocolExpected = false;
  netscalerCipExpected = false;
  onEarlyHints: ((headers: readonly (readonly [name: string, value: string])[]) => void) | undefined;
  retriesAllowed: number | undefined;
  finalRule: CompiledRule | undefined;
  heldBy: CompiledRule | 'http-buffer-request' | undefined;
  /** What held it when its client was lost. */
  lostBy: CompiledRule | 'http-buffer-request' | undefined;
  reply: Reply | undefined;
  service: string | undefined;
  scriptService: ((wire: ServiceWire) => void) | undefined;
  /** The statistics page of that proxy (row in the plan) was asked for, with or without the right to act. */
  statistics: { readonly proxy: number; readonly admin: boolean } | undefined;
  rstTtl: number | undefined;
  resumeAt = 0;
  waitFor: WaitReason = 'time';
  waitMs = 0;
  waitBytes = 0;
  largeRoom = 0;
  waitOver = false;
  wakeUp: () => void = nothing;
  script: ScriptMemory | undefined;
  requestChannel: ChannelBytes | undefined;
  responseChannel: ChannelBytes | undefined;
  bytesCame: (() => boolean) | undefined;
  work: WorkFacts | undefined;
  softRewrites = false;
  switchProto: 'h1' | 'h2' | undefined;
  readonly trace: RuleTrace | undefined;
  earlyHints: (readonly [name: string, value: string])[] | undefined;
  /** Variables of the request are over, those of the response begin (manual, section 2.8). */
  protected inResponse = false;
  protected transactionStore: VariableStore | undefined;
  protected requestStore: VariableStore | undefined;
  protected responseStore: VariableStore | undefined;
  protected variableMemory: ExchangeMemory | undefined;
  protected requestCaptured: (string | undefined)[] | undefined;
  protected responseCaptured: (string | undefined)[] | undefined;

  constructor(thread: DataThread) {
    this.thread = thread;
    this.counts = new ExchangeCounts(thread);
    this.requestRoom = this.responseRoom = thread.buffers.size;
    this.trace = thread.watcher?.rules;
  }

  /** Whose exchange it is from now on; nothing of the previous one is left. */
  begin(listener: ListenerRuntime, client: ClientConnectionFacts): void {
    this.listenerRuntime = listener;
    this.client = client;
    this.#number = NO_NUMBER;
    this.thread.watcher?.began(this);
    this.pendingName.forget();
    this.timers.begin(client);
    this.counts.begin(listener);
    this.flaw = 'none';
    this.failedRewrites = 0;
    this.termination.clear();
    this.logged = this.unanswered = false;
    this.backendRuntime = this.serverRuntime = this.serverConnection = undefined;
    this.request = this.response = this.requestLine = undefined;
    this.knownUniqueId = this.requestCookieCapture = this.responseCookieCapture = undefined;
    this.ownTimeouts = this.serverRefusal = undefined;
    // setting a length calls into the runtime
    if (this.pendingStores.length > 0) this.pendingStores.length = 0;
    this.bytes.fromClient = this.bytes.toServer = this.bytes.fromServer = this.bytes.toClient = 0;
    this.status = this.serverStatus = this.retries = 0;
    this.serverQueue = this.backendQueue = 0;
    this.cookieState = '--';
    this.cookieServer = undefined;
    this.cookieDates = NO_DATES;
    this.cookieRead = this.persistIgnored = false;
    this.ruledServer = this.directServer = undefined;
    this.priorityClass = this.priorityOffset = 0;
    this.logLevel = this.retriesAllowed = this.reply = undefined;
    this.finalRule = this.heldBy = this.lostBy = undefined;
    this.service = this.statistics = this.script = this.scriptService = undefined;
    this.contentInspected = false;
    this.switchProto = undefined;
    this.chosenBackend = undefined;
    this.mayRetryRequest = true;
    this.requestRoom = this.responseRoom = this.thread.buffers.size;
    this.requestHeld = this.responseHeld = this.largeRoom = 0;
    this.compression = this.bandwidth = this.cacheHit = undefined;
    this.redispatched = this.badRequest = this.clientAborted = this.serverAborted = this.serverReused = false;
    this.inResponse = false;
    this.transactionStore = this.requestStore = this.responseStore = undefined;
    this.requestCaptured = this.responseCaptured = undefined;
  }

  /** The first request of a connection that turns to HTTP: what rules said of it before stays said. */
  continues(inspected: ExchangeRecord, backend: BackendRuntime | undefined): void {
    this.#number = inspected.#number;
    this.contentInspected = true;
    this.chosenBackend = backend;
    this.transactionStore = inspected.transactionStore;
    this.requestStore = inspected.requestStore;
    this.variableMemory = inspected.variableMemory;
    inspected.variableMemory = undefined;
    this.requestCaptured = inspected.requestCaptured;
    this.finalRule = inspected.finalRule;
    this.ownTimeouts = inspected.ownTimeouts;
    this.logLevel = inspected.logLevel;
    this.retriesAllowed = inspected.retriesAllowed;
    this.priorityClass = inspected.priorityClass;
    this.priorityOffset = inspected.priorityOffset;
    this.bandwidth = inspected.bandwidth;
    this.script = inspected.script;
    inspected.script = undefined;
    this.ownCounters = inspected.ownCounters;
    inspected.ownCounters = inspected.bandwidth = undefined;
  }

  /** Taken by a request or TCP session that begins, and by what is told of a connection without one. */
  get id32(): number {
    if (this.#number === NO_NUMBER) this.takeNumber();
    return this.#number;
  }

  takeNumber(): void {
    if (this.#number !== NO_NUMBER) return;
    this.#number = (numbered++ * this.thread.process.nbthread + this.thread.index - 1) >>> 0;
  }

  get frontendRuntime(): FrontendRuntime {
    return this.listenerRuntime.frontend;
  }

  get terminationState(): string {
    return this.termination.text;
  }
}

interface MutableByteCounters extends ByteCounters {
  fromClient: number;
  toServer: number;
  fromServer: number;
  toClient: number;
}
