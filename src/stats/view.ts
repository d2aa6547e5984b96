/**
 * What statistics are read from: the configuration, the memory all threads share, and a few facts of the process.
 * Works in any thread; nothing here is asked of another one. admin/ and the control thread make one, data threads
 * make one for the statistics page.
 */
import { monotonicMs } from '../base/clock.ts';
import type { Config } from '../model/config.ts';
import type { Server } from '../model/server.ts';
import type { VrrpSnapshot } from '../model/vrrp-snapshot.ts';
import { addressCookie } from '../state/address-cookie.ts';
import type { SharedState } from '../state/shared-state.ts';
import { NO_PROCESS, type ProcessNumbers } from './process-numbers.ts';

/** A server with its row in the shared table, configured or added at run time. */
export interface ServerEntry {
  readonly row: number;
  /** Position of its backend in `config.proxies`. */
  readonly proxy: number;
  readonly config: Server;
}

export interface StatsView {
  readonly config: Config;
  readonly state: SharedState;
  readonly process: ProcessNumbers;
  /** Virtual addresses as they were a moment ago; undefined: there are none. */
  readonly vrrp: VrrpSnapshot | undefined;
  /** Milliseconds of the monotonic clock. */
  now(): number;
  /** The servers of a backend, in their order. */
  servers(proxy: number): readonly ServerEntry[];
  /** The server at the end of the chain of `track` that decides its state; itself when it tracks none. */
  checked(entry: ServerEntry): ServerEntry;
  /** The value of its persistence cookie, its own or made of its address. */
  cookie(entry: ServerEntry): string | undefined;
  /** The server it tracks, as the configuration says. */
  tracked(entry: ServerEntry): ServerEntry | undefined;
}

/** `enable dynamic-cookie backend` and its like. */
interface CookieSetting {
  readonly dynamic: boolean;
  /** Undefined: that of the configuration. */
  readonly key: string | undefined;
}

export class ConfiguredView implements StatsView {
  readonly config: Config;
  readonly state: SharedState;
  readonly process: ProcessNumbers;
  vrrp: VrrpSnapshot | undefined;
  /** What commands have changed of a backend's dynamic cookies. */
  cookieSetting: (proxy: number) => CookieSetting | undefined = () => undefined;
  readonly #changed = new Map<number, Server>();

  constructor(config: Config, state: SharedState, process: ProcessNumbers = NO_PROCESS) {
    this.config = config;
    this.state = state;
    this.process = process;
  }

  now(): number {
    return monotonicMs();
  }

  /** A server was added at run time, or changed; undefined: it was removed. */
  setServer(row: number, server: Server | undefined): void {
    if (server === undefined) this.#changed.delete(row);
    else this.#changed.set(row, server);
  }

  servers(proxy: number): ServerEntry[] {
    return this.state.servers.serversOf(proxy).flatMap(row => {
      const config = this.#serverAt(proxy, row);
      return config === undefined ? [] : [{ row, proxy, config }];
    });
  }

  #serverAt(proxy: number, row: number): Server | undefined {
    const first = this.state.plan.firstServer[proxy] as number;
    return this.#changed.get(row) ?? this.config.proxies[proxy]?.servers[row - first];
  }

  cookie({ proxy, row, config }: ServerEntry): string | undefined {
    const settings = this.config.proxies[proxy]?.cookie;
    if (config.cookie !== undefined || settings === undefined) return config.cookie;
    const changed = this.cookieSetting(proxy);
    const key = changed?.key ?? settings.dynamicKey;
    if (key === undefined || !(changed ?? settings).dynamic) return undefined;
    return addressCookie(key, this.state.servers.addresses.read(row));
  }

  tracked({ proxy, config }: ServerEntry): ServerEntry | undefined {
    if (config.track === undefined) return undefined;
    const parts = config.track.text.split('/');
    const name = parts.pop();
    const backend = parts.pop();
    const at =
      backend === undefined
        ? proxy
        : this.config.proxies.findIndex(other => other.kind !== 'frontend' && other.name === backend);
    return at < 0 ? undefined : this.servers(at).find(other => other.config.name === name);
  }

  checked(entry: ServerEntry): ServerEntry {
    let found = entry;
    // a circle is refused when the configuration is read
    for (let next = this.tracked(found); next !== undefined; next = this.tracked(found)) found = next;
    return found;
  }
}
