/** What samples can ask about a session's client connection. One per accepted connection. */
import type { ClientFacts, ConnectionError, ProxyProtocolFacts, TlsFacts } from '../acl/context.ts';
import type { Connection, Endpoint } from '../net/connection.ts';

export class ClientConnectionFacts implements ClientFacts {
  readonly acceptTimeMs: number;
  readonly acceptTimeUs = 0;
  readonly transport = 'tcp';
  readonly tls: TlsFacts | undefined = undefined;
  readonly error: ConnectionError | undefined = undefined;
  readonly streams = 1;
  readonly glitches = 0;
  readonly httpMajor = 1;
  proxyProtocol: ProxyProtocolFacts | undefined = undefined;
  requestCount = 0;
  readonly connection: Connection;
  #originalSource: Endpoint | undefined;
  #originalDestination: Endpoint | undefined;

  constructor(connection: Connection, acceptTimeMs: number) {
    this.connection = connection;
    this.acceptTimeMs = acceptTimeMs;
  }

  get source(): Endpoint {
    return this.connection.remote;
  }

  /** `set-src`, the PROXY protocol. */
  set source(endpoint: Endpoint) {
    this.#originalSource ??= this.connection.remote;
    this.connection.remote = endpoint;
  }

  get destination(): Endpoint {
    return this.connection.local;
  }

  set destination(endpoint: Endpoint) {
    this.#originalDestination ??= this.connection.local;
    this.connection.local = endpoint;
  }

  get originalSource(): Endpoint {
    return this.#originalSource ?? this.connection.remote;
  }

  get originalDestination(): Endpoint {
    return this.#originalDestination ?? this.connection.local;
  }

  get fd(): number {
    return this.connection.fd;
  }
}
