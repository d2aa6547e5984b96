/** The last message of each proxy that could not be understood, kept by a thread for `show errors`. */
import type { BadMessage, BadMessageReport } from '../../model/bad-message.ts';

export class BadMessages {
  readonly #last = new Map<string, BadMessage>();
  #count = 0;

  keep(message: Omit<BadMessage, 'event' | 'atMs'>): void {
    this.#last.set(`${message.side} ${message.proxy}`, {
      ...message,
      event: this.#count++,
      atMs: Date.now(),
    });
  }

  /** One of each side for each proxy. */
  report(): BadMessageReport {
    return { count: this.#count, messages: [...this.#last.values()] };
  }
}
