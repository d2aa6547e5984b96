/**
 * The ring of `hash-type consistent`: every server stands at as many pseudo-random places of a 32-bit circle as
 * its effective weight says; a key goes to the nearest place. When a server leaves, only its keys move.
 *
 *   keys    sorted places, unsigned      ... 0x1f03 | 0x2a77 | 0x2b00 ...
 *   owners  the server of each           ...   s3   |   s1   |   s3   ...
 *
 * Sorting is done again only when weights or seeds have changed; when servers go down and up, the places of the
 * usable ones are picked out of all places.
 */
import { avalanche } from '../base/hash.ts';
import type { SharedState } from '../state/shared-state.ts';
import type { ServerTable } from '../state/server-table.ts';
import type { UsableServers } from '../state/usable-servers.ts';
import type { TurnOrder } from './turn.ts';

interface Places {
  readonly keys: Uint32Array;
  readonly owners: Int32Array;
}

const EMPTY: Places = { keys: new Uint32Array(0), owners: new Int32Array(0) };

export class HashRing implements TurnOrder {
  #places = EMPTY;
  #all = EMPTY;
  /** Servers, seeds and weights that `#all` was sorted for. */
  #sortedFor = '';
  #generation = -1;
  readonly #table: ServerTable;
  readonly #usable: UsableServers;

  constructor(state: SharedState, backend: number) {
    this.#table = state.servers;
    this.#usable = state.usable(backend);
  }

  get length(): number {
    return this.#places.owners.length;
  }

  /** The server at a place, by its number on the ring. */
  at(place: number): number {
    return this.#places.owners[place] as number;
  }

  refresh(): void {
    this.#usable.refresh();
    if (this.#usable.generation === this.#generation) return;
    this.#generation = this.#usable.generation;
    const servers = this.#table.serversOf(this.#usable.backend);
    const sortedFor = servers
      .map(s => `${s}:${this.#table.seed(s)}:${this.#table.effectiveWeight(s)}`)
      .join();
    if (sortedFor !== this.#sortedFor) {
      this.#sortedFor = sortedFor;
      this.#all = sortPlaces(this.#table, servers);
    }
    this.#places = only(this.#all, new Set(this.#usable.list));
  }

  /** Number of the place nearest to the hash; at equal distance the one before it. */
  nearest(hash: number): number {
    const { keys } = this.#places;
    const { length } = keys;
    let low = 0;
    let high = length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((keys[middle] as number) < hash) low = middle + 1;
      else high = middle;
    }
    const after = low === length ? 0 : low;
    const before = after === 0 ? length - 1 : after - 1;
    const distanceBefore = (hash - (keys[before] as number)) >>> 0;
    const distanceAfter = ((keys[after] as number) - hash) >>> 0;
    return distanceBefore <= distanceAfter ? before : after;
  }
}

/** Servers that share a place (it happens) stand in the order of the configuration. */
function sortPlaces(table: ServerTable, servers: readonly number[]): Places {
  const total = servers.reduce((sum, server) => sum + table.effectiveWeight(server), 0);
  // Key and rank of the server in one number: sorting is then the engine's own, over doubles.
  const packed = new Float64Array(total);
  let end = 0;
  servers.forEach((server, rank) => {
    const seed = table.seed(server);
    const weight = table.effectiveWeight(server);
    for (let node = 0; node < weight; node++) packed[end++] = avalanche((seed + node) | 0) * RANKS + rank;
  });
  packed.sort();
  return {
    keys: Uint32Array.from(packed, value => Math.floor(value / RANKS)),
    owners: Int32Array.from(packed, value => servers[value % RANKS] as number),
  };
}

/** 32 bits of key and these make 53. */
const RANKS = 2 ** 21;

function only(all: Places, wanted: ReadonlySet<number>): Places {
  const { owners } = all;
  const chosen: number[] = [];
  for (let place = 0; place < owners.length; place++)
    if (wanted.has(owners[place] as number)) chosen.push(place);
  if (chosen.length === owners.length) return all;
  return {
    keys: Uint32Array.from(chosen, place => all.keys[place] as number),
    owners: Int32Array.from(chosen, place => owners[place] as number),
  };
}
