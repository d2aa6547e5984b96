/**
 * What a data thread works with: the configuration compiled for serving. Requests see this only, never the text
 * or its syntax tree. Built by proxy/runtime/compile-runtime.ts when a thread starts.
 */
import type { ByteLine } from '../../base/byte-line.ts';
import type {
  ListenerFacts,
  ProcessFacts,
  ProxyFacts,
  SampleContext,
  ServersView,
  StatsView,
} from '../../acl/context.ts';
import type { PatternUpdate } from '../../acl/pattern-changes.ts';
import type { VariableRoom } from '../../acl/variable-memory.ts';
import type { VariableStore } from '../../acl/variables.ts';
import type { LocalService } from '../../http/local-service.ts';
import type { NameCase } from '../../http/header-names.ts';
import type { HeadLimits } from '../../http/head-limits.ts';
import type { Bind } from '../../model/bind.ts';
import type { LogTarget } from '../../model/log.ts';
import type { Tune } from '../../model/global.ts';
import type { HttpReuse, Proxy } from '../../model/proxy.ts';
import type { Server } from '../../model/server.ts';
import type { BufferPool } from '../../net/buffer-pool.ts';
import type { Connection, ConnectionHandler, ConnectTarget, Endpoint, Engine } from '../../net/connection.ts';
import type { Http2Settings } from '../http2/settings.ts';
import type { IdlePool } from '../../net/idle-pool.ts';
import type { ServerContexts } from '../../net/tls/server-contexts.ts';
import type { ThreadCertificates } from '../../net/tls/thread-certificates.ts';
import type { TlsListener } from '../../net/tls/tls-listener.ts';
import type { CookieDates } from '../persistence/cookie-persistence.ts';
import type { AttachedLinks } from '../reverse/attached-links.ts';
import type { ReverseDesk } from '../reverse/reverse-desk.ts';
import type { WaitingClients } from '../client/waiting-clients.ts';
import type { TimerWheel } from '../../net/timer-wheel.ts';
import type { ServerAddress } from '../../state/server-addresses.ts';
import type { SharedState } from '../../state/shared-state.ts';
import type { StatusKinds } from '../../rules/status-kinds.ts';
import type { RuleContext, RuleTrace } from '../../rules/context.ts';
import type { ProxyRules } from '../../rules/proxy-rules.ts';
import type { OutgoingFacts } from '../server/outgoing-source.ts';
import type { ServerSecurity } from '../server/server-security.ts';
import type { GlitchLimits } from '../client/glitches.ts';
import type { Http2ServerSettings } from '../http2/server-settings.ts';
import type { ServerLinks } from '../http2/server-links.ts';
import type { ServerProtocol } from '../server/server-protocol.ts';
import type { NameLookups } from '../request/name-lookups.ts';
import type { NameHeader } from '../request/name-header.ts';
import type { BadMessages } from '../accounts/bad-messages.ts';
import type { Compressors } from '../bodies/compressors.ts';
import type { WorkMeters } from '../accounts/work-meter.ts';
import type { LiveStreams } from '../live-streams.ts';
import type { Traces } from '../../traces/traces.ts';
import type { HeadCaptures } from '../request/head-captures.ts';

/** What a request's persistence cookie was worth, kept between request and response. */ import type {
  ReportErrors,
  ServerObserver,
} from '../server/server-observer.ts';
import type { StreamsByServer } from '../server/server-streams.ts';

export interface CookieMemory {
  /** Two letters (manual, section 8.5). */
  cookieState: string;
  /** The server it named, when that was usable. */
  cookieServer: ServerRuntime | undefined;
  cookieDates: CookieDates;
  cookieRead: boolean;
  /** `ignore-persist`: cookies of neither side mean anything. */
  persistIgnored: boolean;
  /** What `use-server` says, once the cookies are read. */
  ruledServer: ServerRuntime | undefined;
  /** What `use-server`, a cookie or a `stick` rule says: balancing has no say. */
  directServer: ServerRuntime | undefined;
}

interface LogMemory {
  /** Set by rules: 0..7, or -1: not logged. */
  readonly logLevel: number | undefined;
  /** `%lc`: lines of the frontend before this one. */
  logCounter: number;
  logOrigin: string;
}

export type ExchangeContext = RuleContext & CookieMemory & LogMemory;

/** The way to the targets of one proxy's log lines. Writing never waits: what cannot be sent is counted as lost. */
export interface LogChannel {
  /** False: there is no target, nothing needs to be rendered. */
  readonly open: boolean;
  /** `level` 0 (emerg) .. 7 (debug); `line` and `structuredData` one char a byte, without a line end. */
  write(level: number, line: string, structuredData?: string): void;
  /**
   * A line to be written: what is added to it is sent by end(), before which nobody begins another one. Undefined: nobody
   * takes a line of that level.
   */
  begin(level: number, structuredData: string | undefined): ByteLine | undefined;
  end(): void;
}

export interface LogSink {
  channel(targets: readonly LogTarget[], tag: string): LogChannel;
}

/** What answers requests in place of servers. */
export interface LocalServices {
  /** `http-request use-service <name>`; the names are those rules know. */
  named(name: string): LocalService | undefined;
  /** The statistics page of a proxy, with or without the right to act on servers. */
  statistics(proxy: number, admin: boolean): LocalService;
}

/** One data thread's belongings, handed to everything it runs. */
export interface DataThread {
  readonly index: number;
  readonly tune: Tune;
  /** `harden.reject-privileged-ports.tcp` */
  readonly rejectsPrivilegedPorts: boolean;
  readonly glitches: GlitchLimits;
  readonly http2: Http2Settings;
  /** Towards servers. */
  readonly http2Servers: Http2ServerSettings;
  readonly engine: Engine;
  readonly wheel: TimerWheel;
  /** Milliseconds since 1970, asked of the system once for each moment of the wheel. */
  readonly timeOfDay: () => number;
  readonly buffers: BufferPool;
  readonly process: ProcessFacts;
  readonly stats: StatsView;
  readonly servers: ServersView;
  readonly variables: VariableStore;
  /** Undefined: variables may take as much as there is. */
  readonly variableRoom: VariableRoom | undefined;
  readonly state: SharedState;
  readonly compressors: Compressors;
  readonly logs: LogSink;
  readonly names: NameLookups;
  readonly certificates: ThreadCertificates;
  readonly serverContexts: ServerContexts;
  readonly statusKinds: StatusKinds;
  readonly services: LocalServices;
  readonly traces: Traces;
  /** What it serves now. */
  readonly liveStreams: LiveStreams;
  readonly meters: WorkMeters;
  readonly badMessages: BadMessages;
  /** A rule changed a list of this thread: the others follow. */
  readonly publishPatternUpdate: (update: PatternUpdate) => void;
  /** What runs on which server. */
  readonly streams: StreamsByServer;
  /** Traffic has met too many errors in a row at a server. */
  readonly reportErrors: ReportErrors;
  /** A soft stop is under way: connections close after the request they serve. */
  readonly sendsAway: () => boolean;
  readonly clients: WaitingClients;
  readonly reverse: ReverseDesk;
  /** `lb explain` looks over the thread's shoulder. */
  readonly watcher?: Watcher;
}

interface Watcher {
  /** Hears of all rules. */
  readonly rules: RuleTrace;
  /** An exchange begins; also one of a connection's own, for the rules before its first request. */
  began(exchange: WatchedExchange): void;
}

export interface WatchedExchange {
  readonly client: { readonly source: Endpoint; readonly destination: Endpoint };
  readonly backendRuntime: BackendRuntime | undefined;
  readonly serverRuntime: ServerRuntime | undefined;
  readonly cookieServer: ServerRuntime | undefined;
  readonly terminationState: string;
}

/** Why a connection did not become a session. */
export interface Refusal {
  readonly text: string;
  /** The client did nothing that `option dontlognull` would keep. */
  readonly isSilent: boolean;
}

export interface ListenerRuntime {
  readonly config: Bind;
  /** Number in the shared plan. */
  readonly row: number;
  readonly frontend: FrontendRuntime;
  readonly facts: ListenerFacts;
  /** Its handshakes; undefined: it speaks no TLS. */
  readonly tls: TlsListener | undefined;
  /** One of its connections passed the `tcp-request connection` rules. */
  admitted(): void;
  /** The peer of one of its connections is about to go, and wants another one if it is made here. */
  leaves(): void;
  /** One of its connections is over. */
  closed(): void;
}

export interface FrontendRuntime {
  readonly config: Proxy;
  /** Number in the shared plan: the proxy's position in the configuration. */
  readonly row: number;
  readonly facts: ProxyFacts;
  readonly limits: HeadLimits;
  readonly rules: ProxyRules;
  /** `option http-drop-response-trailers` */
  readonly dropsTrailers: boolean;
  /** `option http-server-close`: server connections are not kept. */
  readonly closesServers: boolean;
  /** Client connections may serve several requests. */
  readonly keepsClients: boolean;
  /** It answers by itself: `mode haterm`. */
  readonly isHaterm: boolean;
  /** `option idle-close-on-response`: a soft stop leaves idle clients alone until they have asked once more. */
  readonly waitsForIdle: boolean;
  /** `option h1-case-adjust-bogus-client` */
  readonly nameCase: NameCase | undefined;
  /** Something looks at responses that come from a cache: its rules, its log, what changes them on their way. */
  readonly looksAtStored: boolean;
  /** Something looks at where clients come from. */
  readonly looksAtClients: boolean;
  /** Its log lines tell where servers see us come from. */
  readonly logsServerSource: boolean;
  /** ... or what OpenSSL knows of the server. */
  readonly logsServerCertificate: boolean;
  /** First matching use_backend, else the default one. */
  chooseBackend(ctx: ExchangeContext): BackendRuntime | undefined;
  /** An exchange begins: a frontend without a log format says so in its log. */
  logStart(ctx: ExchangeContext): void;
  /** Writes the log line of an exchange that is over. */
  log(ctx: ExchangeContext): void;
  /** Writes that a connection was given up before it became a session. */
  logRefused(ctx: ExchangeContext, refusal: Refusal): void;
  /** For `log-steps`. */
  logStep(ctx: ExchangeContext, step: 'accept' | 'request' | 'connect' | 'response'): void;
  /** `do-log` */
  logNow(ctx: ExchangeContext, origin: string, profile: string | undefined): void;
  /** A line of a script's; false: the frontend has no log. */
  logText(level: number, text: string): boolean;
  /** Log lines are written, and may ask for what stands in a response's head when it is gone. */
  readonly logsResponses: boolean;
  /** `option logasap`: the line is written when the response begins. */
  readonly logsEarly: boolean;
  /** `log-steps` */
  readonly logsSteps: boolean;
  /** `option contstats`: bytes are counted while they pass, too. */
  readonly countsOnTheWay: boolean;
  /** What `capture` lines keep of heads. */
  readonly captures: HeadCaptures;
  /** It is a `listen` with a persistence cookie: logs tell of it whatever becomes of a request. */
  readonly hasCookie: boolean;
  /** A server of the configuration, or of one that was added. */
  serverNamed(backend: string, server: string): ServerRuntime | undefined;
  /** The other half of a `listen`. */
  ownBackend(): BackendRuntime | undefined;
  /** By `unique-id-format`; undefined without one. */
  uniqueId(ctx: ExchangeContext): string | undefined;
}

export interface BackendRuntime {
  readonly config: Proxy;
  readonly row: number;
  readonly facts: ProxyFacts;
  readonly servers: readonly ServerRuntime[];
  readonly rules: ProxyRules;
  /** `option httpclose`, `http-server-close`: server connections are not kept. */
  readonly closesServers: boolean;
  /** `option http-pretend-keepalive`: servers are not told so. */
  readonly pretendsKeepAlive: boolean;
  /** `http-send-name-header` */
  readonly nameHeader: NameHeader | undefined;
  readonly responseLimits: HeadLimits;
  /** `option h1-case-adjust-bogus-server` */
  readonly nameCase: NameCase | undefined;
  readonly abortOnClose: boolean;
  /** option checkcache */
  readonly checksCache: boolean;
  /** As a frontend's. */
  readonly looksAtStored: boolean;
  /** `option http-drop-request-trailers` */
  readonly dropsTrailers: boolean;
  /** `retry-on`: events, and response statuses (undefined: none). */
  readonly retryOn: ReadonlySet<string>;
  readonly retryStatuses: ReadonlySet<number> | undefined;
  /** Whatever can go wrong with an idle connection is tried again: even first requests may use one. */
  readonly retriesSafely: boolean;
  /** The algorithm gives another server at each call (roundrobin, leastconn, random). */
  readonly isRoundRobin: boolean;
  /** What logs tell of the cookies of a request that goes no further. */
  lookAtCookies(ctx: ExchangeContext): void;
  /** Header edits every forwarded request gets. */
  prepare(ctx: ExchangeContext): void;
  /** Header edits every response from a server gets, behind the rules. */
  prepareResponse(ctx: ExchangeContext, server: ServerRuntime): void;
  /** That server answers, or is connected: `stick` rules store it. */
  serverAnswers(ctx: ExchangeContext, server: ServerRuntime): void;
  /** Persistence that is not the balancer's: cookies, use-server and stick rules. */
  persistentServer(ctx: ExchangeContext): ServerRuntime | undefined;
  /** `force-persist` holds for this request: it stays with the server that it was sent to. */
  forcesPersistence(ctx: ExchangeContext): boolean;
  /** Neither down nor warming up (`slowstart`). */
  isRunning(server: ServerRuntime): boolean;
  /** The balancer's choice; `full` when a server could serve but all have reached their limit. */
  balance(ctx: ExchangeContext, avoid: ServerRuntime | undefined): ServerRuntime | 'full' | undefined;
  /** A client that still has a connection to it may stay on it: it takes traffic, and its queue is short enough. */
  mayStay(server: ServerRuntime, whateverTheQueue: boolean): boolean;
  serverAt(row: number): ServerRuntime;
  /** Servers that can take traffic now. */
  usableServers(): number;
  /** Those that are no backups. */
  activeServers(): number;
}

/** Of a target that is no server (`dispatch`, `option transparent`): nothing is counted for it. */
export const NO_ROW = -1;

export interface ServerRuntime {
  readonly config: Server;
  readonly backend: BackendRuntime;
  /** Row of the shared server table, or NO_ROW. */
  readonly row: number;
  /** `send-proxy`: what its connections begin with. */
  readonly proxyHeader: ((ctx: RuleContext) => Buffer) | undefined;
  /** `ssl` */
  readonly security: ServerSecurity | undefined;
  /** Where it is now. */
  readonly address: ServerAddress;
  /** Where to connect; what the server leaves open is taken from the client's destination. */
  target(facts: OutgoingFacts): ConnectTarget;
  /** Connections of one key are made alike: only those may stand in for one another. */
  connectionKey(facts: OutgoingFacts & SampleContext): string;
  /** Has a connection made, whose handler hears of it. Undefined: there are no descriptors left for it. */
  connect(facts: OutgoingFacts & SampleContext, handler: ConnectionHandler): Connection | undefined;
  /**
   * 0: a connection can be made. Below 0: it connects by itself, and nowhere in this process has it done so by that key.
   * Above 0: the same, but it may be about to: it is to be asked again in so many milliseconds.
   */
  mayConnectIn(key: string): number;
  /** The connections that it has made; undefined: they are made here. */
  readonly attached: AttachedLinks | undefined;
  /** `http-reuse` */
  readonly reuse: HttpReuse;
  /** Changes when the server moves: connections made before are not used again. */
  readonly generation: number;
  /** Its idle connections in this thread. */
  readonly idle: IdlePool;
  /** Those that carry requests by HTTP/2, where it may speak that. */
  readonly links: ServerLinks | undefined;
  readonly protocol: ServerProtocol;
  // settings that every request asks for stand here too: the configuration's object is large, and cold
  /** Its connections are their clients' own (connection-reuse.ts). */
  readonly isPrivate: boolean;
  /** `strict-maxconn`: its connections end with their request. */
  readonly endsConnections: boolean;
  readonly redirPrefix: string | undefined;
  /** `observe` */
  readonly observer: ServerObserver | undefined;
}
