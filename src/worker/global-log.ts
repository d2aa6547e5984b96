/** Lines about no proxy in particular, for the log targets of the global section. */
import type { Global } from '../model/global.ts';
import type { RingPlaces } from './log-rings.ts';
import { ThreadLogSink } from './log-sink.ts';

/** Log filters at the receiving side know the program by this name. */
export const DEFAULT_LOG_TAG = 'haproxy';
const INFO = 6;

export class GlobalLog {
  readonly #sink: ThreadLogSink;
  readonly #global: Global;

  constructor(global: Global, rings: RingPlaces) {
    this.#global = global;
    this.#sink = new ThreadLogSink(global.logSendHostname, rings);
  }

  write(text: string): void {
    const { logs, logTag } = this.#global;
    this.#sink.channel(logs, logTag ?? DEFAULT_LOG_TAG).write(INFO, text, undefined);
  }

  close(): void {
    this.#sink.close();
  }
}
