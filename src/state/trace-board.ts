/**
 * What is traced now, as all threads of a process know it: a row of numbers for each source, changed by orders of an
 * administrator and by the events that start, pause and stop traces. What the numbers mean is said in traces/.
 */

const TRACE_SOURCES = 32;
export const TRACE_SINKS = 128;

export const TRACE_STOPPED = 0;
export const TRACE_WAITING = 1;
export const TRACE_RUNNING = 2;

/** What events do. Each is a set of up to 62 of them, in two words. */
export const TRACE_REPORT = 0;
export const TRACE_START = 1;
export const TRACE_STOP = 2;
export const TRACE_PAUSE = 3;
export type TraceAction = typeof TRACE_REPORT | typeof TRACE_START | typeof TRACE_STOP | typeof TRACE_PAUSE;

/** A set of events: bits 0 to 30 of the first, the others of the second. */
export type EventSet = readonly [low: number, high: number];

const ARMED = 0;
const FIRST_ROW = 16;
const ROW = 16;
const DROPS = FIRST_ROW + TRACE_SOURCES * ROW;
const UNDER_WAY = DROPS + TRACE_SINKS;

const STATE = 0;
const LEVEL = 1;
const VERBOSITY = 2;
const SINK = 3;
const CRITERION = 4;
const HOLDER = 5;
const FOLLOWED = 6;
const EVENTS = 8;

export class TraceBoard {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  private constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  /** `threads`: the highest number of one; the control thread is 0. */
  static create(threads: number): TraceBoard {
    return new TraceBoard(new SharedArrayBuffer((UNDER_WAY + threads + 1) * 4));
  }

  static attach(buffer: SharedArrayBuffer): TraceBoard {
    return new TraceBoard(buffer);
  }

  row(source: number): TraceRow {
    const start = FIRST_ROW + source * ROW;
    return new TraceRow(this.#words.subarray(start, start + ROW));
  }

  /** Some source is not stopped, or follows another: asked where a connection or a request begins. */
  get armed(): boolean {
    return this.#words[ARMED] !== 0;
  }

  /** Behind each order. What an event has stopped stays armed until the next one: it costs time and nothing else. */
  arm(): void {
    let armed = 0;
    for (let source = 0; source < TRACE_SOURCES; source++) {
      const row = this.row(source);
      if (row.state !== TRACE_STOPPED || row.followed >= 0) armed = 1;
    }
    Atomics.store(this.#words, ARMED, armed);
  }

  dropped(sink: number): number {
    return (this.#words[DROPS + sink] as number) >>> 0;
  }

  drop(sink: number, lines = 1): void {
    Atomics.add(this.#words, DROPS + sink, lines);
  }

  /** Lines on their way from a thread to the control thread. */
  underWay(thread: number): number {
    return Atomics.load(this.#words, UNDER_WAY + thread);
  }

  sent(thread: number, lines: number): void {
    Atomics.add(this.#words, UNDER_WAY + thread, lines);
  }

  arrived(thread: number, lines: number): void {
    Atomics.sub(this.#words, UNDER_WAY + thread, lines);
  }

  /** A thread is gone, and what it had sent. */
  threadLost(thread: number): void {
    Atomics.store(this.#words, UNDER_WAY + thread, 0);
  }
}

/** One source. */
export class TraceRow {
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  get state(): number {
    return Atomics.load(this.#words, STATE);
  }

  set state(state: number) {
    Atomics.store(this.#words, STATE, state);
  }

  get level(): number {
    return this.#words[LEVEL] as number;
  }

  set level(level: number) {
    this.#words[LEVEL] = level;
  }

  get verbosity(): number {
    return this.#words[VERBOSITY] as number;
  }

  set verbosity(verbosity: number) {
    this.#words[VERBOSITY] = verbosity;
  }

  /** 0: none. */
  get sink(): number {
    return this.#words[SINK] as number;
  }

  set sink(sink: number) {
    this.#words[SINK] = sink;
  }

  /** By what it locks on something; 0: by nothing. */
  get criterion(): number {
    return this.#words[CRITERION] as number;
  }

  set criterion(criterion: number) {
    this.#words[CRITERION] = criterion;
  }

  /** The number of what it is locked on; -1: nothing yet. */
  get holder(): number {
    return Atomics.load(this.#words, HOLDER) - 1;
  }

  release(): void {
    Atomics.store(this.#words, HOLDER, 0);
  }

  /** Locks it, unless another thread was first; gives what it is locked on. */
  lockOn(number: number): number {
    const before = Atomics.compareExchange(this.#words, HOLDER, 0, number + 1);
    return before === 0 ? number : before - 1;
  }

  /** The source whose lock it follows; -1: none. */
  get followed(): number {
    return (this.#words[FOLLOWED] as number) - 1;
  }

  set followed(source: number) {
    this.#words[FOLLOWED] = source + 1;
  }

  events(action: TraceAction): EventSet {
    const at = EVENTS + action * 2;
    return [this.#words[at] as number, this.#words[at + 1] as number];
  }

  setEvents(action: TraceAction, [low, high]: EventSet): void {
    const at = EVENTS + action * 2;
    this.#words[at] = low;
    this.#words[at + 1] = high;
  }

  /** Some event of the set does that. */
  meets(action: TraceAction, [low, high]: EventSet): boolean {
    const at = EVENTS + action * 2;
    return (((this.#words[at] as number) & low) | ((this.#words[at + 1] as number) & high)) !== 0;
  }
}
