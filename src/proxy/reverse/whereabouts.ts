/** Which threads have what; those that have the same are asked in turn. */
export class Whereabouts {
  readonly #threads = new Map<string, number[]>();

  note(thread: number, place: string, isThere: boolean): void {
    const others = (this.#threads.get(place) ?? []).filter(one => one !== thread);
    if (isThere) others.push(thread);
    if (others.length > 0) this.#threads.set(place, others);
    else this.#threads.delete(place);
  }

  forget(thread: number): void {
    for (const place of this.#threads.keys()) this.note(thread, place, false);
  }

  has(place: string): boolean {
    return this.#threads.has(place);
  }

  /** The one whose turn it is. */
  next(place: string): number | undefined {
    const threads = this.#threads.get(place);
    const thread = threads?.shift();
    if (thread !== undefined) threads?.push(thread);
    return thread;
  }
}
