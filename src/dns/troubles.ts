/** Tells why nameservers cannot be asked, but not again and again: a cause that stays is told once a minute. */
import type { Nameserver } from './nameserver.ts';

const REPEATED_AFTER_MS = 60_000;

interface Told {
  readonly cause: string;
  readonly at: number;
}

export class Troubles {
  readonly #section: string;
  readonly #warn: (text: string) => void;
  readonly #now: () => number;
  readonly #last = new Map<Nameserver, Told>();

  constructor(section: string, warn: (text: string) => void, now: () => number) {
    this.#section = section;
    this.#warn = warn;
    this.#now = now;
  }

  tell(nameserver: Nameserver, cause: string): void {
    const last = this.#last.get(nameserver);
    const now = this.#now();
    if (last?.cause === cause && now - last.at < REPEATED_AFTER_MS) return;
    this.#last.set(nameserver, { cause, at: now });
    const { name, place } = nameserver;
    this.#warn(`Nameserver ${this.#section}/${name} at ${place} cannot be asked: ${cause}.`);
  }
}
