/**
 * Where a backend without servers sends its requests: the `dispatch` address, or with `option transparent` the
 * address the client asked for (manual, section 4.2). It has no place in the table of servers, no limits and no
 * statistics of its own; logs show it as `<NOSRV>`.
 */
import { ServerProtocol } from './server-protocol.ts';
import { parseIp } from '../../base/ip-address.ts';
import type { Address } from '../../model/address.ts';
import type { Server } from '../../model/server.ts';
import type { Connection, ConnectionHandler, ConnectTarget, Endpoint } from '../../net/connection.ts';
import { IdlePool } from '../../net/idle-pool.ts';
import type { ServerAddress } from '../../state/server-addresses.ts';
import { connectOptions, ipTarget, keyOfTarget, type ConnectOptions } from './connect-target.ts';
import { compileSource, type OutgoingFacts, type SourceOf } from './outgoing-source.ts';
import { NO_ROW, type BackendRuntime, type DataThread, type ServerRuntime } from '../runtime/runtime.ts';

/** Undefined: the backend has servers to balance over, or nothing at all. */
export function directTarget(backend: BackendRuntime, thread: DataThread): ServerRuntime | undefined {
  const { dispatch, transparent, balance } = backend.config;
  if (balance.algorithm !== 'none' || (dispatch === undefined && !transparent)) return undefined;
  return new DirectTarget(backend, thread, dispatch ?? OF_CLIENT);
}

const NOWHERE: Endpoint = { family: 0, host: '255.255.255.255', port: 0 };
const OF_CLIENT: Address = { kind: 'ip', family: 4, host: '0.0.0.0', port: 0 };

class DirectTarget implements ServerRuntime {
  readonly config: Server;
  readonly backend: BackendRuntime;
  readonly row = NO_ROW;
  readonly generation = 0;
  readonly idle: IdlePool;
  readonly observer = undefined;
  readonly isPrivate = true;
  readonly endsConnections = false;
  readonly redirPrefix = undefined;
  readonly proxyHeader = undefined;
  readonly security = undefined;
  readonly links = undefined;
  readonly attached = undefined;
  readonly reuse = 'never';
  readonly protocol: ServerProtocol;
  readonly address: ServerAddress;
  readonly #thread: DataThread;
  readonly #options: ConnectOptions;
  readonly #sourceOf: SourceOf | undefined;

  constructor(backend: BackendRuntime, thread: DataThread, address: Address) {
    this.config = { ...UNNAMED, address };
    this.backend = backend;
    this.#thread = thread;
    this.protocol = new ServerProtocol(this.config);
    // what is connected there is private to its client: nothing is put here
    this.idle = new IdlePool(thread.wheel, { maxConn: 0, purgeDelayMs: 0 });
    const { host, port } = address.kind === 'ip' ? address : { host: '', port: 0 };
    this.address = { ip: parseIp(host), port, mapPorts: address === OF_CLIENT };
    this.#options = connectOptions(undefined, backend.config, thread.tune);
    this.#sourceOf = compileSource(backend.config.source, thread.index, thread.state.plan.threads);
  }

  connectionKey(facts: OutgoingFacts): string {
    return keyOfTarget(this.target(facts));
  }

  mayConnectIn(): number {
    return 0;
  }

  connect(facts: OutgoingFacts, handler: ConnectionHandler): Connection {
    const made = this.#thread.engine.connect(this.target(facts), handler);
    made.sparesPort = true;
    return made;
  }

  target(facts: OutgoingFacts): ConnectTarget {
    const { address } = this.config;
    if (address.kind === 'unix') return { kind: 'unix', path: address.path };
    if (address.kind === 'abstract') return { kind: 'unix', path: `\0${address.name}` };
    const isOfClient = address === OF_CLIENT || address.kind !== 'ip';
    const { family, host, port } = isOfClient ? (facts.client?.destination ?? NOWHERE) : address;
    const source = this.#sourceOf?.(facts);
    const options = source === undefined ? this.#options : { ...this.#options, source };
    return ipTarget(family === 6 ? 6 : 4, host, port, options);
  }
}

const UNNAMED: Server = {
  name: '<NOSRV>',
  position: { file: '', line: 0, column: 0 },
  id: 0,
  address: OF_CLIENT,
  mapPorts: false,
  portOffset: 0,
  weight: 1,
  backup: false,
  disabled: false,
  maxconn: 0,
  minconn: 0,
  maxqueue: 0,
  poolMaxConn: 0,
  poolLowConn: 0,
  poolPurgeDelayMs: 0,
  maxReuse: 0,
  tcpUserTimeoutMs: 0,
  errorLimit: 0,
  onError: 'fail-check',
  slowstartMs: 0,
  initAddr: [],
  hashKey: 'id',
  nonStick: true,
  otherOptions: new Map(),
};
