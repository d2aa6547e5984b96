/**
 * What compiled samples read: the facts of one connection and one exchange on it. proxy/'s Transaction
 * implements it; checks, the admin socket and tests have smaller ones. Facts only, no interpretation:
 * samples, conditions and log formats compute everything else. What is absent is undefined.
 */
import type { RequestHead, ResponseHead } from '../http/head.ts';
import type { Endpoint } from '../net/connection.ts';
import type { TlsFacts } from '../net/tls/tls-facts.ts';
import type { IpAddress } from '../base/ip-address.ts';
import type { TrackedCounters } from '../state/stick-table/tracked-counters.ts';
import type { VariableStore } from './variables.ts';

export interface SampleContext {
  /**
   * True when no more bytes will come before a decision is taken (inspection delay over, buffer full, side
   * closed); always true outside tcp-request|tcp-response content rules.
   */
  readonly final: boolean;
  /**
   * Raised by a fetch whose bytes have not all come while `final` is false. A condition that could not be
   * decided answers false and leaves it raised: the ruleset clears it before, and waits if it is set after.
   */
  needMoreData: boolean;

  readonly client: ClientFacts | undefined;
  readonly server: ServerFacts | undefined;
  readonly listener: ListenerFacts | undefined;
  readonly frontend: ProxyFacts | undefined;
  readonly backend: ProxyFacts | undefined;

  readonly request: RequestHead | undefined;
  readonly response: ResponseHead | undefined;
  /** Method, target and version as received, kept while the request lives on (log, captures, response rules). */
  readonly requestLine: RequestLine | undefined;
  /** Bytes of the body received and still held (`option http-buffer-request`, `wait-for-body`). */
  readonly requestBody: BodyFacts | undefined;
  readonly responseBody: BodyFacts | undefined;
  /** Raw bytes from the client (TCP content inspection) not yet forwarded. */
  readonly requestPayload: ByteView | undefined;
  readonly responsePayload: ByteView | undefined;
  /** While a TCP stream is looked at: the HTTP request that its first bytes may be. */
  readonly rawRequest?: RawRequest | undefined;

  readonly processVariables: VariableStore;
  readonly sessionVariables: VariableStore | undefined;
  readonly transactionVariables: VariableStore | undefined;
  readonly requestVariables: VariableStore | undefined;
  readonly responseVariables: VariableStore | undefined;
  readonly checkVariables: VariableStore | undefined;

  /** Stick table entries tracked by the request, and by its connection; undefined: none so far. */
  readonly ownCounters: TrackedCounters | undefined;
  readonly sessionCounters: TrackedCounters | undefined;

  /** By slot, in order of declaration; undefined: nothing captured. Written by `capture` rules and converters. */
  readonly requestCaptures: (string | undefined)[];
  readonly responseCaptures: (string | undefined)[];
  /** `capture cookie`, as `name=value`. */
  readonly requestCookieCapture: string | undefined;
  readonly responseCookieCapture: string | undefined;

  /** Generated at the first reading from `unique-id-format`. */
  readonly uniqueId: string | undefined;
  readonly transaction: TransactionFacts | undefined;
  readonly process: ProcessFacts;
  readonly stats: StatsView;
  readonly servers: ServersView;
}

export interface RequestLine {
  readonly method: string;
  readonly target: string;
  readonly version: number;
  /** The digits it came with, where they may be others. */
  readonly writtenVersion?: number;
  /** Where the target lies in the text of the head; absent: only `target` tells it. */
  readonly text?: string;
  readonly targetStart?: number;
  readonly targetEnd?: number;
}

/** A connection from a client. `source` and `destination` may have been rewritten, the `original` ones not. */
export interface ClientFacts {
  readonly source: Endpoint | undefined;
  readonly destination: Endpoint | undefined;
  readonly originalSource: Endpoint | undefined;
  readonly originalDestination: Endpoint | undefined;
  /** Raw descriptor, for kernel information on the connection; -1 when there is none. */
  readonly fd: number;
  readonly transport: 'tcp' | 'tls';
  readonly proxyProtocol: ProxyProtocolFacts | undefined;
  /** The network namespace it came in by, if not this process's own. */
  readonly namespace: string | undefined;
  readonly tls: TlsFacts | undefined;
  /** Its handshake has not come to a good end. */
  readonly isUnsecured?: boolean;
  /** `EPROTO`-like name, or HAProxy's own number and text of what ended the handshake; undefined: no error. */
  readonly error: ConnectionError | undefined;
  readonly httpMajor: number;
  /** Requests seen on this connection, the current one included. */
  readonly requestCount: number;
  readonly streams: number;
  /** What the client may have at a time. */
  readonly streamsLimit: number;
  /** Number of the stream, where the connection has several. */
  readonly streamId: number | undefined;
  /** The code the client has reset it with. */
  readonly rstCode: number | undefined;
  readonly glitches: number;
  /** Milliseconds since the epoch. */
  readonly acceptTimeMs: number;
  /** Microseconds within that millisecond. */
  readonly acceptTimeUs: number;
}

export interface ConnectionError {
  readonly code: number;
  readonly name: string;
  readonly text: string;
}

export interface ProxyProtocolFacts {
  readonly authority: string | undefined;
  readonly uniqueId: string | undefined;
  /** Value of the first field of that type; one char a byte. */
  tlv(type: number): string | undefined;
}

/** The connection to a server, from the moment one was chosen. */
export interface ServerFacts {
  readonly name: string;
  readonly id: number;
  readonly destination: Endpoint | undefined;
  readonly source: Endpoint | undefined;
  readonly fd: number;
  readonly reused: boolean;
  readonly httpMajor: number;
  readonly streams: number;
  /** Streams that the connection may have at a time. */
  readonly streamsLimit: number;
  readonly glitches: number;
  /** Number of the stream, where the connection has several. */
  readonly streamId: number | undefined;
  /** The code the server has reset it with. */
  readonly rstCode: number | undefined;
  readonly error: ConnectionError | undefined;
  readonly tls: TlsFacts | undefined;
}

export interface ListenerFacts {
  readonly id: number;
  readonly name: string | undefined;
  /** Connections open on it. */
  readonly connections: number;
}

export interface ProxyFacts {
  readonly name: string;
  /** The model's `Proxy.id`. */
  readonly id: number;
  readonly defaultBackend: string | undefined;
  readonly timeouts: TimeoutFacts;
}

/** Milliseconds; 0: none. */
export interface TimeoutFacts {
  readonly client: number;
  readonly server: number;
  readonly connect: number;
  readonly queue: number;
  readonly tunnel: number;
  readonly tarpit: number;
}

/** Bytes that stay valid until the evaluation returns. */
export interface ByteView {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly length: number;
}

export interface RawRequest {
  /** `other`: they are none and will not become one. */
  read(): RequestHead | 'incomplete' | 'other';
}

export interface BodyFacts extends ByteView {
  /** The whole body is there. */
  readonly complete: boolean;
  /** It is no body: nothing that follows can be read. */
  readonly broken: boolean;
  /** Content-Length, or the bytes seen so far of a chunked one. */
  readonly announced: number;
  /** Field lines behind the chunks, once all of them are here; each but the last with its line end. */
  readonly trailers?: string | undefined;
}

/** What serving it has cost so far. */
export interface WorkFacts {
  readonly calls: number;
  readonly cpuNs: number;
  /** How long its calls have waited behind others. */
  readonly latencyNs: number;
}

export interface TransactionFacts {
  readonly timers: Timers;
  /** Undefined: not measured. */
  readonly work?: WorkFacts | undefined;
  /** Timeouts in force, after `set-timeout`. */
  readonly timeouts: TimeoutFacts;
  /** Status answered to the client; 0: none yet. */
  readonly status: number;
  /** Status the server answered; 0: none. */
  readonly serverStatus: number;
  /** Two letters. */
  readonly terminationState: string;
  /** Third and fourth letters of `%tsc`: client's cookie, then the server's. */
  readonly cookieState: string;
  readonly retries: number;
  readonly redispatched: boolean;
  readonly serverQueue: number;
  readonly backendQueue: number;
  readonly bytes: ByteCounters;
  /** `%rt`. */
  readonly id32: number;
  /** `%lc`. */
  readonly logCounter: number;
  /** `%OG`: what wrote the log line. */
  readonly logOrigin: string;
  readonly priorityClass: number;
  readonly priorityOffset: number;
  readonly lastRule: { readonly file: string; readonly line: number } | undefined;
  readonly waitingEntity: string | undefined;
  readonly cacheHit: string | undefined;
  /** What answers in place of a server, as logs name it: `<STATS>`. */
  readonly servedBy: string | undefined;
  readonly compression: string | undefined;
  readonly clientAborted: boolean;
  readonly serverAborted: boolean;
  readonly streamId: number;
  /** A request that could not be parsed: `<BADREQ>` stands in its place. */
  readonly badRequest: boolean;
  /** Now, of its frontend, its backend and its server, as `%fc %bc %sc` want. */
  readonly frontendConnections: number;
  readonly backendConnections: number;
  readonly serverConnections: number;
}

/** As HAProxy's timers (manual, section 8.4), in milliseconds; -1: that point was not reached. */
export interface Timers {
  /** When the first byte of the request (TCP: the stream) came, milliseconds since the epoch. */
  readonly requestTimeMs: number;
  readonly requestTimeUs: number;
  /** When the connection was accepted, or ready for this request; milliseconds since the epoch. */
  readonly acceptTimeMs: number;
  readonly handshake: number;
  readonly idle: number;
  readonly request: number;
  readonly queue: number;
  readonly connect: number;
  readonly response: number;
  readonly data: number;
  readonly active: number;
  readonly total: number;
}

export interface ByteCounters {
  readonly fromClient: number;
  readonly toServer: number;
  /** Or from a service; only what belongs to a response. */
  readonly fromServer: number;
  readonly toClient: number;
}

export interface ProcessFacts {
  readonly pid: number;
  readonly hostname: string;
  readonly node: string;
  readonly stopping: boolean;
  /** From 1. */
  readonly thread: number;
  readonly nbthread: number;
  /** `tune.bufsize`, and `tune.maxrewrite` of it. */
  readonly bufferBytes: number;
  readonly rewriteBytes: number;
  nowMs(): number;
  /** Milliseconds since the process started, whatever becomes of the time of day. */
  uptimeMs(): number;
  /** Microseconds within the current second. */
  nowUs(): number;
  /** Percent of the processor time all threads could use, over the last second or so. */
  cpuUsage(): number;
  /** 0 <= n < 2^32. */
  random32(): number;
  environment(name: string): string | undefined;
  isLocalAddress(ip: IpAddress): boolean;
  /** A line for an event sink: a ring, `stdout` or `stderr`. */
  writeEvent(sink: string, line: string): void;
}

/** Counters of the process and its proxies; proxies by the model's `Proxy.id`. */
export interface StatsView {
  processConnections(): number;
  frontendConnections(frontend: number): number;
  frontendSessionRate(frontend: number): number;
  frontendRequestRate(frontend: number): number;
  backendConnections(backend: number): number;
  backendSessionRate(backend: number): number;
  /** Requests waiting in the backend's own queue and in those of its servers. */
  backendQueue(backend: number): number;
}

/** Servers by backend (`Proxy.id`) and the model's `Server.id`. */
export interface ServersView {
  /** Identifiers of the backend's servers. */
  ids(backend: number): readonly number[];
  isUp(backend: number, server: number): boolean;
  /** It takes new traffic: up, not drained, with a weight. */
  isUsable(backend: number, server: number): boolean;
  /** How many can take traffic now (backups only when they serve). */
  usable(backend: number): number;
  connections(backend: number, server: number): number;
  /** 0: unlimited. */
  maxconn(backend: number, server: number): number;
  /** 0: unlimited. */
  maxqueue(backend: number, server: number): number;
  queue(backend: number, server: number): number;
  sessionRate(backend: number, server: number): number;
  weight(backend: number, server: number): number;
  userWeight(backend: number, server: number): number;
  initialWeight(backend: number, server: number): number;
}
