/**
 * A connection over a TLSSocket whose handshake is over, straight on its handle (tls-stream.ts). A send is told of as
 * soon as the kernel has its bytes, within send(); the handle itself says so a moment later, and a send that comes in
 * between waits for that.
 *
 *   stopped ──receive──▶ armed ──bytes──▶ unarmed ──bytes──▶ unarmed, kept, stopped
 *                          ▲────receive─────┘                    │
 *                          └──── receive (delivered from the engine's queue, then read on) ◀──┘
 */
import type { TLSSocket } from 'node:tls';
import type { Cause } from '../../../base/failure.ts';
import { causeOfCode } from '../../cause.ts';
import type { Connection, ConnectionHandler, Endpoint } from '../../connection.ts';
import { abortOnClose } from '../../socket-options.ts';
import type { TlsFacts } from '../../tls/tls-facts.ts';
import type { ReadBuffers } from './read-buffers.ts';
import { localOf, remoteOf, UNKNOWN_ENDPOINT } from './socket-endpoints.ts';
import { TlsStream, type TlsStreamOwner } from './tls-stream.ts';

/** What a connection needs of its engine. */
export interface TlsConnectionHost {
  readonly buffers: ReadBuffers;
  /** Calls connection.deliver() once the current callback is over. */
  queue(connection: TlsConnection): void;
  forget(connection: TlsConnection): void;
}

export class TlsConnection implements Connection, TlsStreamOwner {
  readonly id: number;
  handler: ConnectionHandler;
  bytesIn = 0;
  bytesOut = 0;
  receiving = false;
  sending = false;
  closed = false;
  tls: TlsFacts | undefined = undefined;
  readonly #host: TlsConnectionHost;
  readonly #socket: TLSSocket;
  readonly #stream: TlsStream;
  #reading = true;
  /** The slice the handler has. */
  #held: Buffer | undefined = undefined;
  /** What came without being asked for: all but the last are full. */
  #kept: Buffer[] | undefined = undefined;
  #keptInLast = 0;
  /** A send that waits for the one before to be done. */
  #waiting: Buffer | undefined = undefined;
  #sendLength = 0;
  #peerEnded = false;
  #failure: Cause | undefined = undefined;
  #errorName: string | undefined = undefined;
  #failed = false;
  #remote: Endpoint | undefined = undefined;
  #local: Endpoint | undefined = undefined;

  /** Undefined: this Node's handles are not known. */
  static over(
    socket: TLSSocket,
    host: TlsConnectionHost,
    id: number,
    handler: ConnectionHandler,
  ): TlsConnection | undefined {
    if (!TlsStream.canTake(socket)) return undefined;
    return new TlsConnection(socket, host, id, handler);
  }

  private constructor(socket: TLSSocket, host: TlsConnectionHost, id: number, handler: ConnectionHandler) {
    this.#host = host;
    this.id = id;
    this.handler = handler;
    this.#socket = socket;
    this.#stream = new TlsStream(socket, host.buffers.landing, this);
  }

  get fd(): number {
    return this.closed ? -1 : this.#stream.fd;
  }

  get remote(): Endpoint {
    return (this.#remote ??= remoteOf(this.#socket)) ?? UNKNOWN_ENDPOINT;
  }

  set remote(endpoint: Endpoint) {
    this.#remote = endpoint;
  }

  get local(): Endpoint {
    return (this.#local ??= localOf(this.#socket)) ?? UNKNOWN_ENDPOINT;
  }

  set local(endpoint: Endpoint) {
    this.#local = endpoint;
  }

  receive(): void {
    if (this.receiving) throw new Error('a receive is already pending');
    if (this.closed) return;
    this.receiving = true;
    if (this.#held !== undefined) {
      this.#host.buffers.give(this.#held);
      this.#held = undefined;
    }
    if (this.#kept !== undefined || this.#peerEnded || this.#failure !== undefined) this.#host.queue(this);
    else if (!this.#reading) {
      this.#reading = true;
      this.#stream.start();
    }
  }

  send(buffer: Buffer, offset: number, length: number): void {
    if (this.sending) throw new Error('a send is already pending');
    if (this.closed) return;
    this.sending = true;
    if (this.#failure !== undefined) {
      this.#host.queue(this);
      return;
    }
    const slice = length === buffer.length ? buffer : buffer.subarray(offset, offset + length);
    this.#sendLength = length;
    if (this.#stream.writing) this.#waiting = slice;
    else if (this.#stream.write(slice)) this.#completeSend();
  }

  shutdown(): void {
    if (!this.closed) this.#stream.shutdown();
  }

  close(): void {
    if (this.closed) return;
    this.#retire();
    this.#stream.close();
  }

  reset(): void {
    if (this.closed) return;
    abortOnClose(this.fd);
    this.#retire();
    this.#stream.destroy();
  }

  /** From the engine's queue: hands over what had come before it was asked for. */
  deliver(): void {
    if (this.closed) return;
    if (this.#failure !== undefined && (this.sending || this.#kept === undefined)) this.#fail();
    else if (!this.receiving) return;
    else if (this.#kept !== undefined) this.#handKept(this.#kept);
    else if (this.#peerEnded) {
      this.receiving = false;
      this.handler.onEnd(this);
    }
  }

  onLanded(length: number): void {
    this.bytesIn += length;
    if (this.receiving && this.#kept === undefined) this.#hand(this.#host.buffers.copyOut(length), length);
    else this.#keep(length);
  }

  onPeerEnded(): void {
    this.#peerEnded = true;
    if (this.receiving) this.deliver();
  }

  onWritten(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined && !this.#stream.write(waiting)) return;
    if (this.sending && this.#failure === undefined) this.#completeSend();
  }

  onError(code: string | undefined): void {
    this.#failure ??= causeOfCode(code);
    this.#errorName ??= code;
    if (this.receiving || this.sending) this.#host.queue(this);
  }

  #completeSend(): void {
    this.sending = false;
    this.bytesOut += this.#sendLength;
    this.handler.onSent(this);
  }

  #hand(slice: Buffer, length: number): void {
    this.receiving = false;
    this.#held = slice;
    this.handler.onReceived(this, slice, 0, length);
  }

  #handKept(kept: Buffer[]): void {
    const length = this.#keptIn(0);
    const slice = kept.shift() as Buffer;
    if (kept.length === 0) this.#kept = undefined;
    this.#hand(slice, length);
  }

  /** As densely as it goes: whoever sends tiny records must not fill the memory with buffers. */
  #keep(length: number): void {
    const { landing, pool } = this.#host.buffers;
    this.#reading = false;
    this.#stream.stop();
    const kept = (this.#kept ??= []);
    for (let from = 0; from < length;) {
      if (kept.length === 0 || this.#keptInLast === pool.size) {
        kept.push(pool.take());
        this.#keptInLast = 0;
      }
      const copied = landing.copy(kept.at(-1) as Buffer, this.#keptInLast, from, length);
      this.#keptInLast += copied;
      from += copied;
    }
  }

  #keptIn(index: number): number {
    const kept = this.#kept as Buffer[];
    return index === kept.length - 1 ? this.#keptInLast : this.#host.buffers.pool.size;
  }

  #fail(): void {
    if (this.#failed) return;
    this.#failed = true;
    this.receiving = false;
    this.sending = false;
    this.handler.onFailed(this, this.#failure as Cause, this.#errorName);
  }

  #retire(): void {
    this.closed = true;
    this.receiving = false;
    this.sending = false;
    this.#host.forget(this);
    const { buffers } = this.#host;
    if (this.#held !== undefined) buffers.drop(this.#held);
    for (const buffer of this.#kept ?? []) buffers.give(buffer);
    this.#held = undefined;
    this.#kept = undefined;
    this.#waiting = undefined;
  }
}
