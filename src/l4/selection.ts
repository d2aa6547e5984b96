/** Which server the next connection of a service goes to: an expression of nft, and what its values stand for. */
import { xxh32 } from '../base/hash.ts';
import { planConnections } from './least-connections.ts';
import { addressWord, SEED } from './nft-words.ts';
import type { ServerState, Service, ServiceState } from './service.ts';
import {
  failOver,
  HASH_SLOTS,
  hashTable,
  MAGLEV_SLOTS,
  maglevTable,
  roundRobin,
  weightedRoundRobin,
} from './slots.ts';

interface Selection {
  /** Gives a number below the count of slots. */
  readonly expression: string;
  /** Indexes of servers; empty: there is nobody. */
  readonly slots: readonly number[];
}

/** Persistent clients come back to it. */
export function remembers({ gone, closed }: ServerState): boolean {
  return !gone && closed !== true;
}

/** Of equals a plan begins with another one in each generation. */
export function select({ service, states, generation }: ServiceState): Selection {
  const weights = states.map(({ weight, gone }) => (gone ? 0 : weight));
  switch (service.scheduler) {
    case 'rr':
      return inTurn(roundRobin(weights));
    case 'wrr':
      return inTurn(weightedRoundRobin(weights));
    case 'fo':
      return inTurn(failOver(weights));
    case 'sh':
      return hashed(service, 'saddr', HASH_SLOTS, hashTable(weights));
    case 'dh':
    case 'lblc':
    case 'lblcr':
      return hashed(service, 'daddr', HASH_SLOTS, hashTable(weights));
    case 'mh':
      return hashed(service, 'saddr', MAGLEV_SLOTS, maglevTable(weights, service.servers.map(keyOf)));
    case 'lc':
    case 'wlc':
    case 'sed':
    case 'nq':
    case 'ovf':
    case 'twos': {
      const loads = states.map(({ connections = 0 }, index) => ({
        weight: weights[index] ?? 0,
        connections,
      }));
      return inTurn(planConnections(service.scheduler, loads, xxh32(String(generation), 0)));
    }
  }
}

function inTurn(slots: readonly number[]): Selection {
  return { expression: `numgen inc mod ${slots.length}`, slots };
}

function hashed(
  { family, hashesPort, protocol }: Service,
  side: 'saddr' | 'daddr',
  count: number,
  slots: readonly number[],
): Selection {
  const port = hashesPort && protocol !== undefined ? ' . th sport' : '';
  return { expression: `jhash ${addressWord(family)} ${side}${port} mod ${count} seed ${SEED}`, slots };
}

/** The same server has the same place in the table in every service and on every director. */
function keyOf({ address, port }: Service['servers'][number]): number {
  return xxh32(`${address} ${port}`, 0);
}
