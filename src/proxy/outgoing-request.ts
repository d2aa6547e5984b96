/**
 * The request as a server gets it: its head and as much of the body as came along, rendered into one buffer of the
 * thread's pool before a server is chosen, and kept until no retry can need it.
 */
import type { Http1RequestHead, RequestRendering } from '../http/request-head.ts';
import type { BufferPool } from '../net/buffer-pool.ts';
import type { Connection } from '../net/connection.ts';
import type { NameHeader } from './name-header.ts';
import type { RequestBody } from './request-body.ts';

export class OutgoingRequest {
  /** Bytes rendered. */
  length = 0;
  readonly #buffers: BufferPool;
  #buffer: Buffer | undefined;
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
    const buffer = (this.#buffer ??= this.#buffers.take());
    const room = reserve === 0 ? buffer : buffer.subarray(0, Math.max(0, buffer.length - reserve));
    const length = head.renderInto(room, 0, rendering);
    if (length < 0) return false;
    this.#nameAt = length - 2;
    this.#nameLength = 0;
    this.length = length + body.takeInto(room, length);
    return true;
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
    server.send(this.#buffer as Buffer, 0, this.length);
  }

  /** Gives the buffer back, unless it is being sent. */
  drop(server: Connection | undefined): void {
    if (this.#buffer === undefined || server?.sending === true) return;
    this.#buffers.give(this.#buffer);
    this.#buffer = undefined;
  }
}
