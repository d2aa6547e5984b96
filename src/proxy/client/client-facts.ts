/** What samples can ask about a session's client connection. One per accepted connection, and per stream of HTTP/2. */
import type { AttachedServer } from '../../rules/context.ts';
import type { ClientFacts, ConnectionError, ProxyProtocolFacts } from '../../acl/context.ts';
import type { ScopeMemory } from '../../acl/variable-memory.ts';
import { VariableStore } from '../../acl/variables.ts';
import type { TrackedCounters } from '../../state/stick-table/tracked-counters.ts';
import type { Connection, Endpoint } from '../../net/connection.ts';
import type { TlsFacts } from '../../net/tls/tls-facts.ts';

/** The server that a connection is to serve, and the name that requests have to ask for. */
export interface Attachment extends AttachedServer {
  readonly name: string;
}

export class ClientConnectionFacts implements ClientFacts {
  acceptTimeMs: number;
  /** The same moment, and the end of its previous request (or the first one's possible begin), by the wheel. */
  acceptedAt: number;
  readyAt: number;
  proxyProtocol: ProxyProtocolFacts | undefined = undefined;
  /** `namespace` of its `bind` line, or the one a PROXY header names, where it is known here. */
  namespace: string | undefined = undefined;
  requestCount = 0;
  /** Tracked by rules before the first request; until the connection ends. */
  counters: TrackedCounters | undefined = undefined;
  #glitches = 0;
  /** Another one after a TLS handshake. */
  connection: Connection;
  transport: 'tcp' | 'tls' = 'tcp';
  isUnsecured = false;
  /** What ended its handshake. */
  error: ConnectionError | undefined = undefined;
  /** What it becomes (`attach-srv`), once it speaks HTTP/2; undefined: it stays a client. */
  attachment: Attachment | undefined = undefined;
  /** For variables of its scope; undefined: as much as there is. */
  variableMemory: ScopeMemory | undefined = undefined;
  #tls: TlsFacts | undefined;
  #variables: VariableStore | undefined;
  /** Whose rules run: how long what they say of the addresses holds. */
  #level: 'connection' | 'session' | 'request' = 'connection';
  #originalSource: Endpoint | undefined;
  #originalDestination: Endpoint | undefined;
  #sessionSource: Endpoint | undefined;
  #sessionDestination: Endpoint | undefined;

  constructor(connection: Connection, acceptTimeMs: number, acceptedAt: number) {
    this.connection = connection;
    this.acceptTimeMs = acceptTimeMs;
    this.acceptedAt = this.readyAt = acceptedAt;
  }

  /** As good as new, but for what a stream takes over from its connection. */
  protected beginAnew(acceptTimeMs: number, acceptedAt: number): void {
    this.acceptTimeMs = acceptTimeMs;
    this.acceptedAt = this.readyAt = acceptedAt;
    this.error = undefined;
    this.attachment = undefined;
    this.variableMemory = undefined;
    this.#glitches = 0;
    this.#level = 'connection';
    this.#originalSource = this.#originalDestination = undefined;
    this.#sessionSource = this.#sessionDestination = undefined;
  }

  /** The connection is over: what it tracked is let go. */
  end(): void {
    this.counters?.release();
    this.counters = undefined;
    this.variableMemory?.end();
  }

  /** Scope `sess`. */
  get variables(): VariableStore {
    return (this.#variables ??= new VariableStore(this.variableMemory));
  }

  get source(): Endpoint {
    return this.connection.remote;
  }

  /** `set-src`, the PROXY protocol. What connection rules say is the original. */
  set source(endpoint: Endpoint) {
    if (this.#level !== 'connection') this.#originalSource ??= this.connection.remote;
    if (this.#level === 'request') this.#sessionSource ??= this.connection.remote;
    this.connection.remote = endpoint;
  }

  get destination(): Endpoint {
    return this.connection.local;
  }

  set destination(endpoint: Endpoint) {
    if (this.#level !== 'connection') this.#originalDestination ??= this.connection.local;
    if (this.#level === 'request') this.#sessionDestination ??= this.connection.local;
    this.connection.local = endpoint;
  }

  /** The handshake is over; `tls` undefined: nobody saw one (`lb explain`). */
  secured(connection: Connection, tls: TlsFacts | undefined): void {
    this.connection = connection;
    this.#tls = tls;
    this.transport = 'tls';
  }

  /** There was a handshake, but it failed: what of it is known is for the log. */
  notSecured(error: ConnectionError, tls: TlsFacts | undefined): void {
    this.error = error;
    this.#tls = tls;
    this.transport = 'tls';
    this.isUnsecured = true;
  }

  /** `tcp-request connection` rules are passed. */
  beginSession(): void {
    this.#level = 'session';
  }

  /** `tcp-request session` rules are passed. */
  beginRequests(): void {
    this.#level = 'request';
  }

  /** Addresses that rules of the request have set held for it alone. */
  requestOver(): void {
    if (this.#sessionSource !== undefined) this.connection.remote = this.#sessionSource;
    if (this.#sessionDestination !== undefined) this.connection.local = this.#sessionDestination;
    this.#sessionSource = this.#sessionDestination = undefined;
  }

  get originalSource(): Endpoint {
    return this.#originalSource ?? this.connection.remote;
  }

  get originalDestination(): Endpoint {
    return this.#originalDestination ?? this.connection.local;
  }

  /** Those of the connection, of which this may be one stream. */
  get ofConnection(): ClientConnectionFacts {
    return this;
  }

  get acceptTimeUs(): number {
    return 0;
  }
  get tls(): TlsFacts | undefined {
    return this.#tls;
  }
  get streams(): number {
    return 1;
  }
  get streamsLimit(): number {
    return 1;
  }
  get streamId(): number | undefined {
    return undefined;
  }
  get rstCode(): number | undefined {
    return undefined;
  }
  noteGlitch(amount = 1): void {
    this.#glitches += amount;
  }
  get glitches(): number {
    return this.#glitches;
  }
  get httpMajor(): number {
    return 1;
  }

  get fd(): number {
    return this.connection.fd;
  }
}
