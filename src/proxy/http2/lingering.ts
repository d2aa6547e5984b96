/**
 * Streams of which all has come that a request needs, while the server has not said so yet: a server whose stream is reset
 * then would have to take it for an abort. It gets a moment.
 */
import { CANCEL } from '../../http2/frames.ts';
import type { Session } from '../../http2/session.ts';
import type { Stream } from '../../http2/stream.ts';
import { Timer, type TimerWheel } from '../../net/timer-wheel.ts';

const LINGER_MS = 1000;

export class LingeringStreams {
  readonly #session: Session;
  readonly #wheel: TimerWheel | undefined;
  readonly #timer: Timer;
  #streams: Stream[] = [];

  /** `wheel`: undefined: nothing is waited for. `resets`: called when some have been reset. */
  constructor(session: Session, wheel: TimerWheel | undefined, resets: () => void) {
    this.#session = session;
    this.#wheel = wheel;
    this.#timer = new Timer(() => {
      this.#resetAll();
      resets();
    });
  }

  add(stream: Stream): void {
    this.#streams.push(stream);
    if (this.#wheel === undefined) this.#resetAll();
    else if (this.#timer.deadline === 0) this.#wheel.set(this.#timer, LINGER_MS);
  }

  #resetAll(): void {
    const streams = this.#streams;
    this.#streams = [];
    for (const stream of streams) if (!stream.closed) this.#session.reset(stream, CANCEL);
  }

  stop(): void {
    this.#wheel?.remove(this.#timer);
  }
}
