/**
 * What is on its way to the client in one piece: a server's response head with what came of its body, or an answer
 * of the balancer's own. One buffer of the thread's pool, kept until the client's socket has taken it. Early hints go
 * ahead of it: what is to be sent while they are still under way waits here.
 */
import type { BufferPool } from '../../net/buffer-pool.ts';
import type { Connection, Follows } from '../../net/connection.ts';

export class Answer {
  readonly #buffers: BufferPool;
  #buffer: Buffer | undefined;
  /** What is left of an own answer whose body did not fit the buffer. */
  #rest: Buffer | undefined;
  /** Early hints not yet given to the socket. */
  #ahead: Buffer[] = [];
  /** What the socket has now is such a hint. */
  #isAheadUnderWay = false;
  /** Bytes of the answer that wait behind hints; 0: none. */
  #waiting = 0;

  constructor(buffers: BufferPool) {
    this.#buffers = buffers;
  }

  /** The memory to render into. */
  take(): Buffer {
    return (this.#buffer ??= this.#buffers.take());
  }

  /** Sends what was rendered, and remembers what has to follow it. */
  send(client: Connection, length: number, rest?: Buffer, follows?: Follows): void {
    this.#rest = rest;
    if (this.#isAheadUnderWay) this.#waiting = length;
    else client.send(this.#buffer as Buffer, 0, length, follows);
  }

  /** Sends an interim response of our own. */
  sendAhead(client: Connection, bytes: Buffer): void {
    if (client.closed) return;
    this.#ahead.push(bytes);
    if (!client.sending) this.#sendNext(client);
  }

  #sendNext(client: Connection): void {
    const next = this.#ahead.shift() as Buffer;
    this.#isAheadUnderWay = true;
    client.send(next, 0, next.length);
  }

  /** The socket has taken what it had. True: it was a hint, and what waited behind it is under way. */
  wasAhead(client: Connection): boolean {
    if (!this.#isAheadUnderWay) return false;
    this.#isAheadUnderWay = false;
    if (this.#ahead.length > 0) this.#sendNext(client);
    else if (this.#waiting > 0) {
      const length = this.#waiting;
      this.#waiting = 0;
      client.send(this.#buffer as Buffer, 0, length);
    }
    return true;
  }

  /** Something else than hints is under way. */
  isSending(client: Connection): boolean {
    return client.sending && !this.#isAheadUnderWay;
  }

  /** What has to follow, once. */
  takeRest(): Buffer | undefined {
    const rest = this.#rest;
    this.#rest = undefined;
    return rest;
  }

  /** Gives the buffer back, unless it is being sent. */
  drop(client: Connection): void {
    if (this.#buffer === undefined || this.isSending(client) || this.#waiting > 0) return;
    this.#buffers.give(this.#buffer);
    this.#buffer = undefined;
  }

  /** The exchange is over: a buffer that is still being sent stays with whoever sends it. */
  forget(client: Connection): void {
    this.#waiting = 0;
    this.drop(client);
    this.#buffer = this.#rest = undefined;
    if (this.#ahead.length > 0) this.#ahead = [];
    this.#isAheadUnderWay = false;
  }
}
