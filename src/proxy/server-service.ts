/** A server of one data thread: where to connect, and its idle connections. */
import type { Proxy } from '../model/proxy.ts';
import type { Server } from '../model/server.ts';
import type { ConnectTarget } from '../net/connection.ts';
import { IdlePool } from '../net/idle-pool.ts';
import type { BackendRuntime, DataThread, ServerRuntime } from './runtime.ts';
import { serverSocketOptions } from './socket-options.ts';

export class ServerService implements ServerRuntime {
  readonly config: Server;
  readonly backend: BackendRuntime;
  readonly row: number;
  readonly idle: IdlePool;
  readonly #target: ConnectTarget | undefined;

  constructor(config: Server, row: number, backend: BackendRuntime, thread: DataThread) {
    this.config = config;
    this.backend = backend;
    this.row = row;
    this.idle = new IdlePool(thread.wheel, {
      maxConn: keepsConnections(backend.config) ? config.poolMaxConn : 0,
      purgeDelayMs: config.poolPurgeDelayMs,
      maxReuse: config.maxReuse,
    });
    this.#target = config.mapPorts ? undefined : targetOf(config, backend, undefined);
  }

  target(clientPort: number): ConnectTarget {
    return this.#target ?? targetOf(this.config, this.backend, clientPort);
  }
}

/** Not with `option http-server-close` or `httpclose`, whatever the server was told (manual, `http-pretend-keepalive`). */
function keepsConnections({ options: { flags } }: Proxy): boolean {
  return !flags.has('http-server-close') && !flags.has('httpclose');
}

/** `source` of the server, else of its backend; a server without a port takes the client's, shifted. */
function targetOf(config: Server, backend: BackendRuntime, clientPort: number | undefined): ConnectTarget {
  const { address } = config;
  if (address.kind === 'unix') return { kind: 'unix', path: address.path };
  if (address.kind === 'abstract') return { kind: 'unix', path: `\0${address.name}` };
  if (address.kind !== 'ip') throw new Error(`server address of kind ${address.kind} was not resolved`);
  const port = clientPort === undefined ? address.port : clientPort + config.portOffset;
  const source = config.source ?? backend.config.source;
  const from = source?.address;
  return {
    kind: 'ip',
    family: address.family,
    host: address.host,
    port,
    ...(from?.kind === 'ip' && { source: { host: from.host, port: from.port } }),
    ...(source?.interface !== undefined && { interface: source.interface }),
    ...serverSocketOptions(backend.config),
    ...(config.tcpUserTimeoutMs > 0 && { userTimeoutMs: config.tcpUserTimeoutMs }),
  };
}
