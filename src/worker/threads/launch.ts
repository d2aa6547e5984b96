/**
 * Starts data threads. Loading the program into a thread takes longer than reading a usual configuration: the first
 * thread is launched before that, and waits for its start message.
 */
import { MessageChannel, SHARE_ENV, Worker, type MessagePort } from 'node:worker_threads';
import type { ThreadStartMessage } from './messages.ts';

/**
 * Requests leave little behind: a small nursery is emptied as quickly as it fills, and many connections that open
 * at once do not blow it up for good (docs/performance.md, idle-memory).
 */
const YOUNG_MB = 8;

/** What a new thread knows at once; everything else comes in one ThreadStartMessage through the port. */
export interface ThreadLaunch {
  readonly startPort: MessagePort;
}

interface Launched {
  readonly worker: Worker;
  readonly startPort: MessagePort;
}

export class ThreadLauncher {
  #spare: Launched | undefined;
  #running = 0;

  /** Begins to load a thread whose start message will follow. */
  prepare(): void {
    this.#spare = this.#launch();
  }

  /** No thread will be needed here after all: it finds that out, and ends. It may be inside a native library now. */
  discard(): void {
    this.#spare?.startPort.close();
    this.#spare = undefined;
  }

  launch(start: ThreadStartMessage): Worker {
    const { worker, startPort } = this.#spare ?? this.#launch();
    this.#spare = undefined;
    startPort.postMessage(start);
    startPort.close();
    return worker;
  }

  /** Threads that were launched and have not ended. */
  get running(): number {
    return this.#running;
  }

  #launch(): Launched {
    const launched = launch();
    this.#running++;
    launched.worker.once('exit', () => this.#running--);
    return launched;
  }
}

function launch(): Launched {
  const { port1, port2 } = new MessageChannel();
  const workerData: ThreadLaunch = { startPort: port2 };
  const url = new URL('./data-thread.js', import.meta.url);
  // not a copy each: the variables follow (environment.ts), as the configuration is not read yet
  const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_MB };
  const worker = new Worker(url, { workerData, transferList: [port2], env: SHARE_ENV, resourceLimits });
  return { worker, startPort: port1 };
}
