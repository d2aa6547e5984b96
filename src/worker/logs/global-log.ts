/** Lines about no proxy in particular, for the log targets of the global section. */
import type { Config } from '../../model/config.ts';
import type { Global } from '../../model/global.ts';
import type { SecureConnect } from '../../net/tls/secure-connect.ts';
import type { SharedState } from '../../state/shared-state.ts';
import { LogBackends } from './log-backends.ts';
import type { RingPlaces } from './log-rings.ts';
import { ThreadLogSink } from './log-sink.ts';

/** Log filters at the receiving side know the program by this name. */
export const DEFAULT_LOG_TAG = 'haproxy';
export const ERROR = 3;
export const WARNING = 4;
export const NOTICE = 5;
const INFO = 6;

export class GlobalLog {
  readonly #sink: ThreadLogSink;
  readonly #global: Global;

  constructor(config: Config, rings: RingPlaces, state: SharedState, secure: SecureConnect) {
    this.#global = config.global;
    this.#sink = new ThreadLogSink(config.global, rings, new LogBackends(config, state, rings, secure));
  }

  /** `level`: of syslog. */
  write(text: string, level = INFO): void {
    const { logs, logTag } = this.#global;
    this.#sink.channel(logs, logTag ?? DEFAULT_LOG_TAG).write(level, text, undefined);
  }

  /** Lines that could not be sent. */
  get lost(): number {
    return this.#sink.lost;
  }

  close(): void {
    this.#sink.close();
  }
}
