/** What a connection to a server, or to a `dispatch` address, is made with besides the address (manual, `source`, `server`). */
import type { Proxy } from '../model/proxy.ts';
import type { Server } from '../model/server.ts';
import type { ConnectTarget } from '../net/connection.ts';
import { serverSocketOptions } from './socket-options.ts';

type IpTarget = Extract<ConnectTarget, { kind: 'ip' }>;
export type ConnectOptions = Omit<IpTarget, 'kind' | 'family' | 'host' | 'port'>;

/** `source` of the server, else of its backend. */
export function connectOptions(server: Server | undefined, backend: Proxy): ConnectOptions {
  const source = server?.source ?? backend.source;
  const from = source?.address;
  const userTimeoutMs = server?.tcpUserTimeoutMs ?? 0;
  return {
    ...(from?.kind === 'ip' && { source: { host: from.host, port: from.port } }),
    ...(source?.interface !== undefined && { interface: source.interface }),
    ...serverSocketOptions(backend),
    ...(userTimeoutMs > 0 && { userTimeoutMs }),
  };
}

export function ipTarget(family: 4 | 6, host: string, port: number, options: ConnectOptions): ConnectTarget {
  return { kind: 'ip', family, host, port, ...options };
}
