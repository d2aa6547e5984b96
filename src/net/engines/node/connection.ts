/**
 * A connection over net.Socket. Reading stays on between two receives: what arrives in the meantime is read ahead
 * once (`#ahead`) and only then is reading stopped, so that the usual pause of a few microseconds between a
 * request's last byte and the next receive() costs no system call.
 *
 *   stopped ──receive──▶ armed ──bytes──▶ unarmed ──bytes──▶ unarmed, one slice ahead, stopped
 *                          ▲────receive─────┘                         │
 *                          └──── receive (delivered from the engine's queue, then read on) ◀──┘
 */
import type { Cause } from '../../../base/failure.ts';
import { causeOfCode } from '../../cause.ts';
import type { Connection, ConnectionHandler, Endpoint, HandedOver } from '../../connection.ts';
import { destinationOf } from '../../original-destination.ts';
import type { TlsFacts } from '../../tls/tls-facts.ts';
import type { ReadBuffers } from './read-buffers.ts';
import { localOf, remoteOf, UNKNOWN_ENDPOINT } from './socket-endpoints.ts';
import { abortOnClose } from '../../socket-options.ts';
import { sparePort } from '../../spare-port.ts';
import { duplicateDescriptor } from '../../system-calls.ts';
import { descriptorOf, type OwnedSocket, type StreamOwner } from './stream-socket.ts';

/** What a connection needs of its engine. */
export interface ConnectionHost {
  readonly buffers: ReadBuffers;
  /** Calls connection.deliver() once the current callback is over. */
  queue(connection: NodeConnection): void;
  forget(connection: NodeConnection): void;
}

/** `connecting`: made by connect(). `public`: accepted without `onread`, its bytes lie in Node's own memory. */
type Origin = 'accepted' | 'public' | 'connecting';

export class NodeConnection implements Connection, StreamOwner {
  readonly id: number;
  handler: ConnectionHandler;
  bytesIn = 0;
  bytesOut = 0;
  receiving = false;
  sending = false;
  closed = false;
  sparesPort = false;
  tls: TlsFacts | undefined = undefined;
  readonly #host: ConnectionHost;
  readonly #socket: OwnedSocket;
  readonly #origin: Origin;
  #connecting: boolean;
  #reading = false;
  /** The slice the handler has, if it is the pool's. */
  #held: Buffer | undefined;
  /** What libuv reads into, when it is not the landing buffer. */
  #lent: Buffer | undefined;
  #ahead: Buffer | undefined;
  #aheadLength = 0;
  #peerEnded = false;
  #failure: Cause | undefined;
  #errorName: string | undefined;
  #failed = false;
  /** write() calls made and acknowledged: an acknowledgement of an older write must not complete a newer one. */
  #writes = 0;
  #acknowledged = 0;
  #sendLength = 0;
  #remote: Endpoint | undefined;
  #local: Endpoint | undefined;
  readonly #onWritten: (error?: Error | null) => void;

  constructor(
    host: ConnectionHost,
    id: number,
    socket: OwnedSocket,
    handler: ConnectionHandler,
    origin: Origin,
  ) {
    this.#host = host;
    this.id = id;
    this.#socket = socket;
    this.handler = handler;
    this.#origin = origin;
    this.#connecting = origin === 'connecting';
    this.#onWritten = () => this.#acknowledge();
    socket.owner = this;
  }

  get fd(): number {
    return this.closed ? -1 : descriptorOf(this.#socket);
  }

  get remote(): Endpoint {
    return (this.#remote ??= remoteOf(this.#socket)) ?? UNKNOWN_ENDPOINT;
  }

  set remote(endpoint: Endpoint) {
    this.#remote = endpoint;
  }

  get local(): Endpoint {
    if (this.#local === undefined && this.#origin !== 'connecting') this.#local = destinationOf(this.fd);
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
    if (this.#ahead !== undefined || this.#peerEnded || this.#failure !== undefined) this.#host.queue(this);
    else if (!this.#reading) this.#startReading();
  }

  send(buffer: Buffer, offset: number, length: number): void {
    if (this.sending) throw new Error('a send is already pending');
    if (this.closed) return;
    this.sending = true;
    if (this.#failure !== undefined) {
      this.#host.queue(this);
      return;
    }
    const socket = this.#socket;
    this.#writes++;
    this.#sendLength = length;
    this.#host.buffers.pendingWrites++;
    const slice = length === buffer.length ? buffer : buffer.subarray(offset, offset + length);
    socket.write(slice, this.#onWritten);
    if (socket.writableLength === 0 && socket.errored === null) this.#completeSend();
  }

  /** libuv lets no descriptor go: it gets closed, and a duplicate lives on. */
  handOver(): HandedOver {
    if (this.receiving || this.sending) throw new Error('something is pending on the connection');
    const fd = duplicateDescriptor(this.fd);
    const ahead =
      this.#ahead === undefined ? undefined : Buffer.from(this.#ahead.subarray(0, this.#aheadLength));
    this.close();
    return { fd, ahead };
  }

  shutdown(): void {
    if (!this.closed && !this.#socket.writableEnded) this.#socket.end();
  }

  close(): void {
    if (this.closed) return;
    if (this.sparesPort && !this.#peerEnded) sparePort(this.fd);
    this.#retire();
    // TLS says that this is the end (RFC 8446, section 6.1): who reads up to it could not tell a cut otherwise
    if (this.#origin === 'public' && !this.#socket.writableEnded) this.#socket.end();
    this.#socket.destroy();
    this.#dropBuffers();
  }

  reset(): void {
    if (this.closed) return;
    abortOnClose(this.fd);
    this.#retire();
    this.#socket.destroy();
    this.#dropBuffers();
  }

  /** From the engine's queue: hands over what had come before it was asked for. */
  deliver(): void {
    if (this.closed) return;
    if (this.#failure !== undefined && (this.sending || this.#ahead === undefined)) this.#fail();
    else if (!this.receiving) return;
    else if (this.#ahead !== undefined) {
      const slice = this.#ahead;
      this.#ahead = undefined;
      this.#hand(slice, this.#aheadLength);
    } else if (this.#peerEnded) {
      this.receiving = false;
      this.handler.onEnd(this);
    }
  }

  onRead(length: number, buffer: Buffer): boolean {
    const { buffers } = this.#host;
    const slice = buffer === buffers.landing ? buffers.copyOut(length) : buffer;
    this.#lent = length >= buffers.bulkFrom ? buffers.pool.take() : undefined;
    const goOn = this.#take(slice, length);
    buffers.follow(this.#lent ?? buffers.landing);
    return goOn;
  }

  onChunk(chunk: Buffer): boolean {
    return this.#take(chunk, chunk.length);
  }

  onPeerEnded(): void {
    this.#peerEnded = true;
    if (this.receiving) this.deliver();
  }

  onError(error: NodeJS.ErrnoException): void {
    this.#failure ??= causeOfCode(error.code);
    this.#errorName ??= error.code;
    if (this.receiving || this.sending || this.#connecting) this.deliver();
  }

  onConnect(): void {
    if (this.closed) return;
    this.#connecting = false;
    this.#reading = true;
    this.handler.onConnected(this);
  }

  #startReading(): void {
    this.#reading = true;
    if (this.#origin === 'public') this.#socket.resume();
    else this.#socket.read(0);
  }

  #take(slice: Buffer, length: number): boolean {
    this.bytesIn += length;
    if (this.receiving) {
      this.#hand(slice, length);
      return true;
    }
    this.#ahead = slice;
    this.#aheadLength = length;
    this.#reading = false;
    return false;
  }

  #hand(slice: Buffer, length: number): void {
    this.receiving = false;
    if (this.#origin !== 'public') this.#held = slice;
    this.handler.onReceived(this, slice, 0, length);
  }

  #completeSend(): void {
    this.sending = false;
    this.bytesOut += this.#sendLength;
    this.handler.onSent(this);
  }

  /** Node says so a moment after the fact, also for writes that were complete at once. */
  #acknowledge(): void {
    this.#acknowledged++;
    this.#host.buffers.pendingWrites--;
    if (this.#acknowledged !== this.#writes || !this.sending || this.closed) return;
    if (this.#socket.errored === null && !this.#socket.destroyed) this.#completeSend();
    else if (this.#socket.errored === null) this.#failSend();
  }

  /** Written to after both directions had ended: no 'error' event will come. */
  #failSend(): void {
    this.#failure ??= 'reset';
    this.#fail();
  }

  #fail(): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#connecting = false;
    this.receiving = false;
    this.sending = false;
    this.handler.onFailed(this, this.#failure as Cause, this.#errorName);
  }

  #retire(): void {
    this.closed = true;
    this.receiving = false;
    this.sending = false;
    this.#host.forget(this);
  }

  #dropBuffers(): void {
    const { buffers } = this.#host;
    if (this.#held !== undefined) buffers.drop(this.#held);
    if (this.#ahead !== undefined && this.#origin !== 'public') buffers.drop(this.#ahead);
    if (this.#lent !== undefined) buffers.give(this.#lent);
    this.#held = undefined;
    this.#ahead = undefined;
    this.#lent = undefined;
  }
}
