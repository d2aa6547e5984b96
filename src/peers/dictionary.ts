/**
 * Server names as they go between two peers: each is sent once and called by a number from then on, until 128 newer
 * ones have come (peers.txt, STD_T_DICT). One pair of caches a connection; numbers on the wire begin at 1.
 */
import { DICTIONARY_SIZE } from './wire.ts';

export class SentNames {
  readonly #numbers = new Map<string, number>();
  readonly #names: (string | undefined)[] = [];
  #next = 0;

  /** Its number, from 1; negative: the other side has to be told what it means. */
  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const slot = this.#next;
    const former = this.#names[slot];
    if (former !== undefined) this.#numbers.delete(former);
    this.#names[slot] = name;
    this.#numbers.set(name, slot + 1);
    this.#next = (slot + 1) % DICTIONARY_SIZE;
    return -(slot + 1);
  }

  /** By number - 1. */
  get names(): readonly (string | undefined)[] {
    return this.#names;
  }

  clear(): void {
    this.#numbers.clear();
    this.#names.length = this.#next = 0;
  }
}

export class HeardNames {
  readonly names: (string | undefined)[] = Array.from({ length: DICTIONARY_SIZE }, () => undefined);

  /** Undefined: nobody said what it means. */
  get(number: number): string | undefined {
    return this.names[number - 1];
  }

  /** Numbers from 1 on. */
  set(number: number, name: string): void {
    this.names[number - 1] = name;
  }

  clear(): void {
    this.names.fill(undefined);
  }
}
