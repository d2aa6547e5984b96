/**
 * The map of static algorithms (`static-rr`, `hash-type map-based`): as many places as the weights add up to,
 * each server as evenly spread over them as its weight allows. It must be HAProxy's map place by place.
 *
 * For each place every server gains credit as large as its weight; the place goes to the first server with the
 * most whole shares of credit, a share being the sum of all weights, and costs it one share.
 */
import type { SharedState } from '../state/shared-state.ts';
import type { ServerTable } from '../state/server-table.ts';
import type { UsableServers } from '../state/usable-servers.ts';
import type { TurnOrder } from './turn.ts';

export class ServerMap implements TurnOrder {
  #places: Int32Array = new Int32Array(0);
  #generation = -1;
  readonly #table: ServerTable;
  readonly #usable: UsableServers;

  constructor(state: SharedState, backend: number) {
    this.#table = state.servers;
    this.#usable = state.usable(backend);
  }

  get length(): number {
    return this.#places.length;
  }

  at(place: number): number {
    return this.#places[place] as number;
  }

  refresh(): void {
    const usable = this.#usable;
    usable.refresh();
    if (usable.generation === this.#generation) return;
    this.#generation = usable.generation;
    // In HAProxy all usable backup servers share the places of the first one, whose weight alone counts.
    const candidates = usable.group === 'first-backup' ? usable.backups : usable.list;
    const weights = Array.from(candidates, server => this.#table.effectiveWeight(server));
    this.#places = fillMap(weights, usable.totalWeight).map(index => candidates[index] as number);
  }
}

/** Index of the server at each of `total` places. */
export function fillMap(weights: readonly number[], total: number): Int32Array {
  if (total === 1) return new Int32Array(1);
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return sum === total ? fillByEvents(weights, total) : fillByScan(weights, total);
}

/** Word by word what the header says: total × servers steps. */
export function fillByScan(weights: readonly number[], total: number): Int32Array {
  const places = new Int32Array(total);
  const credit = new Float64Array(weights.length);
  for (let place = 0; place < total; place++) {
    let most = -1;
    let chosen = 0;
    for (let index = 0; index < weights.length; index++) {
      credit[index] = (credit[index] as number) + (weights[index] as number);
      const shares = Math.trunc(((credit[index] as number) + total) / total);
      if (shares > most) {
        most = shares;
        chosen = index;
      }
    }
    places[place] = chosen;
    credit[chosen] = (credit[chosen] as number) - total;
  }
  return places;
}

/**
 * The same in total × log(servers) steps or so: a server's credit reaches its k-th whole share at a place that can
 * be told in advance, whenever it was chosen; its shares are those reached less those spent.
 */
export function fillByEvents(weights: readonly number[], total: number): Int32Array {
  const places = new Int32Array(total);
  const reached = new Int32Array(weights.length);
  const shares = new Int8Array(weights.length).fill(1);
  const levels = Array.from({ length: 4 }, () => new IndexSet(weights.length));
  /** Servers that reach a share at a place: linked lists. */
  const due = new Int32Array(total).fill(-1);
  const following = new Int32Array(weights.length).fill(-1);

  const schedule = (index: number): void => {
    const place = Math.ceil((((reached[index] as number) + 1) * total) / (weights[index] as number)) - 1;
    if (place >= total) return;
    following[index] = due[place] as number;
    due[place] = index;
  };
  const changeShares = (index: number, amount: number): void => {
    levels[shares[index] as number]?.remove(index);
    shares[index] = (shares[index] as number) + amount;
    levels[shares[index]]?.add(index);
  };
  weights.forEach((_, index) => {
    levels[1]?.add(index);
    schedule(index);
  });
  for (let place = 0; place < total; place++) {
    for (let index = due[place] as number, next = -1; index >= 0; index = next) {
      next = following[index] as number;
      reached[index] = (reached[index] as number) + 1;
      changeShares(index, 1);
      schedule(index);
    }
    const chosen = firstOfHighest(levels);
    places[place] = chosen;
    changeShares(chosen, -1);
  }
  return places;
}

function firstOfHighest(levels: readonly IndexSet[]): number {
  for (let level = levels.length - 1; level > 0; level--) {
    const first = (levels[level] as IndexSet).first();
    if (first >= 0) return first;
  }
  return 0;
}

/** A set of small numbers that knows its smallest. */
class IndexSet {
  readonly #words: Uint32Array;
  /** No word below this one has a bit. */
  #lowest = 0;

  constructor(size: number) {
    this.#words = new Uint32Array(Math.ceil(size / 32));
  }

  add(index: number): void {
    const word = index >>> 5;
    this.#words[word] = (this.#words[word] as number) | (1 << (index & 31));
    if (word < this.#lowest) this.#lowest = word;
  }

  remove(index: number): void {
    const word = index >>> 5;
    this.#words[word] = (this.#words[word] as number) & ~(1 << (index & 31));
  }

  first(): number {
    while (this.#lowest < this.#words.length) {
      const word = this.#words[this.#lowest] as number;
      if (word !== 0) return this.#lowest * 32 + 31 - Math.clz32(word & -word);
      this.#lowest++;
    }
    return -1;
  }
}
