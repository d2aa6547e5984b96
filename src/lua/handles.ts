/**
 * Objects of this program that scripts hold: a script has a number in field 0 of a table of its own. A number that was
 * given back stands for nothing: it never becomes that of another object.
 */
const PLACES = 2 ** 24;

export class Handles<T extends object> {
  readonly #objects: (T | undefined)[] = [];
  readonly #turns: number[] = [];
  readonly #free: number[] = [];

  open(object: T): number {
    const place = this.#free.pop() ?? this.#objects.length;
    this.#objects[place] = object;
    const turn = (this.#turns[place] ??= 0);
    return turn * PLACES + place;
  }

  get(handle: number): T | undefined {
    const place = handle % PLACES;
    return this.#turns[place] === Math.floor(handle / PLACES) ? this.#objects[place] : undefined;
  }

  close(handle: number): void {
    if (this.get(handle) === undefined) return;
    const place = handle % PLACES;
    this.#objects[place] = undefined;
    this.#turns[place] = (this.#turns[place] as number) + 1;
    this.#free.push(place);
  }
}
