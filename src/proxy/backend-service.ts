/** A backend of one data thread: persistence, balance, its servers with their slots and idle connections. */
import type { ProxyFacts } from '../acl/context.ts';
import type { RequestRendering } from '../http/request-head.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Server } from '../model/server.ts';
import type { ConnectTarget } from '../net/connection.ts';
import { IdleStack } from './idle-connections.ts';
import { NO_RULES } from './no-rules.ts';
import { proxyFacts } from './proxy-facts.ts';
import type { BackendRuntime, DataThread, ServerRuntime, Slots, Waiter } from './runtime.ts';
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
  readonly slots: Slots;
  readonly requestRendering: RequestRendering;
  readonly abortOnClose: boolean;
  readonly retryOn: ReadonlySet<string>;
  readonly isRoundRobin = true;
  #next = 0;

  constructor(proxy: Proxy, thread: DataThread) {
    const { flags } = proxy.options;
    this.config = proxy;
    this.facts = proxyFacts(proxy);
    this.requestRendering = { close: flags.has('httpclose') || flags.has('http-server-close') };
    this.abortOnClose = flags.has('abortonclose');
    this.retryOn = new Set(
      proxy.retryOn.flatMap(word => (word === 'all-retryable-errors' ? RETRYABLE : word)),
    );
    this.servers = proxy.servers.map((server, index) => new ServerService(server, index, this, thread));
    this.slots = new LocalSlots();
  }

  readonly rules = NO_RULES;

  prepareResponse(_transaction: RuleContext): void {}

  prepare(_transaction: RuleContext): void {}

  persistentServer(_transaction: RuleContext): ServerRuntime | undefined {
    return undefined;
  }

  balance(_transaction: RuleContext, _avoid: ServerRuntime | undefined): ServerRuntime | 'full' | undefined {
    const server = this.servers[this.#next++ % this.servers.length];
    return server;
  }

  usableServers(): number {
    return this.servers.length;
  }
}

class ServerService implements ServerRuntime {
  readonly config: Server;
  readonly backend: BackendRuntime;
  readonly row: number;
  readonly idle: IdleStack;
  readonly #target: ConnectTarget | undefined;

  constructor(config: Server, row: number, backend: BackendRuntime, thread: DataThread) {
    this.config = config;
    this.backend = backend;
    this.row = row;
    this.idle = new IdleStack(thread.wheel, config.poolMaxConn, config.poolPurgeDelayMs);
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

class LocalSlots implements Slots {
  tryTake(_server: ServerRuntime): boolean {
    return true;
  }
  wait(_waiter: Waiter, _server: ServerRuntime | undefined): boolean {
    return false;
  }
  leave(_waiter: Waiter): void {}
  release(_server: ServerRuntime): void {}
}
