/** The traces of one thread: a tracer for each source, and numbers for what has none of its own. */
import type { TraceBoard } from '../state/trace-board.ts';
import { sourceNumber, TRACE_SOURCE_TABLE, type TraceSourceName } from './sources.ts';
import { Tracer, type WriteTrace } from './tracer.ts';

/** Numbers fit a word of the board, with one to spare. */
const NUMBERS = 0x7fff_fff0;

type Tracers = { readonly [Name in TraceSourceName]: Tracer };

export class Traces {
  readonly of: Tracers;
  readonly #board: TraceBoard;
  readonly #numbers = new WeakMap<object, number>();
  readonly #step: number;
  #next: number;

  /** `threads`: how many there are, so that no number is that of another thread's. */
  constructor(board: TraceBoard, thread: number, threads: number, write: WriteTrace) {
    this.#board = board;
    this.#step = threads + 1;
    this.#next = thread;
    const names = Object.keys(TRACE_SOURCE_TABLE) as TraceSourceName[];
    this.of = Object.fromEntries(
      names.map(name => [name, new Tracer(board, sourceNumber(name), thread, write)]),
    ) as Tracers;
  }

  /** Somebody may want to hear of what begins now. */
  get on(): boolean {
    return this.#board.armed;
  }

  /** Of a session or a connection; the same as long as it lives. */
  numberOf(thing: object): number {
    let number = this.#numbers.get(thing);
    if (number === undefined) {
      number = this.#next;
      this.#next = (this.#next + this.#step) % NUMBERS;
      this.#numbers.set(thing, number);
    }
    return number;
  }
}
