/**
 * How much shared memory a configuration needs, and the numbers its objects have in it: plain data that goes to
 * every thread with the buffer. Proxies, listeners and servers are numbered in the order of the configuration.
 */
import { preciseMs } from '../base/clock.ts';
import type { Balance, HashType } from '../model/balance.ts';
import type { Config } from '../model/config.ts';
import type { CacheSettings } from '../model/http-cache.ts';
import type { Proxy } from '../model/proxy.ts';
import type { StickTableSettings } from '../model/stick-table.ts';

export interface StatePlan {
  /** Data threads (nbthread); they are threads 1..threads. Thread 0 is the control thread. */
  readonly threads: number;
  /** Rows of configured proxies and, behind them, rows for backends added at run time. */
  readonly proxies: number;
  readonly spareBackends: number;
  readonly listeners: number;
  /** Rows of configured servers and, behind them, rows for servers added at run time. */
  readonly servers: number;
  readonly spareServers: number;
  /** Per proxy: index of its first listener and of its first server (they follow one another). */
  readonly firstListener: readonly number[];
  readonly firstServer: readonly number[];
  /** Per proxy: places in its heap of server loads; 0 unless `balance leastconn`. */
  readonly heapCapacity: readonly number[];
  /** Each has memory of its own (stick-table/layout.ts). */
  readonly stickTables: readonly StickTableSettings[];
  readonly caches: readonly CacheSettings[];
  /** `stats calculate-max-counters`: unless it is off. */
  readonly tellsPeaks: boolean;
  /** Monotonic time when this was made: queue keys count from it. */
  readonly epochMs: number;
}

export function planState(config: Config, threads: number): StatePlan {
  const { proxies } = config;
  const { dynamicServers: spareServers, dynamicBackends: spareBackends } = config.global.tune;
  const spare = Array.from({ length: spareBackends }, () => 0);
  const firstListener = runningTotals([...proxies.map(proxy => proxy.binds.length), ...spare]);
  const firstServer = runningTotals([...proxies.map(proxy => proxy.servers.length), ...spare]);
  return {
    threads,
    proxies: proxies.length + spareBackends,
    spareBackends,
    listeners: firstListener.pop() as number,
    servers: firstServer.pop() as number,
    spareServers,
    firstListener,
    firstServer,
    // a backend added at run time may have any algorithm and any of the added servers
    heapCapacity: [
      ...proxies.map(proxy => heapCapacity(proxy, spareServers)),
      ...spare.map(() => spareServers),
    ],
    stickTables: config.stickTables,
    caches: config.caches,
    tellsPeaks: !config.global.flags.has('no-max-counters'),
    epochMs: preciseMs(),
  };
}

/** One more than the values: the last is the sum. */
function runningTotals(values: readonly number[]): number[] {
  const totals = [0];
  let total = 0;
  for (const value of values) totals.push((total += value));
  return totals;
}

function heapCapacity(proxy: Proxy, spareServers: number): number {
  return proxy.balance.algorithm === 'leastconn' ? proxy.servers.length + spareServers : 0;
}

/** Algorithms that follow a change of weight at once (manual, `balance`); the others know only 0 % and 100 %. */
export function hasDynamicWeights(balance: Balance, hashType: HashType): boolean {
  switch (balance.algorithm) {
    case 'roundrobin':
    case 'leastconn':
    case 'first':
    case 'random':
    case 'sticky':
      return true;
    case 'static-rr':
    case 'none':
    case 'log-hash':
      return false;
    case 'source':
    case 'uri':
    case 'url_param':
    case 'hdr':
    case 'rdp-cookie':
    case 'hash':
      return hashType.method === 'consistent';
  }
}
