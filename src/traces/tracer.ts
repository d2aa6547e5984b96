/**
 * One source of traces in one thread: judges what its points tell by what the board says, and writes lines. As
 * HAProxy's, a source that is locked on something keeps silent about everything else, and one that follows another
 * speaks whenever what that one is locked on is meant.
 */
import {
  TRACE_PAUSE,
  TRACE_REPORT,
  TRACE_RUNNING,
  TRACE_START,
  TRACE_STOP,
  TRACE_STOPPED,
  TRACE_WAITING,
  type TraceBoard,
  type TraceRow,
} from '../state/trace-board.ts';
import { DEVELOPER, TRACE_CRITERIA, type TraceCriterion, type TraceSubject } from './source.ts';
import { TRACE_SOURCES } from './sources.ts';
import type { TracePoint } from './trace-point.ts';

export type WriteTrace = (sink: number, line: string) => void;

/** Bytes of a line; the rest is cut. */
const LONGEST = 8192;

export class Tracer {
  readonly #name: string;
  readonly #board: TraceBoard;
  readonly #row: TraceRow;
  readonly #thread: number;
  readonly #write: WriteTrace;

  constructor(board: TraceBoard, source: number, thread: number, write: WriteTrace) {
    this.#name = TRACE_SOURCES[source]?.name ?? '';
    this.#board = board;
    this.#row = board.row(source);
    this.#thread = thread;
    this.#write = write;
  }

  /** `detail`: what stands behind the text, for a verbosity above `quiet`, which is 0. */
  tell(point: TracePoint, subject: TraceSubject, detail?: (verbosity: number) => string): void {
    const row = this.#row;
    if (!this.#listens(point, subject)) return;
    if (row.level >= point.level && row.meets(TRACE_REPORT, point.events))
      this.#write(row.sink, this.#line(point, detail));
    this.#after(point);
  }

  #listens(point: TracePoint, subject: TraceSubject): boolean {
    return this.#isOn(point, subject) || this.#follows(subject);
  }

  #isOn(point: TracePoint, subject: TraceSubject): boolean {
    const row = this.#row;
    if (row.state === TRACE_STOPPED) return false;
    if (row.criterion !== 0 && row.holder >= 0 && !this.#isLockedOn(row, subject)) return false;
    if (row.state === TRACE_WAITING) {
      if (!row.meets(TRACE_START, point.events)) return false;
      row.state = TRACE_RUNNING;
    }
    const number = this.#numberOf(row, subject);
    return row.criterion === 0 || number === undefined || row.holder >= 0 || row.lockOn(number) === number;
  }

  #isLockedOn(row: TraceRow, subject: TraceSubject): boolean {
    return row.holder >= 0 && this.#numberOf(row, subject) === row.holder;
  }

  #numberOf(row: TraceRow, subject: TraceSubject): number | undefined {
    const name = TRACE_CRITERIA[row.criterion]?.name as TraceCriterion;
    return name === 'thread' ? this.#thread : subject[name];
  }

  #follows(subject: TraceSubject): boolean {
    const { followed } = this.#row;
    if (followed < 0) return false;
    const row = this.#board.row(followed);
    return row.state === TRACE_RUNNING && this.#isLockedOn(row, subject);
  }

  /** What follows another does not change its own state. */
  #after({ events }: TracePoint): void {
    const row = this.#row;
    if (row.state !== TRACE_RUNNING) return;
    const isStopped = row.meets(TRACE_STOP, events);
    if (!isStopped && !row.meets(TRACE_PAUSE, events)) return;
    row.state = isStopped ? TRACE_STOPPED : TRACE_WAITING;
    row.release();
  }

  #line({ level, event, place, text }: TracePoint, detail?: (verbosity: number) => string): string {
    const row = this.#row;
    const thread = String(this.#thread).padStart(2, '0');
    const where = row.level >= DEVELOPER ? `${place}(): ` : '';
    const more = row.verbosity > 0 ? (detail?.(row.verbosity) ?? '') : '';
    const behind = more === '' ? '' : ` : ${more}`;
    return `[${thread}|${this.#name}|${level}|${event}] ${where}${text}${behind}`.slice(0, LONGEST);
  }
}
