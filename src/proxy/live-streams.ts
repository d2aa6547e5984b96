/**
 * The streams a thread serves now: requests, from their first byte on, and TCP sessions. For `show sess` and `shutdown
 * session`. Entering and leaving costs a few writes.
 */
import type { ShutdownLetter } from './server-streams.ts';

/** How far it has come: request, queue, connecting, waiting for the response's head, data. */
export type StreamPhase = 'R' | 'Q' | 'C' | 'H' | 'D';

/** What is told about it, as plain data. Proxies and servers by their rows. */
export interface StreamFacts {
  readonly protocol: 'tcpv4' | 'tcpv6' | 'unix_stream';
  /** `address:port`; empty for unix sockets. */
  readonly source: string;
  readonly destination: string;
  readonly listener: number;
  readonly frontend: number;
  readonly backend: number | undefined;
  readonly server: number | undefined;
  /** `address:port` of both ends of the server connection. */
  readonly serverAddress: string;
  readonly localAddress: string;
  readonly isHttp: boolean;
  readonly acceptedMs: number;
  /** Since the request, or the session, began. */
  readonly ageMs: number;
  readonly phase: StreamPhase;
  readonly clientFd: number;
  readonly serverFd: number;
  readonly retries: number;
  readonly method: string;
  readonly uri: string;
  readonly status: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface LiveStream {
  /** Where it stands in the list, -1: nowhere. */
  place: number;
  /** Which of the thread's streams it is, from 1. */
  number: number;
  describe(now: number): StreamFacts;
  /** Cut from outside. */
  shutdown(letter: ShutdownLetter): void;
}

export class LiveStreams {
  readonly #streams: LiveStream[] = [];
  #last = 0;

  add(stream: LiveStream): void {
    stream.number = ++this.#last;
    stream.place = this.#streams.length;
    this.#streams.push(stream);
  }

  remove(stream: LiveStream): void {
    const { place } = stream;
    if (place < 0) return;
    stream.place = -1;
    const last = this.#streams.pop() as LiveStream;
    if (last === stream) return;
    last.place = place;
    this.#streams[place] = last;
  }

  /** As it is now: what is killed meanwhile leaves the list behind it alone. */
  all(): readonly LiveStream[] {
    return [...this.#streams];
  }

  get size(): number {
    return this.#streams.length;
  }
}
