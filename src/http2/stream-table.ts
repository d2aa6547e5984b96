/**
 * The open streams of one connection, by their numbers. Streams come in the order of their numbers and most of them go
 * in about that order: each has a place by its number, and a stream that stays so long that another comes to its place
 * leaves that one to a map.
 */
import type { Stream } from './stream.ts';

/** A power of two: more than most connections have at a time. */
const PLACES = 64;

export class StreamTable {
  size = 0;
  readonly #places: (Stream | undefined)[] = [];
  #others: Map<number, Stream> | undefined;

  get(id: number): Stream | undefined {
    const stream = this.#places[placeOf(id)];
    return stream !== undefined && stream.id === id ? stream : this.#others?.get(id);
  }

  /** No other stream has its number. */
  add(stream: Stream): void {
    const place = placeOf(stream.id);
    this.size++;
    if (this.#places[place] === undefined) this.#places[place] = stream;
    else (this.#others ??= new Map()).set(stream.id, stream);
  }

  /** It is one of these. */
  remove(stream: Stream): void {
    const place = placeOf(stream.id);
    this.size--;
    if (this.#places[place] === stream) this.#places[place] = undefined;
    else this.#others?.delete(stream.id);
  }

  /** In the order of their numbers; those that are gone before their turn are left out. */
  *[Symbol.iterator](): Generator<Stream, void> {
    const placed = this.#places.filter(stream => stream !== undefined);
    const all = [...placed, ...(this.#others?.values() ?? [])].sort((one, other) => one.id - other.id);
    for (const stream of all) if (this.get(stream.id) === stream) yield stream;
  }
}

/** Numbers of one side differ by two. */
function placeOf(id: number): number {
  return (id >>> 1) & (PLACES - 1);
}
