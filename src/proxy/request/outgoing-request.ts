/**
 * The request as a server gets it: its head and as much of the body as came along, in one piece, kept until no
 * retry can need it.
 *
 * A request without a body of which nothing is to be written anew is first sent from where it came in (`#lent`).
 * That memory is the client connection's: when it is to be read again before the request is sent, or the request
 * has to be sent once more, it is rendered into a buffer of the thread's pool, as all others are from the start.
 */
import type { Http1RequestHead, RequestRendering } from '../../http/request-head.ts';
import type { BufferPool } from '../../net/buffer-pool.ts';
import { MORE, PAUSE, type Connection } from '../../net/connection.ts';
import type { NameHeader } from './name-header.ts';
import type { RequestBody } from './request-body.ts';

export class OutgoingRequest {
  /** Bytes rendered. */
  length = 0;
  readonly #buffers: BufferPool;
  #buffer: Buffer | undefined;
  #start = 0;
  #lent = false;
  #sent = false;
  #head: Http1RequestHead | undefined;
  #rendering: RequestRendering | undefined;
  /** Where the line with the server's name belongs, and how long the one there is. */
  #nameAt = 0;
  #nameLength = 0;

  constructor(buffers: BufferPool) {
    this.#buffers = buffers;
  }

  /** It can be sent, again too. */
  get kept(): boolean {
    return this.#buffer !== undefined;
  }

  /** `reserve`: bytes that may be inserted later. False: it does not fit a buffer any more. */
  render(head: Http1RequestHead, rendering: RequestRendering, body: RequestBody, reserve: number): boolean {
    if (reserve === 0 && body.read && this.#lend(head, rendering)) return true;
    const buffer = (this.#buffer ??= this.#buffers.take());
    const room = reserve === 0 ? buffer : buffer.subarray(0, Math.max(0, buffer.length - reserve));
    const length = head.renderInto(room, 0, rendering);
    if (length < 0) return false;
    this.#nameAt = length - 2;
    this.#nameLength = 0;
    this.length = length + body.takeInto(room, length);
    return true;
  }

  #lend(head: Http1RequestHead, rendering: RequestRendering): boolean {
    const start = head.squeeze(rendering);
    if (start < 0) return false;
    const { source, sourceStart, length } = head.headers;
    this.#buffer = source;
    this.#start = start;
    this.length = sourceStart + length - start;
    this.#lent = true;
    this.#sent = false;
    this.#head = head;
    this.#rendering = rendering;
    return true;
  }

  /** The client's connection is to be read on: from now on the request lies in memory of its own. */
  settle(): void {
    if (!this.#lent) return;
    this.#lent = false;
    this.#buffer = this.#buffers.take();
    this.#start = 0;
    this.length = (this.#head as Http1RequestHead).renderInto(
      this.#buffer,
      0,
      this.#rendering as RequestRendering,
    );
  }

  /** `http-send-name-header`: tells the server its name, instead of that of the server tried before. */
  nameServer({ header }: NameHeader, name: string): void {
    const buffer = this.#buffer as Buffer;
    const line = `${header}: ${name}\r\n`;
    const rest = this.#nameAt + this.#nameLength;
    buffer.copyWithin(this.#nameAt + line.length, rest, this.length);
    buffer.write(line, this.#nameAt, 'latin1');
    this.length += line.length - this.#nameLength;
    this.#nameLength = line.length;
  }

  send(server: Connection): void {
    if (this.#sent) this.settle();
    this.#sent = true;
    // of a lent one there is no more
    server.send(this.#buffer as Buffer, this.#start, this.length, this.#lent ? PAUSE : MORE);
  }

  /** Gives the buffer back, unless it is being sent. */
  drop(server: Connection | undefined): void {
    if (this.#buffer === undefined || server?.sending === true) return;
    if (!this.#lent) this.#buffers.give(this.#buffer);
    this.#lent = false;
    this.#start = 0;
    this.#buffer = undefined;
  }
}
