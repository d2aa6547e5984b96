/**
 * `log backend@<name>`: backends in mode log, whose servers share the lines (manual, `balance`, `mode log`). Each
 * thread makes its own; servers, and whose turn it is, are those of the shared state.
 */
import { VariableStore, type VariableSlot } from '../../acl/variables.ts';
import type { ByteLine } from '../../base/byte-line.ts';
import { NO_SERVER, type BalanceFacts, type Balancer } from '../../balancers/balancer.ts';
import { createBalancer } from '../../balancers/create-balancer.ts';
import type { Address } from '../../model/address.ts';
import type { Config } from '../../model/config.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { Server } from '../../model/server.ts';
import { Environments } from '../../proxy/runtime/compile-environment.ts';
import { compileBalanceKey, LOG_MESSAGE } from '../../proxy/persistence/balance-key.ts';
import type { SecureConnect } from '../../net/tls/secure-connect.ts';
import type { SharedState } from '../../state/shared-state.ts';
import { CheckContext } from '../servers/check-context.ts';
import { openServerOutlet, type LogOutlet, type Framing } from './log-outlet.ts';
import type { RingPlaces } from './log-rings.ts';
import { ThreadProcessFacts } from '../process/process-facts.ts';
import { serversView, statsView } from '../process/state-views.ts';

export class LogBackends {
  readonly #config: Config;
  readonly #state: SharedState;
  readonly #rings: RingPlaces;
  readonly #secure: SecureConnect;

  /** `rings`: for what the converters of `log-hash` tell of. `secure`: for servers with `ssl`. */
  constructor(config: Config, state: SharedState, rings: RingPlaces, secure: SecureConnect) {
    this.#config = config;
    this.#state = state;
    this.#rings = rings;
    this.#secure = secure;
  }

  /** The parser has made sure that there is such a backend. */
  outlet(name: string): LogOutlet {
    const { proxies } = this.#config;
    const row = proxies.findIndex(proxy => proxy.name === name && proxy.kind !== 'frontend');
    return new BackendOutlet(this.#config, this.#state, row, this.#rings, this.#secure);
  }
}

class BackendOutlet implements LogOutlet {
  readonly #proxy: Proxy;
  readonly #state: SharedState;
  readonly #firstServer: number;
  readonly #balancer: Balancer | undefined;
  readonly #key: MessageKey | undefined;
  readonly #secure: SecureConnect;
  readonly #servers = new Map<number, ServerOutlet>();
  #lost = 0;

  constructor(config: Config, state: SharedState, row: number, rings: RingPlaces, secure: SecureConnect) {
    this.#proxy = config.proxies[row] as Proxy;
    this.#state = state;
    this.#secure = secure;
    this.#firstServer = state.plan.firstServer[row] as number;
    this.#balancer = createBalancer(state, row, this.#proxy);
    const isKeyed = this.#proxy.balance.algorithm === 'log-hash';
    this.#key = isKeyed ? new MessageKey(config, state, this.#proxy, rings) : undefined;
  }

  get lost(): number {
    let lost = this.#lost;
    for (const server of this.#servers.values()) lost += server.lost;
    return lost;
  }

  send(header: Uint8Array, line: ByteLine, room: number): void {
    const server = this.#choose(line);
    if (server === undefined) this.#lost++;
    else server.send(header, line, room);
  }

  /** A line that gives no key goes nowhere, as in HAProxy. */
  #choose(line: ByteLine): ServerOutlet | undefined {
    this.#key?.read(line);
    if (this.#key !== undefined && this.#key.value === undefined) return undefined;
    const row = this.#balancer?.pick(this.#key ?? NO_FACTS, NO_SERVER) ?? NO_SERVER;
    if (row < 0) return undefined;
    const known = this.#servers.get(row);
    if (known !== undefined) return known;
    const server = this.#proxy.servers[row - this.#firstServer];
    if (server === undefined) return undefined;
    const opened = new ServerOutlet(this.#state, row, server, this.#secure);
    this.#servers.set(row, opened);
    return opened;
  }

  close(): void {
    for (const server of this.#servers.values()) server.close();
  }
}

/** A server follows its address when that is changed at run time. */
class ServerOutlet {
  readonly #state: SharedState;
  readonly #row: number;
  readonly #server: Server;
  readonly #framing: Framing;
  #outlet: LogOutlet;
  #version: number;
  #lost = 0;

  constructor(state: SharedState, row: number, server: Server, secure: SecureConnect) {
    const { otherOptions, ssl } = server;
    const [size] = otherOptions.get('log-bufsize') ?? [];
    this.#state = state;
    this.#row = row;
    this.#server = server;
    this.#framing = {
      countsOctets: otherOptions.get('log-proto')?.[0] === 'octet-count',
      ...(size !== undefined && { backlog: Number(size) }),
      ...(ssl !== undefined && { secure: socket => secure(socket, ssl, () => undefined) }),
    };
    this.#version = state.servers.addresses.version(row);
    this.#outlet = this.#open();
  }

  get lost(): number {
    return this.#lost + this.#outlet.lost;
  }

  send(header: Uint8Array, line: ByteLine, room: number): void {
    const version = this.#state.servers.addresses.version(this.#row);
    if (version !== this.#version) {
      this.#version = version;
      this.#lost += this.#outlet.lost;
      this.#outlet.close();
      this.#outlet = this.#open();
    }
    this.#outlet.send(header, line, room);
  }

  #open(): LogOutlet {
    return openServerOutlet(this.#address(), this.#server.datagram === true, this.#framing);
  }

  #address(): Address {
    const { ip, port } = this.#state.servers.addresses.read(this.#row);
    if (ip === undefined) return this.#server.address;
    return { kind: 'ip', family: ip.family, host: ip.toString(), port };
  }

  close(): void {
    this.#outlet.close();
  }
}

const NO_FACTS: BalanceFacts = {
  remote: { family: 0, host: '', port: 0 },
  request: undefined,
  payload: () => '',
  expression: () => undefined,
};

/** `balance log-hash <converters>`: what the converters make of the line. */
class MessageKey implements BalanceFacts {
  readonly remote = NO_FACTS.remote;
  readonly request = undefined;
  value: string | undefined;
  readonly #context: CheckContext;
  readonly #slot: VariableSlot;
  readonly #compute: ReturnType<typeof compileBalanceKey>;

  constructor(config: Config, state: SharedState, proxy: Proxy, rings: RingPlaces) {
    const environments = new Environments(config, () => undefined, undefined, state.tables);
    const now = (): number => performance.now();
    const name = environments.variables.resolve(LOG_MESSAGE);
    this.#slot = typeof name === 'string' ? 0 : name.slot;
    this.#compute = compileBalanceKey(proxy, environments);
    this.#context = new CheckContext({
      process: new ThreadProcessFacts({ config, thread: 1, plan: state.plan }, rings),
      stats: statsView(config, state, now),
      servers: serversView(config, state, now),
      processVariables: new VariableStore(),
      uniqueId: () => undefined,
    });
  }

  read(line: ByteLine): void {
    this.#context.checkVariables.set(this.#slot, line.bytes.toString('latin1', 0, line.length));
    this.value = this.#compute?.binary(this.#context);
  }

  payload(): string {
    return '';
  }

  expression(): string | undefined {
    return this.value;
  }
}
