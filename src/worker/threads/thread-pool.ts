/**
 * The data threads: starts them, tells them to serve once all are loaded, replaces one that dies and hands its
 * listeners on. Used by the control thread alone.
 *
 *   starting ─ ready ─▶ loaded ─ (all loaded, privileges dropped) ─▶ serving ─ exit ─▶ replaced
 */
import type { Worker } from 'node:worker_threads';
import type { Notice } from '../../model/notice.ts';
import type { ThreadLauncher } from './launch.ts';
import type { ThreadStartMessage, ToControl, ToData } from './messages.ts';
import type { ListenerHandover } from './orders.ts';

/** A thread that does not live longer than that is not replaced at once: it would die again. */
const SHORT_LIFE_MS = 1000;

interface ThreadPoolOptions {
  readonly count: number;
  readonly launcher: ThreadLauncher;
  /** What they are told first, in their order. */
  readonly startsOf: (threads: readonly number[]) => readonly ThreadStartMessage[];
  /** Fresh duplicates of what the thread listens on. */
  readonly listenersOf: (thread: number) => readonly ListenerHandover[];
  readonly notice: Notice;
  readonly heard: (thread: number, message: ToControl) => void;
  /** All are loaded and wait for `serve`. */
  readonly onLoaded: () => void;
  /** It is gone, whatever the reason. */
  readonly onEnded: (thread: number) => void;
  /** It should not be gone: what it held is to be given back. */
  readonly onDied: (thread: number) => void;
  /** New threads can be loaded: the program's files are within reach. */
  readonly canReplace: () => boolean;
  /** Threads that end now are meant to. */
  readonly ending: () => boolean;
  /** The last one has ended: 0 when that was asked for. */
  readonly onAllEnded: (exitCode: number) => void;
}

export class ThreadPool {
  readonly #options: ThreadPoolOptions;
  readonly #threads: (Worker | undefined)[] = [];
  readonly #loaded = new Set<number>();
  readonly #startedAtMs: number[] = [];
  #serving = false;

  constructor(options: ThreadPoolOptions) {
    this.#options = options;
  }

  start(): void {
    this.#start(Array.from({ length: this.#options.count }, (_, index) => index + 1));
  }

  serve(): void {
    this.#serving = true;
    for (const thread of this.running()) this.#listen(thread);
  }

  running(): readonly number[] {
    return [...this.#threads.keys()].filter(thread => this.#threads[thread] !== undefined);
  }

  /** `as`: on behalf of that one. */
  #listen(thread: number, as: number = thread): void {
    const listeners = this.#options.listenersOf(as);
    this.tell(thread, { kind: 'listen', listeners });
  }

  tell(thread: number, message: ToData): void {
    this.#threads[thread]?.postMessage(message);
  }

  tellAll(message: ToData): void {
    for (const thread of this.#threads) thread?.postMessage(message);
  }

  #start(threads: readonly number[]): void {
    for (const start of this.#options.startsOf(threads)) this.#launch(start);
  }

  #launch(start: ThreadStartMessage): void {
    const { launcher, notice } = this.#options;
    const { thread } = start;
    const worker = launcher.launch(start);
    this.#threads[thread] = worker;
    this.#startedAtMs[thread] = performance.now();
    worker.on('message', (message: ToControl) => this.#heard(thread, message));
    worker.on('error', error =>
      notice('alert', `thread ${thread} died: ${error.stack ?? error.message}`, { part: 'threads', thread }),
    );
    worker.on('exit', () => this.#ended(thread));
  }

  #heard(thread: number, message: ToControl): void {
    this.#options.heard(thread, message);
    if (message.kind !== 'ready' || this.#options.ending()) return;
    this.#loaded.add(thread);
    if (this.#serving) return this.#listen(thread);
    if (this.#loaded.size === this.#options.count) this.#options.onLoaded();
  }

  #ended(thread: number): void {
    const { ending, onAllEnded, onDied, onEnded } = this.#options;
    this.#threads[thread] = undefined;
    this.#loaded.delete(thread);
    onEnded(thread);
    const noneLeft = this.#threads.every(other => other === undefined);
    if (ending()) {
      if (noneLeft) onAllEnded(0);
      return;
    }
    onDied(thread);
    this.#replace(thread, noneLeft);
  }

  #replace(thread: number, noneLeft: boolean): void {
    const { canReplace, notice, onAllEnded } = this.#options;
    if (!canReplace()) {
      if (noneLeft) return onAllEnded(1);
      notice(
        'alert',
        `thread ${thread} cannot be loaded again inside chroot: the others serve its listeners`,
        { part: 'threads', thread },
      );
      return this.#listen(this.running()[0] as number, thread);
    }
    const livedMs = performance.now() - (this.#startedAtMs[thread] as number);
    notice('warning', `thread ${thread} is replaced`, { part: 'threads', thread });
    if (livedMs >= SHORT_LIFE_MS) return this.#start([thread]);
    setTimeout(() => {
      if (!this.#options.ending()) this.#start([thread]);
      else if (this.#threads.every(other => other === undefined)) onAllEnded(0);
    }, SHORT_LIFE_MS);
  }
}
