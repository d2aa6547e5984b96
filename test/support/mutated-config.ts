/** Configurations that went wrong: lines moved between files, words changed, cut, doubled or replaced by odd ones. */
import { randomNumbers } from './random-numbers.ts';

const ODD = [
  '"',
  "'",
  '\\',
  '${',
  '"${A',
  '\0',
  '\r',
  '{',
  '}',
  '!',
  '-1',
  '0',
  '99999999999999999999',
  '%[',
  '#',
  '',
  '\uFEFF',
  'é',
  '__proto__',
  'constructor',
  'no',
  'default',
  'if',
  '.if',
  '.else',
  '.endif',
  '(',
  ')',
  'x'.repeat(5000),
];

export class ConfigMutator {
  readonly #texts: readonly string[];
  readonly #lines: readonly string[];
  readonly #words: readonly string[];

  constructor(texts: readonly string[]) {
    this.#texts = texts;
    this.#lines = texts.flatMap(text => text.split('\n'));
    this.#words = this.#lines.flatMap(line => line.trim().split(/\s+/));
  }

  /** The same seed gives the same text. */
  mutate(seed: number): string {
    const below = randomNumbers(seed);
    const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item;
    const lines = pick(this.#texts).split('\n');
    for (let count = 1 + below(1 + below(6)); count > 0; count--) this.#change(lines, below(9), below, pick);
    return lines.join('\n');
  }

  #change(
    lines: string[],
    kind: number,
    below: (limit: number) => number,
    pick: <Item>(items: readonly Item[]) => Item,
  ): void {
    const word = (change: (word: string) => string): void => {
      const at = below(lines.length);
      const words = (lines[at] ?? '').split(' ');
      const index = below(words.length);
      words[index] = change(words[index] ?? '');
      lines[at] = words.join(' ');
    };
    if (kind === 0) lines.splice(below(lines.length + 1), 0, pick(this.#lines));
    else if (kind === 1) lines.splice(below(lines.length), 1);
    else if (kind === 2) word(() => pick(this.#words));
    else if (kind === 3) word(() => pick(ODD));
    else if (kind === 4) word(text => text.slice(0, below(text.length + 1)));
    else if (kind === 5) word(text => text + pick(ODD));
    else if (kind === 6) word(() => '');
    else if (kind === 7) word(text => `${text} ${pick(this.#words)}`);
    else lines.splice(below(lines.length + 1), 0, ...this.#block(below));
  }

  /** Lines in a row of some file. */
  #block(below: (limit: number) => number): readonly string[] {
    const at = below(this.#lines.length);
    return this.#lines.slice(at, at + 1 + below(8));
  }
}
