/**
 * The balancers that hash a key of the request: source, uri, url_param, hdr, rdp-cookie, hash. A server is chosen
 * whether it is full or not (its queue will do) unless `hash-balance-factor` or `hash-preserve-affinity` say
 * otherwise. Without a key the servers take turns.
 */
import type { HashType } from '../model/balance.ts';
import type { ServerTable } from '../state/server-table.ts';
import type { SharedState } from '../state/shared-state.ts';
import { NO_SERVER, type Balancer } from './balancer.ts';
import { boundedLoad } from './bounded-load.ts';
import { compileKeyHash, needsKeyForOneServer, NO_KEY, type HashBalance } from './hash-key.ts';
import { HashRing } from './hash-ring.ts';
import { ServerMap } from './server-map.ts';
import { takeTurn } from './turn.ts';

export interface HashSettings {
  readonly type: HashType;
  readonly balanceFactor: number;
  readonly affinity: 'always' | 'maxconn' | 'maxqueue';
}

export function hash(
  state: SharedState,
  backend: number,
  balance: HashBalance,
  settings: HashSettings,
): Balancer {
  return settings.type.method === 'consistent'
    ? consistentHash(state, backend, balance, settings)
    : mapHash(state, backend, balance, settings.type);
}

function mapHash(state: SharedState, backend: number, balance: HashBalance, type: HashType): Balancer {
  const keyHash = compileKeyHash(balance, type);
  const alwaysKey = needsKeyForOneServer(balance.algorithm);
  const usable = state.usable(backend);
  const map = new ServerMap(state, backend);
  return {
    pick(facts, avoid) {
      map.refresh();
      if (map.length === 0) return NO_SERVER;
      const key = usable.count === 1 && !alwaysKey ? 0 : keyHash(facts);
      if (key === NO_KEY) return takeTurn(state.servers, usable, map, avoid);
      return map.at(key % map.length);
    },
  };
}

function consistentHash(
  state: SharedState,
  backend: number,
  balance: HashBalance,
  settings: HashSettings,
): Balancer {
  const keyHash = compileKeyHash(balance, settings.type);
  const alwaysKey = needsKeyForOneServer(balance.algorithm);
  const usable = state.usable(backend);
  const ring = new HashRing(state, backend);
  const mayServe = compileEligibility(state, backend, settings);

  /** Onwards from the nearest place until a server may serve it; once around at most. */
  const onwards = (from: number, avoid: number): number => {
    let server = ring.at(from);
    for (let step = 1; server === avoid || !mayServe(server); step++) {
      if (step > ring.length) return ring.at(ring.length - 1);
      server = ring.at((from + step) % ring.length);
    }
    return server;
  };

  return {
    pick(facts, avoid) {
      ring.refresh();
      if (usable.count === 0) return NO_SERVER;
      if (usable.count === 1 && (usable.group === 'first-backup' || !alwaysKey))
        return usable.list[0] as number;
      const key = keyHash(facts);
      if (key === NO_KEY) return takeTurn(state.servers, usable, ring, avoid);
      return onwards(ring.nearest(key), avoid);
    },
  };
}

function compileEligibility(
  state: SharedState,
  backend: number,
  { balanceFactor, affinity }: HashSettings,
): (server: number) => boolean {
  const { servers: table } = state;
  const withinLoad = balanceFactor > 0 ? boundedLoad(state, backend, balanceFactor) : () => true;
  if (affinity === 'maxconn') return server => withinLoad(server) && belowMaxconn(table, server);
  if (affinity === 'maxqueue') return server => withinLoad(server) && belowMaxqueue(table, server);
  return withinLoad;
}

function belowMaxconn(table: ServerTable, server: number): boolean {
  return table.maxconn(server) === 0 || table.served(server) < table.dynamicMaxconn(server);
}

function belowMaxqueue(table: ServerTable, server: number): boolean {
  const maxqueue = table.maxqueue(server);
  if (table.maxconn(server) === 0 || maxqueue === 0) return true;
  return table.served(server) + table.queued(server) < table.dynamicMaxconn(server) + maxqueue;
}
