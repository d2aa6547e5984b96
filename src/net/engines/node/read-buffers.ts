/**
 * Where a thread's sockets read into, so that an idle connection holds no buffer.
 *
 *   small reads   kernel ──▶ landing (one for all sockets) ──copy──▶ a pool buffer, owned by the connection
 *   bulk reads    kernel ──▶ a pool buffer lent to this socket beforehand, handed on as it is
 *
 * libuv wants the memory before it knows that bytes are there. So all sockets share the landing buffer; a read
 * that fills a good part of it says "bulk", and that socket's next read gets a buffer of its own, until a short
 * read ends the run.
 */
import { BufferPool } from '../../buffer-pool.ts';
import { POISON } from '../poison.ts';

export class ReadBuffers {
  readonly pool: BufferPool;
  readonly landing: Buffer;
  /** A read of at least this much is followed by one into a buffer of the socket's own. */
  readonly bulkFrom: number;
  readonly #poison: boolean;
  #following: Buffer;
  /** Writes given to libuv and not completed: while there are any, a released buffer may be under one. */
  pendingWrites = 0;

  constructor(bufsize: number, poison: boolean) {
    this.pool = new BufferPool(bufsize);
    this.landing = Buffer.allocUnsafeSlow(bufsize);
    this.bulkFrom = bufsize >>> 1;
    this.#poison = poison;
    this.#following = this.landing;
  }

  /** The `buffer` function of net.Socket's onread: asked when a socket is made, and after each read callback. */
  readonly next = (): Buffer => {
    const next = this.#following;
    this.#following = this.landing;
    return next;
  };

  /** Called last in a read callback: where that socket reads into from now on. */
  follow(buffer: Buffer): void {
    this.#following = buffer;
  }

  /** What has landed, as a buffer of the connection's own. */
  copyOut(length: number): Buffer {
    const kept = this.pool.take();
    this.landing.copy(kept, 0, 0, length);
    return kept;
  }

  /** The connection is done with it: at the next receive(), when no send of it can be pending. */
  give(buffer: Buffer): void {
    if (this.#poison) buffer.fill(POISON);
    this.pool.give(buffer);
  }

  /** The connection closes: another connection's write may still refer to it, then it is left to the collector. */
  drop(buffer: Buffer): void {
    if (this.pendingWrites === 0) this.give(buffer);
    else this.pool.taken--;
  }
}
