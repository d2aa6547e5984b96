/** Tells why nameservers cannot be asked, but not again and again: each cause once a minute at most. */
const REPEATED_AFTER_MS = 60_000;

export class Troubles {
  readonly #section: string;
  readonly #warn: (text: string) => void;
  readonly #now: () => number;
  /** When, by what was told. */
  readonly #told = new Map<string, number>();

  constructor(section: string, warn: (text: string) => void, now: () => number) {
    this.#section = section;
    this.#warn = warn;
    this.#now = now;
  }

  tell({ name, place }: { readonly name: string; readonly place: string }, cause: string): void {
    const text = `Nameserver ${this.#section}/${name} at ${place} cannot be asked: ${cause}.`;
    const now = this.#now();
    for (const [other, at] of this.#told) if (now - at >= REPEATED_AFTER_MS) this.#told.delete(other);
    if (this.#told.has(text)) return;
    this.#told.set(text, now);
    this.#warn(text);
  }
}
