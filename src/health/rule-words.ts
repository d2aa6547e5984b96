/** The words of a check rule, read one after the other. The parser has checked their shape. */
import type { Word } from '../model/word.ts';

export class RuleWords {
  readonly #words: readonly Word[];
  #at = 0;

  constructor(words: readonly Word[]) {
    this.#words = words;
  }

  get done(): boolean {
    return this.#at >= this.#words.length;
  }

  peek(): string {
    return this.#words[this.#at]?.text ?? '';
  }

  /** The next word, or an empty one behind the last. */
  next(): Word {
    const word = this.#words[this.#at++];
    return word ?? { ...(this.#words[0] as Word), text: '' };
  }

  /** Takes the next word if it is this one. */
  take(text: string): boolean {
    if (this.peek() !== text || this.done) return false;
    this.#at++;
    return true;
  }
}
