/**
 * Functions of scripts as they run: each in a coroutine of its own, which may wait and go on later, and which is cut
 * where it takes too long (manual: tune.lua.burst-timeout and its kind). One Tasks a Lua state.
 *
 *   run ─▶ 'done' │ 'failed' │ 'waiting' ──wake──▶ onWake ─▶ goOn ─▶ ...
 */
import type { LuaMachine } from './machine/machine.ts';
import type { LuaValue } from './machine/stack.ts';
import { ScriptEnded, ScriptError, ScriptKilled } from './machine/script-errors.ts';

type Outcome = 'done' | 'waiting' | 'failed';

interface TaskLimits {
  /** Longest run without a pause; 0: no limit. */
  readonly burstMs: number;
  /** Instructions after which what may wait makes way for others. */
  readonly instructions: number;
}

/** Pushes what a call that waited answers; tells how many values that are. */
export type PushResults = (L: number) => number;

export type Wake = (results?: PushResults) => void;

export class Task {
  readonly L: number;
  /** Of its coroutine, in the registry. */
  readonly kept: number;
  /** Sum of its runs. */
  spentMs = 0;
  /** Longest sum of its runs; 0: no limit. */
  totalMs = 0;
  mayWait = false;
  /** Why it failed. */
  error = '';
  /** It was left in the middle: its coroutine is of no use any more. */
  left = false;
  /** What `core.done()` was given. */
  answer: LuaValue;
  /** Values it ended with, on top of its stack. */
  results = 0;
  /** Told that goOn() has something to do. */
  onWake: () => void = nothing;
  running = false;
  /** What it waits for; another one each time. */
  wait: object | undefined;
  cancel: (() => void) | undefined;
  delivery: PushResults | undefined;
  woken = false;
  /** Connections it has opened and not closed: whoever closes one takes it out. */
  connections: Set<object> | undefined;

  constructor(L: number, kept: number) {
    this.L = L;
    this.kept = kept;
  }
}

function nothing(): void {}

const OK = 0;
const YIELDED = 1;
const OUT_OF_MEMORY = 4;
const COUNT_MASK = 8;
/** Coroutines kept for the next call. */
const MOST_IDLE = 64;

export class Tasks {
  readonly machine: LuaMachine;
  readonly #limits: TaskLimits;
  readonly #idle: Task[] = [];
  /** The one that runs now. */
  #current: Task | undefined;
  #startedAt = 0;
  readonly #collect: () => void;
  #collects = false;

  /** `collect` finalizes what nothing refers to any more. */
  constructor(machine: LuaMachine, limits: TaskLimits, collect: () => void) {
    this.machine = machine;
    this.#collect = collect;
    this.#limits = limits;
    const hook = machine.define([{ shape: { takes: 2, gives: false }, call: (L = 0) => this.#count(L) }]);
    machine.exports.lua_sethook(machine.L, hook, COUNT_MASK, limits.instructions);
  }

  get current(): Task | undefined {
    return this.#current;
  }

  /** Calls a function: `push` puts it and its arguments on the stack, and answers how many arguments these are. */
  run(push: (L: number) => number, settings: { readonly totalMs: number; readonly mayWait: boolean }): Task {
    const task = this.#take();
    task.totalMs = settings.totalMs;
    task.mayWait = settings.mayWait;
    task.spentMs = 0;
    task.error = '';
    task.answer = undefined;
    this.#resume(task, push(task.L));
    return task;
  }

  outcome(task: Task): Outcome {
    if (task.error !== '') return 'failed';
    return task.wait === undefined ? 'done' : 'waiting';
  }

  /** What it waited for is here. */
  goOn(task: Task): void {
    if (!task.woken) return;
    this.#resume(task, this.#deliver(task));
  }

  #deliver(task: Task): number {
    const { delivery } = task;
    task.woken = false;
    task.wait = task.cancel = task.delivery = undefined;
    return delivery === undefined ? 0 : delivery(task.L);
  }

  /** It is not to be used any more: it has ended, or what it works for has. */
  release(task: Task): void {
    task.onWake = nothing;
    task.cancel?.();
    const isClean =
      task.error === '' && !task.left && task.wait === undefined && this.#idle.length < MOST_IDLE;
    task.wait = task.cancel = task.delivery = undefined;
    task.woken = false;
    if (isClean) {
      this.machine.exports.lua_settop(task.L, 0);
      this.#idle.push(task);
    } else this.machine.letGo(task.kept);
    if (task.connections === undefined) return;
    if (task.connections.size > 0) this.#collectSoon();
    task.connections = undefined;
  }

  /**
   * Connections are closed when nothing refers to them any more, but a script that is not called any more allocates
   * nothing, and so collects nothing. Once for all tasks that end in this turn.
   */
  #collectSoon(): void {
    if (this.#collects) return;
    this.#collects = true;
    setImmediate(() => {
      this.#collects = false;
      this.#collect();
    });
  }

  /** Whether wait() would work for a function that was called by that coroutine. */
  canWait(L: number): boolean {
    const task = this.#current;
    return task?.mayWait === true && L === task.L && this.machine.exports.lua_isyieldable(L) !== 0;
  }

  /**
   * For functions of this program: the script that calls one waits. `arm` gets the function that lets it go on, and
   * answers one that gives up waiting.
   */
  wait(L: number, arm: (wake: Wake) => () => void): number {
    const task = this.#current;
    if (task?.mayWait !== true) throw new ScriptError('cannot wait here: yield not allowed');
    if (L !== task.L) throw new ScriptError('cannot wait in a coroutine of its own');
    this.#arm(task, arm);
    return this.machine.exports.lua_yieldk(L, 0, 0, 0);
  }

  #arm(task: Task, arm: (wake: Wake) => () => void): void {
    const wait = {};
    task.wait = wait;
    const wake = (results?: PushResults): void => {
      if (task.wait !== wait || task.woken) return;
      task.woken = true;
      task.cancel = undefined;
      task.delivery = results;
      if (!task.running) task.onWake();
    };
    try {
      const cancel = arm(wake);
      if (!task.woken) task.cancel = cancel;
    } catch (error) {
      task.wait = undefined;
      throw error;
    }
  }

  #take(): Task {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const { exports, L } = this.machine;
    const thread = exports.lua_newthread(L);
    return new Task(thread, this.machine.keep(L));
  }

  #resume(task: Task, args: number): void {
    const outer = this.#current;
    const outerStart = this.#startedAt;
    this.#current = task;
    this.#startedAt = performance.now();
    task.running = true;
    this.#advance(task, args, outer);
    task.running = false;
    task.spentMs += performance.now() - this.#startedAt;
    this.#current = outer;
    this.#startedAt = outerStart;
  }

  #advance(task: Task, args: number, outer: Task | undefined): void {
    const { machine } = this;
    const stack = machine.exports.stackSave();
    try {
      let status = machine.resume(task.L, outer?.L ?? machine.L, args);
      while (status === YIELDED && task.woken)
        status = machine.resume(task.L, outer?.L ?? machine.L, this.#deliver(task));
      this.#ended(task, status);
    } catch (error) {
      if (!(error instanceof ScriptKilled) && !(error instanceof RangeError)) throw error;
      machine.exports.stackRestore(stack);
      task.left = true;
      task.results = 0;
      if (!(error instanceof ScriptEnded)) this.#failed(task, error.message);
    }
  }

  #ended(task: Task, status: number): void {
    const { machine } = this;
    if (status === OK) task.results = machine.resumed;
    else if (status === YIELDED) {
      // a `coroutine.yield` of the script's own, outside of its coroutines: nobody would wake it
      if (task.wait === undefined) this.#arm(task, wake => after(0, () => wake()));
    } else if (status === OUT_OF_MEMORY) this.#failed(task, 'out of memory error');
    else this.#failed(task, `runtime error: ${machine.failure(task.L)}`);
  }

  #failed(task: Task, error: string): void {
    task.cancel?.();
    task.wait = task.cancel = undefined;
    task.error = error === '' ? 'unknown error' : error;
  }

  /** Called by Lua every so many instructions. */
  #count(L: number): void {
    const task = this.#current;
    if (task === undefined) return;
    const ranMs = performance.now() - this.#startedAt;
    const { burstMs } = this.#limits;
    if (burstMs > 0 && ranMs > burstMs) throw new ScriptKilled('burst timeout');
    if (task.totalMs > 0 && task.spentMs + ranMs > task.totalMs) throw new ScriptKilled('execution timeout');
    if (!task.mayWait || L !== task.L || this.machine.exports.lua_isyieldable(L) === 0) return;
    this.#arm(task, wake => after(0, () => wake()));
    this.machine.exports.lua_yieldk(L, 0, 0, 0);
  }
}

/** Timers of whoever has no wheel: `ms` 0: when everything that is due has had its turn. */
export function after(ms: number, call: () => void): () => void {
  if (ms <= 0) {
    const turn = setImmediate(call);
    return () => clearImmediate(turn);
  }
  const timer = setTimeout(call, ms);
  return () => clearTimeout(timer);
}
