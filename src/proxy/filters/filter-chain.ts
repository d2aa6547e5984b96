/**
 * The filters of a stream in one direction, one behind the other: what the first lets go on is what the second sees.
 * Filters of scripts may hold bytes back and ask to be called again when time has passed.
 *
 *   push ─▶ stage ─▶ stage ─▶ what goes on      and at the end, when nothing is held any more: http_end of each
 */
import { Timer, type TimerWheel } from '../../net/timer-wheel.ts';
import { FILTER_ERROR, FILTER_WAIT, type StreamFilter } from '../../rules/script-filter.ts';
import { FilterStage } from './filter-stage.ts';

const NOTHING = Buffer.alloc(0);

export interface FilterChainSettings {
  readonly wheel: TimerWheel;
  readonly isResponse: boolean;
  /** Of HTTP; else bytes of a connection. */
  readonly isMessage: boolean;
  /** Bytes that each filter may hold. */
  readonly size: number;
  /** How long one may hold things up without asking for time; milliseconds, 0: for ever. */
  readonly patienceMs: number;
}

export class FilterChain {
  readonly #stages: readonly FilterStage[];
  readonly #settings: FilterChainSettings;
  readonly #timer: Timer;
  #isLast = false;
  /** Filters that have said yes to the end. */
  #ended = 0;
  /** Something is held back for a time of the filter's own. */
  #woken = false;
  failed = false;
  /** Hears of bytes that go on by themselves, because time has passed. */
  onWake: (bytes: Buffer) => void = () => undefined;
  onFailed: () => void = () => undefined;

  constructor(filters: readonly StreamFilter[], settings: FilterChainSettings) {
    const { isResponse, isMessage, size } = settings;
    this.#settings = settings;
    this.#stages = filters.map(filter => new FilterStage(filter, isResponse, isMessage, size));
    this.#timer = new Timer(() => this.#expired());
  }

  /** All that will ever go on has gone. */
  get done(): boolean {
    return this.#ended === this.#stages.length;
  }

  /** A filter holds so much that no more is to come for now. */
  get isFull(): boolean {
    return this.#stages.some(stage => stage.isFull);
  }

  /** What goes on of these bytes and of those that were held back. Nothing, if a filter has failed. */
  push(content: Buffer, isLast: boolean): Buffer {
    this.#isLast = isLast;
    const bytes = this.#pass(content);
    if (!this.failed) this.#arm();
    return bytes;
  }

  #pass(content: Buffer): Buffer {
    let bytes = content;
    let isLast = this.#isLast;
    for (const stage of this.#stages) {
      const passed = stage.pass(bytes, isLast);
      if (passed === undefined) return this.#fail();
      bytes = passed;
      isLast = stage.done;
    }
    return isLast && !this.#end() ? this.#fail() : bytes;
  }

  #fail(): Buffer {
    this.failed = true;
    this.close();
    return NOTHING;
  }

  /** False: a filter has failed. */
  #end(): boolean {
    const { isMessage, isResponse } = this.#settings;
    for (let next = this.#stages[this.#ended]; next !== undefined; next = this.#stages[this.#ended]) {
      const answer = isMessage ? next.filter.httpEnd(isResponse, next) : undefined;
      if (answer === FILTER_ERROR) return false;
      if (answer === FILTER_WAIT) return true;
      this.#ended++;
    }
    return true;
  }

  #arm(): void {
    const { wheel, patienceMs } = this.#settings;
    const wishes = this.#stages.map(({ filter }) => filter.takeWakeMs()).filter(ms => ms > 0);
    this.#woken = wishes.length > 0;
    if (this.done) return wheel.clear(this.#timer);
    if (this.#woken) wheel.set(this.#timer, Math.min(...wishes));
    else if ((this.#isLast || this.isFull) && patienceMs > 0) wheel.set(this.#timer, patienceMs);
    else wheel.clear(this.#timer);
  }

  #expired(): void {
    if (!this.#woken) this.#lose();
    const bytes = this.failed ? NOTHING : this.push(NOTHING, this.#isLast);
    if (this.failed) this.onFailed();
    else if (bytes.length > 0 || this.done || !this.isFull) this.onWake(bytes);
  }

  #lose(): void {
    const holder = this.#stages.find(stage => !stage.done || stage.isFull) ?? this.#stages[this.#ended];
    holder?.filter.complain('has not let bytes or their end go on in time');
    this.#fail();
  }

  close(): void {
    this.#settings.wheel.remove(this.#timer);
  }
}
