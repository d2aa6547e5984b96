/**
 * What virtual MAC interfaces are called that have no name of their own: prefix, dot and router id, or, where another
 * instance has taken that, with a number behind the prefix, for IPv6 first a 6. As in keepalived, whose firewalls and
 * monitors know the names.
 */
export class VmacNames {
  readonly #taken = new Set<string>();

  take(prefix: string, family: 4 | 6, virtualRouterId: number): string {
    const name = candidates(prefix, family, virtualRouterId).find(one => !this.#taken.has(one)) ?? '';
    this.#taken.add(name);
    return name;
  }

  /** Somebody has said it. */
  reserve(name: string): void {
    this.#taken.add(name);
  }
}

/** More than there can be instances of one router id. */
const MOST = 4096;

function candidates(prefix: string, family: 4 | 6, virtualRouterId: number): string[] {
  const numbers = Array.from({ length: MOST }, (_, index) => index + 1);
  const tried = family === 4 ? numbers : [6, ...numbers.filter(number => number !== 6)];
  return ['', ...tried].map(number => `${prefix}${number}.${virtualRouterId}`);
}
