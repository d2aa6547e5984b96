/** The last message of each proxy that could not be understood, kept by a thread for `show errors`. */

/** Plain data: it crosses threads. Proxies and servers by their rows. */
export interface BadMessage {
  readonly side: 'request' | 'response';
  /** The frontend of a request, the backend of a response. */
  readonly proxy: number;
  /** The backend of a request, the frontend of a response. */
  readonly otherProxy: number | undefined;
  readonly server: number | undefined;
  /** `address:port` of the client. */
  readonly source: string;
  readonly atMs: number;
  /** Which of the thread's it is, from 0. */
  readonly event: number;
  /** What is wrong with it. */
  readonly reason: string;
  /** From its first byte, as far as it was received. */
  readonly bytes: Uint8Array;
  readonly bufferSize: number;
}

export interface BadMessageReport {
  /** How many there were. */
  readonly count: number;
  readonly messages: readonly BadMessage[];
}

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
