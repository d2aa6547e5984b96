/** What a balancer is to do in a measurement; configurations.ts says it in each contestant's own language. */
export interface Scenario {
  /** The column it stands in: `64`, `5000 rules`. */
  readonly label: string;
  readonly mode: 'http' | 'tcp';
  readonly balance: string;
  /** All of them are the same origin under numbers of their own. */
  readonly servers: number;
  /** `use_backend` rules by host, each with its backend; the load asks for the last host. */
  readonly hostRules: number;
  /** Backends nobody asks for (start-up time). */
  readonly idleBackends: number;
  /** Thirty ACLs, header changes and a map lookup. */
  readonly rich: boolean;
  /** Bodies of requests are waited for, as far as a buffer reaches. */
  readonly buffersRequests: boolean;
  /** What the origin sends is kept in a cache. */
  readonly cached: boolean;
  /** A log line for each request by UDP. */
  readonly logs: boolean;
  readonly threads: number;
  /** TLS towards clients, with a certificate of this kind of key. */
  readonly tls: 'none' | 'rsa' | 'ecdsa';
  /** Clients speak HTTP/2 from their first byte on, or agree on it in the handshake. */
  readonly http2: boolean;
  /** Answers are compressed for clients that ask for it. */
  readonly gzip: boolean;
  /** What the origin does: sends a small or a large answer, takes uploads, or echoes what comes by websocket. */
  readonly origin: 'web' | 'upload' | 'websocket';
}

const PLAIN: Scenario = {
  label: '',
  mode: 'http',
  balance: 'roundrobin',
  servers: 1,
  hostRules: 0,
  idleBackends: 0,
  rich: false,
  buffersRequests: false,
  cached: false,
  logs: false,
  threads: 1,
  tls: 'none',
  http2: false,
  gzip: false,
  origin: 'web',
};

export function scenario(label: string, different: Partial<Scenario> = {}): Scenario {
  return { ...PLAIN, ...different, label };
}
