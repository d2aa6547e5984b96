/**
 * Which entries of a stick table have changed, in the order of their changes: what peers are told of. Every change gets
 * a number; an entry that changes again before anybody was told of it keeps the one it has, so that one that changes
 * all the time is told about once a round. Everything here runs under the table's lock.
 *
 *   numbers   entry ─▶ its last update        log   update ─▶ entry, as long as that is its last one
 *
 * Numbers are 32 bits that go round; 0 is none. The log has room for twice as many updates as there are entries: a
 * reader that fell behind further than that looks at all entries instead.
 */
import { HEADER, type UpdatesLayout } from './layout.ts';

export class UpdateLog {
  readonly #words: Int32Array;
  readonly #numbers: number;
  readonly #log: number;
  readonly #mask: number;

  constructor(words: Int32Array, { numbers, log, logMask }: UpdatesLayout) {
    this.#words = words;
    this.#numbers = numbers;
    this.#log = log;
    this.#mask = logMask;
  }

  /** The number of the last change. */
  get last(): number {
    return (this.#words[HEADER.update] as number) >>> 0;
  }

  /** This process has changed the entry. */
  note(entry: number): void {
    const words = this.#words;
    const at = this.#numbers + entry;
    const known = words[at] as number;
    if (known !== 0 && ((known - (words[HEADER.told] as number)) | 0) > 0) return;
    const update = ((words[HEADER.update] as number) + 1) | 0 || 1;
    words[HEADER.update] = update;
    words[at] = update;
    words[this.#log + (update & this.#mask)] = entry;
    if (words[HEADER.waiting] !== 0) this.#wake();
  }

  #wake(): void {
    this.#words[HEADER.waiting] = 0;
    Atomics.notify(this.#words, HEADER.waiting);
  }

  /** The entry is new, or gone. */
  forget(entry: number): void {
    this.#words[this.#numbers + entry] = 0;
  }

  /** The number of the entry's last change by this process; 0: there was none. */
  of(entry: number): number {
    return (this.#words[this.#numbers + entry] as number) >>> 0;
  }

  /** So far back that changes may be missing. */
  isLost(update: number): boolean {
    return (this.last - update) >>> 0 > this.#mask;
  }

  /** The entry whose last change has that number; 0: there is none. */
  entryOf(update: number): number {
    const entry = this.#words[this.#log + (update & this.#mask)] as number;
    return update !== 0 && entry !== 0 && this.of(entry) === update ? entry : 0;
  }

  /** Somebody was told of that change: if the entry changes again, that is another one. */
  told(update: number): void {
    const words = this.#words;
    if ((((update | 0) - (words[HEADER.told] as number)) | 0) > 0) words[HEADER.told] = update | 0;
  }

  /** Resolves at the next change. */
  next(): Promise<unknown> {
    this.#words[HEADER.waiting] = 1;
    const waiting = Atomics.waitAsync(this.#words, HEADER.waiting, 1);
    return waiting.async ? waiting.value : Promise.resolve();
  }
}
