/** A backend of one data thread: persistence, balance, its servers with their slots and idle connections. */
import type { ProxyFacts } from '../acl/context.ts';
import type { RequestRendering } from '../http/request-head.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Server } from '../model/server.ts';
import type { ConnectTarget } from '../net/connection.ts';
import { IdlePool } from '../net/idle-pool.ts';
import type { SharedState } from '../state/shared-state.ts';
import { NO_RULES } from './no-rules.ts';
import { proxyFacts } from './proxy-facts.ts';
import type { BackendRuntime, DataThread, ServerRuntime } from './runtime.ts';
import type { RuleContext } from '../rules/context.ts';

const RETRYABLE = [
  'conn-failure',
  'empty-response',
  'junk-response',
  'response-timeout',
  '0rtt-rejected',
  '500',
  '502',
  '503',
  '504',
];

export class BackendService implements BackendRuntime {
  readonly config: Proxy;
  readonly facts: ProxyFacts;
  readonly servers: readonly ServerRuntime[];
  readonly row: number;
  readonly requestRendering: RequestRendering;
  readonly abortOnClose: boolean;
  readonly retryOn: ReadonlySet<string>;
  readonly isRoundRobin = true;
  readonly #firstServer: number;
  readonly #state: SharedState;

  constructor(proxy: Proxy, row: number, thread: DataThread) {
    const { flags } = proxy.options;
    this.config = proxy;
    this.row = row;
    this.#firstServer = thread.state.plan.firstServer[row] as number;
    this.#state = thread.state;
    this.facts = proxyFacts(proxy);
    this.requestRendering = { close: flags.has('httpclose') || flags.has('http-server-close') };
    this.abortOnClose = flags.has('abortonclose');
    this.retryOn = new Set(
      proxy.retryOn.flatMap(word => (word === 'all-retryable-errors' ? RETRYABLE : word)),
    );
    this.servers = proxy.servers.map(
      (server, index) => new ServerService(server, this.#firstServer + index, this, thread),
    );
  }

  readonly rules = NO_RULES;

  prepareResponse(_transaction: RuleContext): void {}

  prepare(_transaction: RuleContext): void {}

  persistentServer(_transaction: RuleContext): ServerRuntime | undefined {
    return undefined;
  }

  balance(_transaction: RuleContext, avoid: ServerRuntime | undefined): ServerRuntime | 'full' | undefined {
    const usable = this.#state.usable(this.row);
    usable.refresh();
    const { list } = usable;
    if (list.length === 0) return undefined;
    for (let tries = 0; tries < list.length; tries++) {
      const row = list[this.#state.servers.nextTicket(this.row) % list.length] as number;
      if (row === avoid?.row && list.length > 1) continue;
      if (this.#state.servers.hasRoom(row)) return this.serverAt(row);
    }
    return 'full';
  }

  serverAt(row: number): ServerRuntime {
    return this.servers[row - this.#firstServer] as ServerRuntime;
  }

  usableServers(): number {
    const usable = this.#state.usable(this.row);
    usable.refresh();
    return usable.count;
  }
}

class ServerService implements ServerRuntime {
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
      maxConn: config.poolMaxConn,
      purgeDelayMs: config.poolPurgeDelayMs,
    });
    this.#target = config.mapPorts ? undefined : targetOf(config, undefined);
  }

  target(clientPort: number): ConnectTarget {
    return this.#target ?? targetOf(this.config, clientPort);
  }
}

function targetOf(config: Server, clientPort: number | undefined): ConnectTarget {
  const { address } = config;
  if (address.kind === 'unix') return { kind: 'unix', path: address.path };
  if (address.kind === 'abstract') return { kind: 'unix', path: `\0${address.name}` };
  if (address.kind !== 'ip') throw new Error(`server address of kind ${address.kind} was not resolved`);
  const port = clientPort === undefined ? address.port : clientPort + config.portOffset;
  return { kind: 'ip', family: address.family, host: address.host, port };
}
