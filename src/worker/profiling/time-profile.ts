/**
 * Where a thread spends its processor time: V8's sampling profiler looks once a millisecond. What it saw is folded into
 * sums every few seconds, so that a long measurement needs no more memory than a short one.
 *
 *   part 0 ├──────────────┤
 *   part 1             ├──────────────┤      the next begins before the last ends: while one is under way
 *   part 2                         ├───      V8 keeps what took it a quarter of a second to gather
 *
 * A sample is a moment of the day, at work or not: time without a processor is taken off the places that sleep, and what
 * is left of it off all of them, as they were waiting for one.
 */
import { console as profiles, type Profiler, type Session } from 'node:inspector';
import { preciseMs } from '../../base/clock.ts';
import { ProcFile } from '../../base/proc-file.ts';
import type { PlaceTime } from '../../model/profiling.ts';

const INTERVAL_US = 1000;
const FOLD_MS = 10_000;
const NS_PER_MS = 1_000_000;

const usage = new ProcFile('/proc/thread-self/schedstat');

/** Of this thread; nanoseconds. */
function processorNs(): number {
  return Number(usage.read().split(' ')[0]) || 0;
}

type Sum = { -readonly [Key in keyof PlaceTime]: PlaceTime[Key] };
type CallFrame = Profiler.ProfileNode['callFrame'];

/** What the ring's #enter() calls (engines/uring/ring.ts); V8 knows native functions by names that are not theirs. */
const KERNEL = '(kernel)';
/** Libuv sleeps in no function of JavaScript. */
const SLEEPING = new Set(['(idle)', '(program)', KERNEL]);

function nameOf({ functionName, url }: CallFrame, caller: string): string {
  if (url === '' && caller === '#enter') return KERNEL;
  return functionName === '' ? '(anonymous)' : functionName;
}

export class TimeProfile {
  readonly #session: Session;
  readonly #sums = new Map<string, Sum>();
  #timer: NodeJS.Timeout | undefined;
  #part = 0;
  #beganMs = 0;
  #spanMs = 0;
  #partMs = 0;
  #partNs = 0;

  constructor(session: Session) {
    this.#session = session;
    session.on('Profiler.consoleProfileFinished', ({ params }) => this.#add(params.profile));
  }

  get running(): boolean {
    return this.#timer !== undefined;
  }

  /** From its last start up to now, or to its stop. */
  get spanMs(): number {
    return this.running ? preciseMs() - this.#beganMs : this.#spanMs;
  }

  /** What was measured before is forgotten. */
  start(): void {
    if (this.running) return;
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
    this.#timer = setInterval(() => this.#fold(), FOLD_MS).unref();
    profiles.profile(`${this.#part}`);
    this.#fold();
    // the beginning has measured itself
    this.#sums.clear();
    this.#beganMs = preciseMs();
  }

  /** What was measured stays. */
  stop(): void {
    if (!this.running) return;
    profiles.profileEnd(`${this.#part}`);
    this.#spanMs = this.spanMs;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#session.post('Profiler.disable');
  }

  report(): readonly PlaceTime[] {
    if (this.running) this.#fold();
    return [...this.#sums.values()].filter(({ ns }) => ns > 0);
  }

  #fold(): void {
    profiles.profile(`${++this.#part}`);
    profiles.profileEnd(`${this.#part - 1}`);
  }

  /** A part has ended. */
  #add({ nodes, samples, timeDeltas }: Profiler.Profile): void {
    const idleNs = (preciseMs() - this.#partMs) * NS_PER_MS - (processorNs() - this.#partNs);
    this.#partMs = preciseMs();
    this.#partNs = processorNs();
    const byId = this.#places(nodes);
    const part = new Map<Sum, number>();
    for (const [i, id] of (samples ?? []).entries()) {
      const sum = byId.get(id) as Sum;
      sum.samples++;
      part.set(sum, (part.get(sum) ?? 0) + Math.max(timeDeltas?.[i] ?? INTERVAL_US, 0) * 1000);
    }
    addProcessorTime(part, Math.max(idleNs, 0));
  }

  #places(nodes: readonly Profiler.ProfileNode[]): ReadonlyMap<number, Sum> {
    const callers = new Map<number, string>();
    for (const { callFrame, children } of nodes)
      for (const child of children ?? []) callers.set(child, callFrame.functionName);
    return new Map(nodes.map(({ id, callFrame }) => [id, this.#sumOf(callFrame, callers.get(id) ?? '')]));
  }

  #sumOf(frame: CallFrame, calledBy: string): Sum {
    const { url, lineNumber } = frame;
    const name = nameOf(frame, calledBy);
    const caller = calledBy === '(root)' ? '' : calledBy;
    const key = `${name}\0${url}\0${lineNumber}\0${caller}`;
    let sum = this.#sums.get(key);
    if (sum === undefined) {
      sum = { name, url, line: lineNumber, caller, samples: 0, ns: 0 };
      this.#sums.set(key, sum);
    }
    return sum;
  }
}

/** `idleNs`: of the time in `part`, without a processor. */
function addProcessorTime(part: Map<Sum, number>, idleNs: number): void {
  let left = idleNs;
  let total = 0;
  for (const [sum, ns] of part) {
    const asleep = SLEEPING.has(sum.name) ? Math.min(ns, left) : 0;
    left -= asleep;
    total += ns - asleep;
    part.set(sum, ns - asleep);
  }
  const share = Math.max(total - left, 0) / (total || 1);
  for (const [sum, ns] of part) sum.ns += ns * share;
}
