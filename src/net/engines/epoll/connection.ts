/**
 * A TCP connection over a socket of our own: it tries at once what it is asked for, and where the kernel has nothing, or
 * takes nothing, an event goes on with it (epoll(7), edge-triggered: an event comes once for each change).
 *
 *   receive   read when an event has said that there is something; a read that was not filled has taken all, unless
 *             urgent data was among it
 *   send      by one call; what it does not take waits for EVENT_OUT, where its bytes lie
 */
import type { Cause } from '../../../base/failure.ts';
import { causeOfCode, errorName } from '../../cause.ts';
import {
  END,
  MORE,
  type Connection,
  type ConnectionHandler,
  type Endpoint,
  type Follows,
  type HandedOver,
} from '../../connection.ts';
import { destinationOf } from '../../original-destination.ts';
import { abortOnClose, pendingError } from '../../socket-options.ts';
import { sparePort } from '../../spare-port.ts';
import { closeDescriptor, receiveAt, sendAt, sendWithEnd, shutdownSending } from '../../system-calls.ts';
import {
  EVENT_ERROR,
  EVENT_HANGUP,
  EVENT_IN,
  EVENT_OUT,
  EVENT_PEER_ENDED,
  EVENT_URGENT,
} from '../event-poll.ts';
import { addressOf } from '../../memory-address.ts';
import { HEADROOM, type HotBuffer, type HotBuffers } from '../hot-buffers.ts';
import { localOf, remoteOf, UNKNOWN } from '../socket-names.ts';

/** What a connection needs of its engine. */
export interface EpollHost {
  readonly buffers: HotBuffers;
  /** Sends that the kernel has not taken all of: a buffer that is let go may be under one. */
  unsent: number;
  /** Calls deliver() once the current callbacks are over. */
  queue(connection: EpollConnection): void;
  /** From now on it hears of room to send, too. */
  watchRoom(connection: EpollConnection): void;
  /** Its socket leaves the set, and stays open. */
  unwatch(connection: EpollConnection): void;
  forget(connection: EpollConnection): void;
}

const BROKEN = EVENT_ERROR | EVENT_HANGUP;
/** More is to be read behind a read that was not filled: what comes behind urgent data, the end, or an error. */
const MORE_BEHIND = EVENT_URGENT | EVENT_PEER_ENDED | BROKEN;
const READABLE = EVENT_IN | MORE_BEHIND;
const EAGAIN = -11;
const EINTR = -4;

export class EpollConnection implements Connection {
  readonly id: number;
  /** Its place in the engine's table. */
  readonly index: number;
  fd: number;
  handler: ConnectionHandler;
  bytesIn = 0;
  bytesOut = 0;
  receiving = false;
  sending = false;
  closed = false;
  sparesPort = false;
  /** It hears of room to send. */
  watchesRoom = false;
  readonly headroom = HEADROOM;
  readonly #host: EpollHost;
  readonly #accepted: boolean;
  #connecting = false;
  /** There may be something to read. */
  #readable = false;
  /** Behind what there is to read stands the end (FIN). */
  #endIsNear = false;
  /** Only a read that finds nothing has taken all. */
  #moreBehind = false;
  #peerEnded = false;
  /** The last read was filled. */
  #inBulk = false;
  /** The slice the handler has. */
  #held: HotBuffer | undefined = undefined;
  #sendBuffer: Buffer | undefined = undefined;
  #sendOffset = 0;
  #sendLeft = 0;
  #sendLength = 0;
  #shutdownWanted = false;
  /** FIN is out. */
  #hasEnded = false;
  /** Found, and told once. */
  #failure: Cause | undefined = undefined;
  #errorName: string | undefined = undefined;
  #failed = false;
  #remote: Endpoint | undefined = undefined;
  #local: Endpoint | undefined = undefined;

  constructor(
    host: EpollHost,
    id: number,
    index: number,
    fd: number,
    accepted: boolean,
    handler: ConnectionHandler,
  ) {
    this.#host = host;
    this.id = id;
    this.index = index;
    this.fd = fd;
    this.#accepted = accepted;
    this.handler = handler;
  }

  get remote(): Endpoint {
    return (this.#remote ??= remoteOf(this.fd)) ?? UNKNOWN;
  }

  set remote(endpoint: Endpoint) {
    this.#remote = endpoint;
  }

  get local(): Endpoint {
    this.#local ??= this.#accepted ? destinationOf(this.fd) : localOf(this.fd);
    return this.#local ?? UNKNOWN;
  }

  set local(endpoint: Endpoint) {
    this.#local = endpoint;
  }

  receive(): void {
    if (this.receiving) throw new Error('a receive is already pending');
    if (this.closed) return;
    this.receiving = true;
    this.#giveBack();
    if (this.#failed) return;
    // not now: who receives again and again would never come back
    if (this.#readable || this.#failure !== undefined) this.#host.queue(this);
  }

  send(buffer: Buffer, offset: number, length: number, follows: Follows = MORE): void {
    if (this.sending) throw new Error('a send is already pending');
    if (this.closed) return;
    this.sending = true;
    if (this.#failed) return;
    if (this.#failure !== undefined) return this.#host.queue(this);
    this.#sendBuffer = buffer;
    this.#sendOffset = offset;
    this.#sendLength = this.#sendLeft = length;
    this.#host.unsent++;
    this.#write(follows === END);
  }

  shutdown(): void {
    if (this.closed || this.#failed || this.#hasEnded) return;
    if (this.sending) this.#shutdownWanted = true;
    else shutdownSending(this.fd);
  }

  close(): void {
    if (this.closed) return;
    const { fd } = this;
    if (this.sparesPort && !this.#peerEnded) sparePort(fd);
    this.#retire();
    closeDescriptor(fd);
  }

  reset(): void {
    if (this.closed) return;
    abortOnClose(this.fd);
    this.close();
  }

  handOver(): HandedOver {
    if (this.receiving || this.sending) throw new Error('something is pending on the connection');
    const { fd } = this;
    this.#host.unwatch(this);
    this.#retire();
    return { fd, ahead: undefined };
  }

  /** In onReceived: a read that did not take all that was there cannot have come to the end. */
  get endsBehind(): boolean {
    return this.#endIsNear && !this.#inBulk;
  }

  // ── what the engine tells ──

  /** The socket has begun to connect: an event tells how that ends. */
  begun(): void {
    this.#connecting = true;
  }

  /** A call for it has failed, with the negative error number. */
  brokenBy(result: number): void {
    this.#connecting = !this.#accepted;
    this.#failure = causeOfCode(this.#nameOf(result));
    this.#host.queue(this);
  }

  happened(events: number): void {
    if ((events & READABLE) !== 0) this.#readable = true;
    if ((events & MORE_BEHIND) !== 0) this.#standsBehind(events);
    if (this.#connecting) return this.#connected(events);
    if (this.receiving && this.#readable) this.#read();
    if (this.#sendLeft > 0 && (events & (EVENT_OUT | BROKEN)) !== 0) this.#write(false);
  }

  #standsBehind(events: number): void {
    this.#moreBehind = true;
    this.#endIsNear = (events & (EVENT_ERROR | EVENT_URGENT)) === 0;
  }

  /** From the engine's queue: what was there before it was asked for. What the peer has said before it went comes first. */
  deliver(): void {
    if (this.closed || this.#failed) return;
    if (this.receiving && this.#readable) {
      this.#read();
      if (this.#failure !== undefined && !this.closed && !this.#failed) this.#host.queue(this);
    } else if (this.#failure !== undefined && (this.sending || this.receiving || this.#connecting))
      this.#tell();
  }

  #connected(events: number): void {
    if ((events & (EVENT_OUT | BROKEN)) === 0) return;
    this.#connecting = false;
    const errno = (events & BROKEN) === 0 ? 0 : pendingError(this.fd);
    if (errno > 0) this.#fail(-errno);
    else this.handler.onConnected(this);
  }

  // ── receiving ──

  #read(): void {
    const { buffers } = this.#host;
    const buffer = buffers.take(this.#inBulk);
    const length = receiveAt(this.fd, buffer.address, buffer.size);
    if (length <= 0) {
      buffers.give(buffer);
      return this.#readNothing(length);
    }
    this.#inBulk = length === buffer.size;
    this.#readable = this.#inBulk || this.#moreBehind;
    this.receiving = false;
    this.#held = buffer;
    this.bytesIn += length;
    this.handler.onReceived(this, buffer.bytes, HEADROOM, length);
  }

  #readNothing(result: number): void {
    this.#inBulk = false;
    if (result === EAGAIN) this.#readable = false;
    else if (result === EINTR) this.#host.queue(this);
    else if (result < 0) this.#fail(result);
    else if (this.#failure !== undefined) this.#tell();
    else {
      this.#peerEnded = true;
      this.receiving = false;
      this.handler.onEnd(this);
    }
  }

  #giveBack(): void {
    if (this.#held === undefined) return;
    this.#host.buffers.give(this.#held);
    this.#held = undefined;
  }

  // ── sending ──

  #write(isLast: boolean): void {
    const { fd } = this;
    const address = addressOf(this.#sendBuffer as Buffer) + this.#sendOffset;
    const taken = isLast ? sendWithEnd(fd, address, this.#sendLeft) : sendAt(fd, address, this.#sendLeft);
    if (taken < 0 && taken !== EAGAIN && taken !== EINTR) return this.#writeFailed(taken);
    const sent = Math.max(taken, 0);
    this.#sendOffset += sent;
    this.#sendLeft -= sent;
    if (this.#sendLeft > 0) return this.#host.watchRoom(this);
    if (isLast) this.#hasEnded = true;
    this.#sent();
  }

  #sent(): void {
    this.#endSend();
    this.bytesOut += this.#sendLength;
    this.sending = false;
    if (this.#shutdownWanted) shutdownSending(this.fd);
    this.#shutdownWanted = false;
    this.handler.onSent(this);
  }

  #writeFailed(result: number): void {
    this.#endSend();
    this.#failure ??= causeOfCode(this.#nameOf(result));
    this.#readable = true;
    this.#host.queue(this);
  }

  #endSend(): void {
    this.#host.unsent--;
    this.#sendBuffer = undefined;
    this.#sendLeft = 0;
  }

  // ── the end ──

  #fail(result: number): void {
    this.#failure ??= causeOfCode(this.#nameOf(result));
    this.#tell();
  }

  #nameOf(result: number): string {
    return (this.#errorName ??= errorName(-result));
  }

  #tell(): void {
    this.#failed = true;
    this.receiving = this.sending = this.#connecting = false;
    if (this.#sendBuffer !== undefined) this.#endSend();
    this.handler.onFailed(this, this.#failure as Cause, this.#errorName);
  }

  #retire(): void {
    this.closed = true;
    this.receiving = this.sending = false;
    if (this.#sendBuffer !== undefined) this.#endSend();
    this.#letGo();
    this.#host.forget(this);
    this.fd = -1;
  }

  /** Another connection may be sending what was read here. */
  #letGo(): void {
    const { buffers, unsent } = this.#host;
    if (this.#held === undefined) return;
    if (unsent === 0) buffers.give(this.#held);
    else buffers.drop(this.#held);
    this.#held = undefined;
  }
}
