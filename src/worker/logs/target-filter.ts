/** Which lines a log target takes: those up to a level, and of them a sample (manual, `log`). */
import type { LogTarget } from '../../model/log.ts';

export class TargetFilter {
  readonly #maxLevel: number;
  readonly #sample: LogTarget['sample'];
  #sampled = 0;

  constructor({ maxLevel, sample }: LogTarget) {
    this.#maxLevel = maxLevel;
    this.#sample = sample;
  }

  passes(level: number): boolean {
    return level <= this.#maxLevel && (this.#sample === undefined || this.#isSampled(this.#sample));
  }

  /** The ranges count lines from 1 to the sample's size, then over again. */
  #isSampled({ ranges, size }: NonNullable<LogTarget['sample']>): boolean {
    const number = this.#sampled + 1;
    this.#sampled = number % size;
    return ranges.some(([from, to]) => number >= from && number <= to);
  }
}
