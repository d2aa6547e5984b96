/** What a connection of HTTP/2 to a server (server-link.ts) carries, and how much of it. */
import type { Stream } from '../../http2/stream.ts';

/** What a server's line says of its connections. */
export interface LinkLimits {
  /** `max-reuse`; -1: no limit. */
  readonly maxReuse: number;
  /** `idle-ping`; 0: never. */
  readonly pingMs: number;
  /** The server makes them (`rhttp@`). */
  readonly isReversed?: boolean;
}

/** One of those that it carries: a request of this thread's (server-wire.ts), or one that is passed on to it. */
export interface LinkStream {
  isDue: boolean;
  /** Undefined: it waits to be opened. */
  readonly stream: Stream | undefined;
  /** Some of a response has come, or the server has said that there is none. */
  readonly isAnswered: boolean;
  /** In the wheel's milliseconds. */
  readonly begunAt: number;
  /** It is its turn. */
  opens(): void;
  /** It never will be. */
  refuse(): void;
  /** What has happened, when nothing of the session is under way. */
  tell(): void;
}

/** Numbers of streams are not given twice (RFC 9113 section 5.1.1). */
const MOST_STREAMS = 2 ** 30 - 1;

/** That one connection may carry, from its begin to its end. */
export function mostRequests({ maxReuse }: LinkLimits): number {
  return maxReuse < 0 ? MOST_STREAMS : Math.min(maxReuse + 1, MOST_STREAMS);
}

/** That long a connection may be silent while it is asked something. */
const SILENCE_MS = 1000;

/**
 * Nothing at all has come since a request began, for a while: the server may be gone without a word, and others are not
 * sent there too. Times are the wheel's.
 */
export function isSilent(heardAt: number, begunAt: number, now: number): boolean {
  return heardAt <= begunAt && now - begunAt >= SILENCE_MS;
}
