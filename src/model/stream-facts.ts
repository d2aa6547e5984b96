/** A request or TCP session that is served, as plain data that crosses threads: the data thread tells, the admin socket shows. */

/** How far it has come: request, queue, connecting, waiting for the response's head, data. */
export type StreamPhase = 'R' | 'Q' | 'C' | 'H' | 'D';

/** In how many milliseconds it would be too late, for what it waits now; undefined: that is given any time. */
export interface StreamExpiry {
  /** For the client to say more, or to take what it is sent. */
  readonly client: number | undefined;
  readonly server: number | undefined;
  /** For rules, about the request and about the response. */
  readonly request: number | undefined;
  readonly response: number | undefined;
  /** For a place at a server, and for the connection to it. */
  readonly connect: number | undefined;
}

/** One side of a stream. */
export interface StreamEnd {
  /** -1: there is no connection. */
  readonly fd: number;
  readonly isTls: boolean;
  /** 0: bytes without messages. */
  readonly httpMajor: number;
  /** Milliseconds it may be silent; 0: any. */
  readonly timeoutMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** What is told about it, as plain data. Proxies and servers by their rows. */
export interface StreamFacts {
  readonly protocol: 'tcpv4' | 'tcpv6' | 'unix_stream';
  /** `address:port`; empty for unix sockets. */
  readonly source: string;
  readonly destination: string;
  readonly listener: number;
  readonly listenerName: string | undefined;
  readonly frontend: number;
  readonly backend: number | undefined;
  readonly server: number | undefined;
  /** `address:port` of both ends of the server connection. */
  readonly serverAddress: string;
  readonly localAddress: string;
  readonly isHttp: boolean;
  readonly acceptedMs: number;
  /** Since the request, or the session, began. */
  readonly ageMs: number;
  readonly phase: StreamPhase;
  readonly client: StreamEnd;
  readonly serverEnd: StreamEnd;
  readonly expiry: StreamExpiry;
  readonly retries: number;
  readonly method: string;
  readonly uri: string;
  readonly status: number;
}

/** Told by a data thread. */
export interface StreamReport extends StreamFacts {
  /** One number over all threads. */
  readonly id: number;
  readonly thread: number;
}
