/** Streams of a thread that serve nobody now. A stream is large, connections are many, and most of them idle. */
import { HttpStream } from './http-stream.ts';
import { TracedHttpStream } from './traced/http-stream.ts';
import { MeteredStream, MeteredTracedStream } from './accounts/metered-stream.ts';
import type { DataThread } from './runtime/runtime.ts';

/** More than are ever busy at once in a usual thread; beyond it they are left to the collector. */
const KEPT = 512;

export class StreamPool {
  readonly thread: DataThread;
  readonly #free: HttpStream[] = [];

  constructor(thread: DataThread) {
    this.thread = thread;
  }

  /** Those that tell of themselves are made anew. */
  take(): HttpStream {
    const { traces, meters } = this.thread;
    if (!traces.on && !meters.on) return this.#free.pop() ?? new HttpStream(this.thread);
    if (!traces.on) return new MeteredStream(this.thread);
    return meters.on ? new MeteredTracedStream(this.thread) : new TracedHttpStream(this.thread);
  }

  /** Those that trace or measure are made for one request. */
  give(stream: HttpStream): void {
    if (stream.constructor === HttpStream && this.#free.length < KEPT) this.#free.push(stream);
  }
}
