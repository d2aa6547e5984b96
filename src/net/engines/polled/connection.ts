/**
 * A connection over a socket of our own, without net.Socket: it is told what a look has found (`happened`), and else
 * tries at once what it is asked for.
 */
import { errorName, causeOfCode } from '../../cause.ts';
import type { Connection, ConnectionHandler, Endpoint } from '../../connection.ts';
import { abortOnClose, pendingError, setNoDelay } from '../../socket-options.ts';
import { closeDescriptor, receiveNow, sendNow, shutdownSending } from '../../system-calls.ts';
import type { PolledSocket } from './spare-sockets.ts';
import { EVENT_ERROR, EVENT_HANGUP, EVENT_IN, EVENT_OUT, EVENT_PEER_ENDED } from '../event-poll.ts';
import { localOf, remoteOf, UNKNOWN } from '../socket-names.ts';

/** What a connection needs of its engine. */
export interface PolledHost {
  takeBuffer(): Buffer;
  giveBuffer(buffer: Buffer): void;
  /** It waits: tells it of all events from now on, of those that stand too. */
  watch(connection: PolledConnection): void;
  /** Resets the connection and keeps the socket; false: it is still to be closed. */
  resetAndKeep(socket: PolledSocket): boolean;
  forget(connection: PolledConnection): void;
}

const BROKEN = EVENT_ERROR | EVENT_HANGUP;
const READABLE = EVENT_IN | EVENT_PEER_ENDED | BROKEN;
const EAGAIN = -11;

export class PolledConnection implements Connection {
  readonly id: number;
  /** Its place in the engine's table. */
  readonly index: number;
  handler: ConnectionHandler;
  bytesIn = 0;
  bytesOut = 0;
  receiving = false;
  closed = false;
  readonly #host: PolledHost;
  readonly socket: PolledSocket;
  /** It is in the engine's event poll. */
  watched = false;
  /** It is among those that the next look asks. */
  waiting = false;
  /** Looks that have found nothing. */
  asked = 0;
  #connecting = true;
  #sends = 0;
  #readable = false;
  /** What of a send the kernel has not taken yet. */
  #unsent: Buffer | undefined;
  #ending = false;
  /** The slice the handler has. */
  #held: Buffer | undefined;
  #remote: Endpoint | undefined;
  #local: Endpoint | undefined;

  constructor(host: PolledHost, id: number, index: number, socket: PolledSocket, handler: ConnectionHandler) {
    this.#host = host;
    this.id = id;
    this.index = index;
    this.socket = socket;
    this.handler = handler;
  }

  get fd(): number {
    return this.closed ? -1 : this.socket.fd;
  }

  get sending(): boolean {
    return this.#unsent !== undefined;
  }

  get remote(): Endpoint {
    return (this.#remote ??= remoteOf(this.socket.fd) ?? UNKNOWN);
  }

  set remote(endpoint: Endpoint) {
    this.#remote = endpoint;
  }

  get local(): Endpoint {
    return (this.#local ??= localOf(this.socket.fd) ?? UNKNOWN);
  }

  set local(endpoint: Endpoint) {
    this.#local = endpoint;
  }

  receive(): void {
    if (this.receiving) throw new Error('a receive is already pending');
    if (this.closed) return;
    this.receiving = true;
    this.#giveBack();
    if (this.#readable) this.#read();
    else this.#host.watch(this);
  }

  send(buffer: Buffer, offset: number, length: number): void {
    if (this.#unsent !== undefined) throw new Error('a send is already pending');
    if (this.closed) return;
    const whole = offset === 0 && length === buffer.length;
    this.#unsent = whole ? buffer : buffer.subarray(offset, offset + length);
    // one packet goes out at once in any case
    if (++this.#sends === 2) setNoDelay(this.socket.fd);
    this.#write();
  }

  shutdown(): void {
    if (this.closed) return;
    this.#ending = true;
    if (this.#unsent === undefined) shutdownSending(this.socket.fd);
  }

  close(): void {
    if (this.closed) return;
    this.#leave();
    closeDescriptor(this.socket.fd);
  }

  reset(): void {
    if (this.closed) return;
    this.#leave();
    if (this.#host.resetAndKeep(this.socket)) return;
    abortOnClose(this.socket.fd);
    closeDescriptor(this.socket.fd);
  }

  /** What it waits for. */
  get wanted(): number {
    const toSend = this.#connecting || this.#unsent !== undefined;
    return (toSend ? EVENT_OUT : 0) | (this.receiving ? EVENT_IN : 0) | EVENT_PEER_ENDED;
  }

  /** A look has found events. */
  happened(events: number): void {
    if (this.closed) return;
    if ((events & READABLE) !== 0) this.#readable = true;
    if (this.#connecting) return this.#connected(events);
    if (this.receiving && this.#readable) this.#read();
    if (this.#unsent !== undefined && (events & (EVENT_OUT | BROKEN)) !== 0) this.#write();
  }

  fail(errno: number): void {
    if (this.closed) return;
    this.receiving = false;
    this.#unsent = undefined;
    const code = errorName(errno);
    this.handler.onFailed(this, causeOfCode(code), code);
  }

  /** It may stand by now: without any event it is watched. */
  #connected(events: number): void {
    if ((events & (EVENT_OUT | BROKEN)) === 0) return this.#host.watch(this);
    this.#connecting = false;
    const errno = (events & BROKEN) === 0 ? 0 : pendingError(this.socket.fd);
    if (errno > 0) this.fail(errno);
    else this.handler.onConnected(this);
  }

  #read(): void {
    const buffer = this.#host.takeBuffer();
    const length = receiveNow(this.socket.fd, buffer);
    if (length <= 0) {
      this.#host.giveBuffer(buffer);
      return this.#readNothing(length);
    }
    this.receiving = false;
    this.#held = buffer;
    this.bytesIn += length;
    this.handler.onReceived(this, buffer, 0, length);
  }

  #readNothing(result: number): void {
    if (result === EAGAIN) {
      this.#readable = false;
      return this.#host.watch(this);
    }
    this.receiving = false;
    if (result < 0) this.fail(-result);
    else this.handler.onEnd(this);
  }

  #write(): void {
    const unsent = this.#unsent as Buffer;
    const length = unsent.length === 0 ? 0 : sendNow(this.socket.fd, unsent);
    if (length === EAGAIN) return this.#host.watch(this);
    if (length < 0) return this.fail(-length);
    this.bytesOut += length;
    if (length < unsent.length) {
      this.#unsent = unsent.subarray(length);
      return this.#write();
    }
    this.#unsent = undefined;
    if (this.#ending) shutdownSending(this.socket.fd);
    this.handler.onSent(this);
  }

  #leave(): void {
    this.closed = true;
    this.receiving = false;
    this.#unsent = undefined;
    this.#giveBack();
    this.#host.forget(this);
  }

  #giveBack(): void {
    if (this.#held === undefined) return;
    this.#host.giveBuffer(this.#held);
    this.#held = undefined;
  }
}
