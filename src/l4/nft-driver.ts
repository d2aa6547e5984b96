/**
 * Services by nftables: those by address translation in one table, those by direct routing in another one, which follows
 * interfaces and routes (routes.ts), too. Called by worker/forwarding/.
 */
import { nextEdition, renderDirect, renderLeftovers, type DirectLayout } from './direct.ts';
import { DIRECT_FAMILIES, familyOf, type DirectFamily } from './direct-words.ts';
import { samePaths, type DirectPaths } from './direct-path.ts';
import type { Driver } from './driver.ts';
import { readDirectTables, transact, transactNow } from './nft.ts';
import { readPaths } from './routes.ts';
import { removal, renderDirectExchange, renderExchange, renderRuleset } from './ruleset.ts';
import { countConnections, type Counts } from './counting/count-connections.ts';
import type { ConnectionTimeouts, Service, ServiceState } from './service.ts';

interface NftPorts {
  readonly timeouts: () => ConnectionTimeouts;
  readonly log: (level: 'warning' | 'notice', message: string) => void;
}

type Method = ServiceState['service']['method'];

export class NftDriver implements Driver {
  readonly #ports: NftPorts;
  /** What direct routing works with; undefined: it has to be found out. */
  #layout: DirectLayout | undefined;
  /** Servers without a way, told once. */
  #unreachable: readonly string[] = [];

  constructor(ports: NftPorts) {
    this.#ports = ports;
  }

  /** Direct routing comes after it, and may fail alone. */
  install(states: readonly ServiceState[]): Promise<string | undefined> {
    this.#layout = undefined;
    return transact([
      ...removal(familiesWithout(by('DR', states))),
      renderRuleset(by('NAT', states), this.#ports.timeouts()),
    ]);
  }

  async change(
    old: ServiceState,
    next: ServiceState,
    all: readonly ServiceState[],
  ): Promise<string | undefined> {
    if (next.service.method === 'NAT') return inTurn(renderExchange(old, next, by('NAT', all)));
    return this.#layout === undefined ? undefined : inTurn(renderDirectExchange(old, next, this.#layout));
  }

  async reroute(all: readonly ServiceState[]): Promise<string | undefined> {
    const states = by('DR', all);
    if (states.length === 0) return undefined;
    const addresses = [...new Set(states.flatMap(({ service }) => service.servers.map(one => one.address)))];
    const paths = await readPaths(addresses);
    if (typeof paths === 'string') return paths;
    if (this.#layout !== undefined && samePaths(this.#layout, paths)) return undefined;
    this.#tellWays(addresses, paths);
    return this.#installDirect(states, paths);
  }

  count(services: readonly Service[]): Promise<Counts | string> {
    return countConnections(services);
  }

  remove(): void {
    transactNow(removal());
  }

  async #installDirect(states: readonly ServiceState[], paths: DirectPaths): Promise<string | undefined> {
    this.#layout = undefined;
    const found = await readDirectTables();
    const layout = { ...paths, edition: nextEdition(found) };
    const trouble =
      (await transact(renderDirect(states, this.#ports.timeouts(), layout))) ??
      (await transact(renderLeftovers(found, states, layout)));
    if (trouble === undefined) this.#layout = layout;
    return trouble;
  }

  #tellWays(addresses: readonly string[], { servers }: DirectPaths): void {
    const before = this.#unreachable;
    this.#unreachable = addresses.filter(address => !servers.has(address));
    for (const address of this.#unreachable)
      if (!before.includes(address))
        this.#ports.log(
          'warning',
          `no way to real server ${address}: nothing goes there until there is a route`,
        );
    for (const address of before)
      if (servers.has(address)) this.#ports.log('notice', `there is a way to real server ${address} again`);
  }
}

function familiesWithout(states: readonly ServiceState[]): DirectFamily[] {
  return DIRECT_FAMILIES.filter(family => !states.some(({ service }) => familyOf(service) === family));
}

function by(method: Method, states: readonly ServiceState[]): ServiceState[] {
  return states.filter(({ service }) => service.method === method);
}

async function inTurn(transactions: readonly string[]): Promise<string | undefined> {
  for (const transaction of transactions) {
    const trouble = await transact([transaction]);
    if (trouble !== undefined) return trouble;
  }
  return undefined;
}
