/** A request or TCP session that is served, as plain data that crosses threads: the data thread tells, the admin socket shows. */

/** How far it has come: request, queue, connecting, waiting for the response's head, data. */
export type StreamPhase = 'R' | 'Q' | 'C' | 'H' | 'D';

/** What is told about it, as plain data. Proxies and servers by their rows. */
export interface StreamFacts {
  readonly protocol: 'tcpv4' | 'tcpv6' | 'unix_stream';
  /** `address:port`; empty for unix sockets. */
  readonly source: string;
  readonly destination: string;
  readonly listener: number;
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
  readonly clientFd: number;
  readonly serverFd: number;
  readonly retries: number;
  readonly method: string;
  readonly uri: string;
  readonly status: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Told by a data thread. */
export interface StreamReport extends StreamFacts {
  /** One number over all threads. */
  readonly id: number;
  readonly thread: number;
}
