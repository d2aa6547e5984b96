/**
 * The request as a server gets it: its head and as much of the body as came along, rendered into one buffer of the
 * thread's pool before a server is chosen, and kept until no retry can need it.
 */
import type { Http1RequestHead, RequestRendering } from '../http/request-head.ts';
import type { BufferPool } from '../net/buffer-pool.ts';
import type { Connection } from '../net/connection.ts';
import type { RequestBody } from './request-body.ts';

export class OutgoingRequest {
  /** Bytes rendered. */
  length = 0;
  readonly #buffers: BufferPool;
  #buffer: Buffer | undefined;

  constructor(buffers: BufferPool) {
    this.#buffers = buffers;
  }

  /** It can be sent, again too. */
  get kept(): boolean {
    return this.#buffer !== undefined;
  }

  /** False: it does not fit a buffer any more. */
  render(head: Http1RequestHead, rendering: RequestRendering, body: RequestBody): boolean {
    const buffer = (this.#buffer ??= this.#buffers.take());
    const length = head.renderInto(buffer, 0, rendering);
    if (length < 0) return false;
    this.length = length + body.takeInto(buffer, length);
    return true;
  }

  send(server: Connection): void {
    server.send(this.#buffer as Buffer, 0, this.length);
  }

  /** Gives the buffer back, unless it is being sent. */
  drop(server: Connection | undefined): void {
    if (this.#buffer === undefined || server?.sending === true) return;
    this.#buffers.give(this.#buffer);
    this.#buffer = undefined;
  }
}
