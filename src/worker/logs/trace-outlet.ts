/**
 * Where a thread's lines of traces go. They never wait: what a ring's thread has not taken yet is counted, and beyond a
 * bound, or where a descriptor takes nothing, lines are lost, which the board counts by sink.
 */
import { STREAM_SINKS } from '../../config-parser/event-sinks.ts';
import type { TraceBoard } from '../../state/trace-board.ts';
import type { TraceWord } from '../../traces/source.ts';
import type { WriteTrace } from '../../traces/tracer.ts';
import { EventSinks } from './event-sinks.ts';
import type { RingPlaces } from './log-rings.ts';

/** Lines on their way to the control thread. */
const MOST_UNDER_WAY = 4096;
const STREAMS: ReadonlySet<string> = new Set(STREAM_SINKS);

export class TraceOutlet {
  readonly #board: TraceBoard;
  readonly #names: readonly string[];
  readonly #sinks: EventSinks;
  readonly #thread: number;
  readonly write: WriteTrace = (sink, line) => this.#send(sink, line);

  /** `thread` 0: the control thread, which has the rings. */
  constructor(board: TraceBoard, sinks: readonly TraceWord[], rings: RingPlaces, thread: number) {
    this.#board = board;
    this.#names = sinks.map(({ name }) => name);
    this.#sinks = new EventSinks(rings);
    this.#thread = thread;
  }

  #send(sink: number, line: string): void {
    const name = this.#names[sink];
    if (sink === 0 || name === undefined) return;
    if (!this.#hasRoom(name) || !this.#sinks.write(name, line)) this.#board.drop(sink);
  }

  #hasRoom(name: string): boolean {
    if (this.#thread === 0 || STREAMS.has(name)) return true;
    if (this.#board.underWay(this.#thread) >= MOST_UNDER_WAY) return false;
    this.#board.sent(this.#thread, 1);
    return true;
  }
}
