/** The servers whose life is told: where each stands in shared memory, what checks it, who tracks it. */
import type { Proxy } from '../model/proxy.ts';
import type { Server } from '../model/server.ts';
import type { CheckPolicy } from './advance.ts';

export interface LifeServer {
  /** Row in the server table. */
  readonly row: number;
  /** Number of the proxy in the configuration. */
  readonly backend: number;
  readonly proxy: Proxy;
  /** As it is now: addresses of checks may be changed at run time. */
  config: Server;
  /** The server whose state it follows (`track`). */
  readonly tracked: LifeServer | undefined;
  readonly trackers: LifeServer[];
  readonly policy: CheckPolicy;
}

/** Agents decide at once. */
export const AGENT_POLICY: CheckPolicy = { rise: 1, fall: 1 };
const DEFAULT_POLICY: CheckPolicy = { rise: 2, fall: 3 };

export function serverLabel({ proxy, config }: LifeServer): string {
  return `${config.backup ? 'Backup ' : ''}Server ${proxy.name}/${config.name}`;
}

function policyOf({ check }: Server): CheckPolicy {
  return check === undefined ? DEFAULT_POLICY : { rise: check.rise, fall: check.fall };
}

/** All of them, by row. */
export class LifeServers {
  readonly #byRow = new Map<number, LifeServer>();
  readonly #byName = new Map<string, LifeServer>();

  get(row: number): LifeServer | undefined {
    return this.#byRow.get(row);
  }

  find(proxy: string, server: string): LifeServer | undefined {
    return this.#byName.get(`${proxy}/${server}`);
  }

  all(): IterableIterator<LifeServer> {
    return this.#byRow.values();
  }

  /** `tracked` stands before whoever tracks it: see inTrackingOrder. */
  add(row: number, backend: number, proxy: Proxy, config: Server): LifeServer {
    const tracked = config.track === undefined ? undefined : this.#tracked(proxy, config.track.text);
    const server = { row, backend, proxy, config, tracked, trackers: [], policy: policyOf(config) };
    // HAProxy walks its trackers from the last one to the first
    tracked?.trackers.unshift(server);
    this.#byRow.set(row, server);
    this.#byName.set(`${proxy.name}/${config.name}`, server);
    return server;
  }

  remove(server: LifeServer): void {
    const { tracked } = server;
    if (tracked !== undefined) tracked.trackers.splice(tracked.trackers.indexOf(server), 1);
    this.#byRow.delete(server.row);
    this.#byName.delete(`${server.proxy.name}/${server.config.name}`);
  }

  /** `[<backend>/]<server>` */
  #tracked(proxy: Proxy, text: string): LifeServer | undefined {
    const slash = text.indexOf('/');
    return slash < 0 ? this.find(proxy.name, text) : this.find(text.slice(0, slash), text.slice(slash + 1));
  }
}
