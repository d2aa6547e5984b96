/**
 * A stored response in the place of a server's connection: it delivers head and body as a server would, so that
 * rules, compression and limits treat both alike. Nothing is ever sent to it.
 *
 *   receive() ─▶ head, Age, [chunk size,] as much of the body as fits ─▶ receive() ─▶ more … ─▶ end
 */
import { latin1Write } from '../base/latin1.ts';
import { currentAge } from '../http-cache/response-caching.ts';
import type { BufferPool } from '../net/buffer-pool.ts';
import type { Connection, ConnectionHandler, Endpoint } from '../net/connection.ts';
import type { CacheReader } from '../state/http-cache/cache-reader.ts';

const NOWHERE: Endpoint = { family: 0, host: '', port: 0 };
const NOT_MODIFIED = ' 304 Not Modified\r\n';
/** `HTTP/1.1` */
const VERSION_LENGTH = 8;
const LF = 0x0a;

/** What of it the client is to get. */
export interface CachedAnswer {
  readonly reader: CacheReader;
  /** Seconds since the epoch. */
  readonly now: number;
  /** 304: the client has it already. */
  readonly notModified: boolean;
  /** The head alone is asked for (HEAD), or all there is to say (304). */
  readonly headOnly: boolean;
}

export class CachedConnection implements Connection {
  readonly id = 0;
  readonly bytesIn = 0;
  readonly bytesOut = 0;
  readonly fd = -1;
  readonly sending = false;
  remote: Endpoint = NOWHERE;
  local: Endpoint = NOWHERE;
  handler: ConnectionHandler;
  receiving = false;
  closed = false;
  readonly #buffers: BufferPool;
  /** Its socket takes what is delivered here. */
  readonly #client: Connection;
  readonly #answer: CachedAnswer;
  #buffer: Buffer | undefined;

  constructor(handler: ConnectionHandler, client: Connection, buffers: BufferPool, answer: CachedAnswer) {
    this.handler = handler;
    this.#client = client;
    this.#buffers = buffers;
    this.#answer = answer;
  }

  /** What follows the head comes in a turn of the loop of its own, so that a long body delays nobody. */
  receive(): void {
    if (this.#buffer === undefined) return this.#deliverHead((this.#buffer = this.#buffers.take()));
    this.receiving = true;
    setImmediate(() => {
      if (this.closed) return;
      this.receiving = false;
      this.#deliverMore(this.#buffer as Buffer);
    });
  }

  #deliverHead(buffer: Buffer): void {
    const { reader, notModified, headOnly } = this.#answer;
    const room = notModified ? NOT_MODIFIED.length : 0;
    let end = room + reader.read(buffer, room, reader.headLength);
    const start = notModified ? this.#sayNotModified(buffer, room) : 0;
    end += latin1Write(buffer, this.#lastLines(), end);
    if (!headOnly) end += reader.read(buffer, end, buffer.length - end);
    if (reader.left === 0) reader.release();
    this.handler.onReceived(this, buffer, start, end - start);
  }

  /** Puts another status in front of the fields of the head that begins at `head`; gives where it starts now. */
  #sayNotModified(buffer: Buffer, head: number): number {
    const lineEnd = buffer.indexOf(LF, head) + 1;
    const start = lineEnd - NOT_MODIFIED.length - VERSION_LENGTH;
    buffer.copyWithin(start, head, head + VERSION_LENGTH);
    latin1Write(buffer, NOT_MODIFIED, start + VERSION_LENGTH);
    return start;
  }

  /** Age (RFC 9111 section 5.1), the end of the head, the size of the only chunk. */
  #lastLines(): string {
    const { reader, now, headOnly } = this.#answer;
    const lines = `age: ${currentAge(reader.age, reader.validated, now)}\r\n\r\n`;
    if (headOnly || !reader.chunked || reader.bodyLength === 0) return lines;
    return `${lines}${reader.bodyLength.toString(16)}\r\n`;
  }

  #deliverMore(buffer: Buffer): void {
    const { reader } = this.#answer;
    const length = reader.read(buffer, 0, buffer.length);
    if (length === 0) return this.handler.onEnd(this);
    if (reader.left === 0) reader.release();
    this.handler.onReceived(this, buffer, 0, length);
  }

  send(): void {
    throw new Error('nothing is sent to a stored response');
  }

  shutdown(): void {}

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.receiving = false;
    this.#answer.reader.release();
    // what is being sent from it stays with whoever sends it
    if (this.#buffer !== undefined && !this.#client.sending) this.#buffers.give(this.#buffer);
    this.#buffer = undefined;
  }

  reset(): void {
    this.close();
  }
}
