/**
 * When an engine that asks the kernel itself has its turn: Node's own loop of the thread (libuv) is nested in it. The engine
 * does the work.
 *
 *   ┌▶ enter(): hand over what was pushed; sleep unless something waits for that
 *   │  settle(): completions, or events ─▶ handlers receive and send
 *   │  timers, behind what has come · resume(): what waited for a turn of its own · nextTick and promises
 *   └─ libuv has something to do? ──yes──▶ return to it; setImmediate brings us back
 */
import type { TimerWheel } from '../../timer-wheel.ts';
import type { NestedLoop } from './nested-loop.ts';

export interface TurnWork {
  readonly wheel: TimerWheel;
  /** Hands over what was pushed, and sleeps so long at most (0: not at all; less: for ever). */
  enter(waitMs: number): void;
  settle(): void;
  resume(): void;
  /** Libuv's descriptor is to be watched, until libuvIsReady() is called. */
  pollLibuv(fd: number): void;
  /** Something is open here, or under way. */
  active(): boolean;
  /** Something was pushed that is not handed over. */
  unsubmitted(): boolean;
  /** Turns are stopped, and none is under way. */
  tearDown(): void;
}

export class Turns {
  /** Times the kernel was entered so far. */
  count = 0;
  /** Libuv's descriptor is being watched. */
  polling = false;
  stopped = false;
  underWay = false;
  readonly #work: TurnWork;
  readonly #loop: NestedLoop;
  #libuvReady = false;
  #scheduled = false;

  constructor(work: TurnWork, loop: NestedLoop) {
    this.#work = work;
    this.#loop = loop;
  }

  /** There is something to do. */
  schedule(): void {
    if (this.#scheduled || this.underWay || this.stopped) return;
    this.#scheduled = true;
    this.#loop.hold();
    setImmediate(this.#run);
  }

  readonly #run = (): void => {
    this.#scheduled = false;
    if (this.stopped) return;
    const work = this.#work;
    this.underWay = true;
    work.wheel.live = false;
    try {
      this.#turn();
    } finally {
      this.underWay = false;
      work.wheel.live = true;
      if (this.stopped) work.tearDown();
      else if (work.active() || work.unsubmitted()) this.schedule();
      else this.#loop.release();
    }
  };

  /** Until libuv has something to do, or nothing is left to do here. */
  #turn(): void {
    const work = this.#work;
    const loop = this.#loop;
    loop.enter();
    this.#pollLibuv();
    work.wheel.readClock();
    let libuvMs = loop.waitMs();
    do {
      this.count++;
      work.enter(libuvMs);
      work.wheel.readClock();
      work.settle();
      loop.updateTime();
      work.wheel.advance();
      work.resume();
      loop.runTicks();
      libuvMs = loop.waitMs();
    } while (!this.#libuvReady && !this.stopped && libuvMs !== 0 && work.active());
  }

  #pollLibuv(): void {
    this.#libuvReady = false;
    if (this.polling) return;
    this.polling = true;
    this.#work.pollLibuv(this.#loop.fd);
  }

  libuvIsReady(): void {
    this.polling = false;
    this.#libuvReady = true;
  }

  /** None begins any more; one that is under way tears down when it is over. */
  stop(): void {
    this.stopped = true;
  }

  /** Libuv may sleep, or end. */
  letLoopGo(): void {
    this.#loop.release();
  }
}
