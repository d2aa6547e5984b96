/**
 * The control thread: binds the listening sockets, starts the data threads, passes messages between them,
 * replaces one that dies, and stops them. It serves no traffic itself, so that what it does is never late.
 */
import { Worker } from 'node:worker_threads';
import type { Config } from '../model/config.ts';
import { openListening } from '../net/listening-socket.ts';
import type { ListenerHandover, ThreadStart, ToControl, ToData } from './messages.ts';

export interface ControlOptions {
  readonly config: Config;
  readonly nbthread: number;
  readonly notice: (level: 'notice' | 'warning' | 'alert', text: string) => void;
  /** Everything is over: all threads ended after a stop. */
  readonly onStopped: () => void;
}

export class Control {
  readonly #options: ControlOptions;
  readonly #threads: (Worker | undefined)[] = [];
  readonly #handovers: ListenerHandover[][];
  readonly #startTimeMs = Date.now();
  #stopping = false;

  private constructor(options: ControlOptions, handovers: ListenerHandover[][]) {
    this.#options = options;
    this.#handovers = handovers;
  }

  /** Binds and starts; undefined when an address could not be bound (each was reported). */
  static start(options: ControlOptions): Control | undefined {
    const handovers = bindAll(options);
    if (handovers === undefined) return undefined;
    const control = new Control(options, handovers);
    for (let index = 0; index < options.nbthread; index++) control.#startThread(index);
    return control;
  }

  #startThread(index: number): void {
    const start: ThreadStart = {
      index,
      nbthread: this.#options.nbthread,
      config: this.#options.config,
      listeners: this.#handovers[index] ?? [],
      startTimeMs: this.#startTimeMs,
    };
    const worker = new Worker(new URL('./data-thread.js', import.meta.url), { workerData: start });
    this.#threads[index] = worker;
    worker.on('message', (message: ToControl) => this.#heard(message));
    worker.on('error', error =>
      this.#options.notice('alert', `thread ${index + 1} died: ${error.stack ?? error.message}`),
    );
    worker.on('exit', () => this.#ended(index));
  }

  #heard(message: ToControl): void {
    if (message.kind === 'notice')
      this.#options.notice(message.level === 'error' ? 'alert' : 'warning', message.text);
    else if (message.kind === 'grant') this.#tell(message.thread, { kind: 'grant', server: message.server });
  }

  #tell(thread: number, message: ToData): void {
    this.#threads[thread]?.postMessage(message);
  }

  #ended(index: number): void {
    this.#threads[index] = undefined;
    if (!this.#stopping) {
      this.#options.notice('warning', `thread ${index + 1} is replaced`);
      this.#startThread(index);
    } else if (this.#threads.every(thread => thread === undefined)) this.#options.onStopped();
  }

  /** Stops now (SIGTERM, SIGINT): connections are cut. */
  stop(): void {
    this.#stopping = true;
    for (const index of this.#threads.keys()) this.#tell(index, { kind: 'stop' });
  }

  /** SIGUSR1: accepts nothing new, ends when the last connection does. */
  softStop(): void {
    this.#stopping = true;
    for (const index of this.#threads.keys()) this.#tell(index, { kind: 'soft-stop' });
  }
}

/** Descriptors by thread. All failures are reported before giving up, so that a user sees them in one run. */
function bindAll(options: ControlOptions): ListenerHandover[][] | undefined {
  const { config, nbthread, notice } = options;
  const handovers: ListenerHandover[][] = Array.from({ length: nbthread }, () => []);
  let failed = false;
  for (const [proxy, { binds, disabled, kind, name }] of config.proxies.entries()) {
    if (disabled) continue;
    for (const [bind, settings] of binds.entries()) {
      const opened = openListening(settings, nbthread);
      if ('message' in opened) {
        const section = kind === 'listen' ? 'proxy' : kind;
        notice(
          'alert',
          `Binding [${settings.position.file}:${settings.position.line}] for ${section} ${name}: ${opened.message}`,
        );
        failed = true;
        continue;
      }
      for (const warning of opened.warnings) notice('warning', warning);
      for (const [thread, fd] of opened.fds.entries()) handovers[thread]?.push({ proxy, bind, fd });
    }
  }
  return failed ? undefined : handovers;
}
