/**
 * What is on its way to the client in one piece: a server's response head with what came of its body, or an answer
 * of the balancer's own. One buffer of the thread's pool, kept until the client's socket has taken it.
 */
import type { BufferPool } from '../net/buffer-pool.ts';
import type { Connection } from '../net/connection.ts';

export class Answer {
  readonly #buffers: BufferPool;
  #buffer: Buffer | undefined;
  /** What is left of an own answer whose body did not fit the buffer. */
  #rest: Buffer | undefined;

  constructor(buffers: BufferPool) {
    this.#buffers = buffers;
  }

  /** The memory to render into. */
  take(): Buffer {
    return (this.#buffer ??= this.#buffers.take());
  }

  /** Sends what was rendered, and remembers what has to follow it. */
  send(client: Connection, length: number, rest?: Buffer): void {
    this.#rest = rest;
    client.send(this.#buffer as Buffer, 0, length);
  }

  /** What has to follow, once. */
  takeRest(): Buffer | undefined {
    const rest = this.#rest;
    this.#rest = undefined;
    return rest;
  }

  /** Gives the buffer back, unless it is being sent. */
  drop(client: Connection): void {
    if (this.#buffer === undefined || client.sending) return;
    this.#buffers.give(this.#buffer);
    this.#buffer = undefined;
  }

  /** The exchange is over: a buffer that is still being sent stays with whoever sends it. */
  forget(client: Connection): void {
    this.drop(client);
    this.#buffer = this.#rest = undefined;
  }
}
