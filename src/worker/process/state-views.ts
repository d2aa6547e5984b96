/** What samples may ask of the shared state: counters of proxies and states of servers, by their numbers in the model. */
import type { ServersView, StatsView } from '../../acl/context.ts';
import type { Config } from '../../model/config.ts';
import { ADMIN_MAINT, SRV_STOPPED } from '../../state/server-words.ts';
import type { SharedState } from '../../state/shared-state.ts';

/** Rows of the shared plan by `Proxy.id`, and by `Server.id` within a backend; both come and go at run time. */
class Rows {
  readonly #proxies: Map<number, number>;
  readonly #config: Config;
  readonly #state: SharedState;

  constructor(config: Config, state: SharedState) {
    this.#config = config;
    this.#state = state;
    this.#proxies = new Map(config.proxies.map(({ id }, row) => [id, row]));
  }

  /** Undefined: there is no such proxy. */
  proxy(id: number): number | undefined {
    const { proxies } = this.#config;
    const known = this.#proxies.get(id);
    if (known !== undefined && proxies[known]?.id === id) return known;
    const row = proxies.findIndex(proxy => proxy.id === id && proxy.removed !== true);
    if (row < 0) return undefined;
    this.#proxies.set(id, row);
    return row;
  }

  serverIds(proxy: number): readonly number[] {
    const { servers } = this.#state;
    const row = this.proxy(proxy);
    return row === undefined ? [] : servers.serversOf(row).map(server => servers.id(server));
  }

  /** -1: there is none. */
  server(proxy: number, id: number): number {
    const { servers, plan } = this.#state;
    const row = this.proxy(proxy);
    if (row === undefined) return -1;
    const index = this.#config.proxies[row]?.servers.findIndex(server => server.id === id) ?? -1;
    if (index >= 0) return (plan.firstServer[row] as number) + index;
    return servers.serversOf(row).find(server => servers.id(server) === id) ?? -1;
  }
}

export function statsView(config: Config, state: SharedState, now: () => number): StatsView {
  const { limits, counters, servers } = state;
  const rows = new Rows(config, state);
  const of = (proxy: number, read: (row: number) => number): number => {
    const row = rows.proxy(proxy);
    return row === undefined ? 0 : read(row);
  };
  return {
    processConnections: () => limits.shown(limits.process),
    frontendConnections: proxy => of(proxy, row => limits.current(limits.frontend(row))),
    frontendSessionRate: proxy => of(proxy, row => counters.read(counters.frontend(row), 'rate', now())),
    frontendRequestRate: proxy => of(proxy, row => counters.read(counters.frontend(row), 'req_rate', now())),
    backendConnections: proxy => of(proxy, row => limits.current(limits.backend(row))),
    backendSessionRate: proxy => of(proxy, row => counters.read(counters.backend(row), 'rate', now())),
    backendQueue: proxy =>
      of(proxy, row =>
        servers
          .serversOf(row)
          .reduce((sum, server) => sum + servers.queued(server), servers.backendQueued(row)),
      ),
  };
}

export function serversView(config: Config, state: SharedState, now: () => number): ServersView {
  const { servers, counters } = state;
  const rows = new Rows(config, state);
  const of = (proxy: number, id: number, read: (row: number) => number): number => {
    const row = rows.server(proxy, id);
    return row < 0 ? 0 : read(row);
  };
  const isUp = (row: number): boolean =>
    (servers.admin(row) & ADMIN_MAINT) === 0 && servers.state(row) !== SRV_STOPPED;
  return {
    ids: proxy => rows.serverIds(proxy),
    isUp: (proxy, id) => of(proxy, id, row => (isUp(row) ? 1 : 0)) === 1,
    isUsable: (proxy, id) => of(proxy, id, row => (servers.usable(row) ? 1 : 0)) === 1,
    usable: proxy => {
      const row = rows.proxy(proxy);
      if (row === undefined) return 0;
      const usable = state.usable(row);
      usable.refresh();
      return usable.count;
    },
    connections: (proxy, id) => of(proxy, id, row => servers.served(row)),
    maxconn: (proxy, id) => of(proxy, id, row => servers.maxconn(row)),
    maxqueue: (proxy, id) => of(proxy, id, row => servers.maxqueue(row)),
    queue: (proxy, id) => of(proxy, id, row => servers.queued(row)),
    sessionRate: (proxy, id) => of(proxy, id, row => counters.read(counters.server(row), 'rate', now())),
    weight: (proxy, id) => of(proxy, id, row => servers.shownWeight(row)),
    userWeight: (proxy, id) => of(proxy, id, row => servers.userWeight(row)),
    initialWeight: (proxy, id) => of(proxy, id, row => servers.initialWeight(row)),
  };
}
