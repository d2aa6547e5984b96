/**
 * Closes a connection without losing what was said last: a close while the peer still sends makes the kernel answer
 * with RST, and the peer forgets an answer it has not read yet. So: send the last bytes, send FIN, then read and
 * throw away what still comes until the peer ends too, for a bounded time and amount (RFC 9112, section 9.6).
 */
import type { Connection, ConnectionHandler } from './connection.ts';
import { Timer, type TimerWheel } from './timer-wheel.ts';

export interface LingerOptions {
  /** Bytes to send first; untouched until the end. */
  readonly last?: { readonly buffer: Buffer; readonly offset: number; readonly length: number };
  /** For sending and draining together. */
  readonly timeoutMs: number;
  /** Drained at most. */
  readonly maxBytes: number;
  /** The connection is closed; `complete`: the peer's FIN was seen. */
  readonly onClosed?: (complete: boolean) => void;
}

export function lingerClose(wheel: TimerWheel, connection: Connection, options: LingerOptions): void {
  new Linger(wheel, connection, options).start();
}

class Linger implements ConnectionHandler {
  readonly #wheel: TimerWheel;
  readonly #connection: Connection;
  readonly #options: LingerOptions;
  readonly #timer: Timer;
  #last: LingerOptions['last'];
  #left: number;
  #ended = false;
  #shut = false;

  constructor(wheel: TimerWheel, connection: Connection, options: LingerOptions) {
    this.#wheel = wheel;
    this.#connection = connection;
    this.#options = options;
    this.#last = options.last;
    this.#left = options.maxBytes;
    this.#timer = new Timer(() => this.#close(false));
  }

  /** A receive or a send may be pending already: the send is waited for. */
  start(): void {
    this.#connection.handler = this;
    this.#wheel.set(this.#timer, this.#options.timeoutMs);
    if (!this.#connection.sending) this.#speak();
  }

  /** The last bytes, then FIN. Draining starts after them, as they may lie in the slice received last. */
  #speak(): void {
    const connection = this.#connection;
    const last = this.#last;
    if (last !== undefined && last.length > 0) {
      this.#last = undefined;
      connection.send(last.buffer, last.offset, last.length);
      return;
    }
    connection.shutdown();
    this.#shut = true;
    if (this.#ended) this.#close(true);
    else if (!connection.receiving && !connection.closed) connection.receive();
  }

  onSent(): void {
    this.#speak();
  }

  onReceived(connection: Connection, _buffer: Buffer, _offset: number, length: number): void {
    this.#left -= length;
    if (this.#left < 0) this.#close(false);
    else connection.receive();
  }

  onEnd(): void {
    this.#ended = true;
    if (this.#shut) this.#close(true);
  }

  onFailed(): void {
    this.#close(false);
  }

  onConnected(): void {
    throw new Error('only a connected connection lingers');
  }

  #close(complete: boolean): void {
    this.#wheel.remove(this.#timer);
    this.#connection.close();
    this.#options.onClosed?.(complete);
  }
}
