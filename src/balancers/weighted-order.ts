/**
 * The order of turns of `balance roundrobin`: as smooth as weights allow, and the same as HAProxy's, heavier
 * servers first. It is worked out as far as it is needed and kept: each thread draws shared tickets and looks up
 * the turn, so the threads agree without talking to each other.
 *
 *   A round has as many positions as the weights add up to. Each server comes every (sum / weight) positions;
 *   the fraction is carried on. `current` holds those that know their next position in this round, `fresh`
 *   those not yet served in it (heaviest first), `next` those whose next position lies in the next round.
 */
import type { TurnOrder } from './turn.ts';

/** Largest effective weight, and the step between two user weights in the sorting key. */
const MAXIMAL_WEIGHT = 4096;
const SCALE = 16;
const KEY_RANGE = 256;

interface Place {
  readonly server: number;
  readonly weight: number;
  next: number;
  remainder: number;
  key: number;
  /** Who came first among equals. */
  order: number;
}

export class WeightedOrder implements TurnOrder {
  readonly length: number;
  readonly #round: number;
  readonly #turns: Int32Array;
  #known = 0;
  #current: Place[] = [];
  #fresh: Place[];
  #next: Place[] = [];
  #position: number;
  #arrivals = 0;

  /** `weights` are effective weights above 0. */
  constructor(servers: Int32Array, weights: readonly number[]) {
    this.#round = weights.reduce((sum, weight) => sum + weight, 0);
    this.length = this.#round / weights.reduce(greatestCommonDivisor, 0);
    this.#turns = new Int32Array(this.length);
    this.#position = this.#round;
    const places = Array.from(servers, (server, index): Place => {
      const weight = weights[index] as number;
      return { server, weight, next: 0, remainder: 0, key: 0, order: index };
    });
    this.#fresh = byWeight(places);
  }

  at(turn: number): number {
    while (this.#known <= turn) this.#turns[this.#known++] = this.#step();
    return this.#turns[turn] as number;
  }

  #step(): number {
    const place = this.#take();
    if (place.next === 0) place.next = this.#position;
    place.next += Math.floor(this.#round / place.weight);
    place.remainder += this.#round % place.weight;
    if (place.remainder >= place.weight) {
      place.remainder -= place.weight;
      place.next++;
    }
    this.#position++;
    this.#queue(place);
    return place.server;
  }

  /** Who is due; else a fresh one; else who is due soonest; with nobody left, a new round begins. */
  #take(): Place {
    const due = this.#current[0];
    if (due !== undefined && (due.next <= this.#position || this.#fresh.length === 0))
      return this.#popCurrent();
    const fresh = this.#fresh.pop();
    if (fresh === undefined) {
      this.#fresh = byWeight(this.#next);
      this.#next = [];
      this.#position = this.#round;
      return this.#take();
    }
    fresh.next = 0;
    fresh.remainder = 0;
    return fresh;
  }

  #queue(place: Place): void {
    place.order = this.#arrivals++;
    if (place.next >= 2 * this.#round) this.#next.push(place);
    else {
      place.key =
        KEY_RANGE * place.next + Math.floor((MAXIMAL_WEIGHT + place.remainder - place.weight) / SCALE);
      this.#pushCurrent(place);
    }
  }

  #pushCurrent(place: Place): void {
    const heap = this.#current;
    let index = heap.length;
    while (index > 0) {
      const above = (index - 1) >> 1;
      if (!before(place, heap[above] as Place)) break;
      heap[index] = heap[above] as Place;
      index = above;
    }
    heap[index] = place;
  }

  #popCurrent(): Place {
    const heap = this.#current;
    const first = heap[0] as Place;
    const last = heap.pop() as Place;
    if (heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && before(heap[below + 1] as Place, heap[below] as Place)) below++;
      if (!before(heap[below] as Place, last)) break;
      heap[index] = heap[below] as Place;
      index = below;
    }
    heap[index] = last;
    return first;
  }
}

function before(a: Place, b: Place): boolean {
  return a.key === b.key ? a.order < b.order : a.key < b.key;
}

/** Lightest first, so that the heaviest is popped first; among equals who arrived first is popped first. */
function byWeight(places: Place[]): Place[] {
  return places.sort((a, b) => (a.weight === b.weight ? b.order - a.order : a.weight - b.weight));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
