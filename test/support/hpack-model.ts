/**
 * An encoder as plain as RFC 7541 reads, that uses all a block may hold: it draws representations for random fields,
 * and keeps the table in an array.
 */
import { STATIC_COUNT, STATIC_NAMES, STATIC_VALUES } from '../../src/http2/hpack/static-table.ts';
import { indexed, literal, sizeUpdate, type Fields } from './hpack-blocks.ts';

type Field = readonly [name: string, value: string];

const NAMES = ['x-one', 'x-two', 'cookie', 'host', ':path', 'n'.repeat(90), 'x-\xff\0'];

export class HpackModel {
  readonly #below: (limit: number) => number;
  readonly #limit: number;
  #table: Field[] = [];
  #size = 4096;

  constructor(below: (limit: number) => number, limit: number) {
    this.#below = below;
    this.#limit = limit;
  }

  /** A block, and what it says. */
  draw(): { readonly block: Buffer; readonly fields: Fields } {
    const parts: Buffer[] = [];
    while (this.#below(6) === 0) {
      this.#size = this.#below(this.#limit + 1);
      this.#evict();
      parts.push(sizeUpdate(this.#size));
    }
    const fields = Array.from({ length: this.#below(12) }, () => this.#drawField(parts));
    return { block: Buffer.concat(parts), fields };
  }

  #drawField(parts: Buffer[]): Field {
    const known = this.#below(STATIC_COUNT + this.#table.length) + 1;
    const entry = this.#entry(known);
    if (this.#below(2) === 0) {
      parts.push(indexed(known));
      return entry;
    }
    const isNameKnown = this.#below(2) === 0;
    const name = isNameKnown ? entry[0] : (NAMES[this.#below(NAMES.length)] as string);
    const value = String.fromCharCode(...Array.from({ length: this.#length() }, () => this.#below(256)));
    const kind = (['added', 'plain', 'never'] as const)[this.#below(3)] as 'added' | 'plain' | 'never';
    parts.push(literal(kind, isNameKnown ? known : name, value, this.#below(2) === 0));
    if (kind === 'added') {
      this.#table.unshift([name, value]);
      this.#evict();
    }
    return [name, value];
  }

  #length(): number {
    const kind = this.#below(20);
    return kind === 0 ? this.#below(5000) : this.#below(40);
  }

  #entry(index: number): Field {
    return index <= STATIC_COUNT
      ? [STATIC_NAMES[index] as string, STATIC_VALUES[index] as string]
      : (this.#table[index - STATIC_COUNT - 1] as Field);
  }

  #evict(): void {
    const bytes = (): number =>
      this.#table.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    while (bytes() > this.#size) this.#table.pop();
  }
}
