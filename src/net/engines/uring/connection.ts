/**
 * A TCP connection on the ring. What may be under way for it in the kernel, and how it ends:
 *
 *   receive   one OP_RECV; the kernel picks a slot when bytes have come. Ends with a completion.
 *   send now  OP_SEND that never waits. All taken (the usual case): no completion, it is done when the entry has
 *             been consumed. Else a completion says how much was taken, and the rest becomes a
 *   send      that waits in the kernel until everything is taken. Its bytes lie in a slot: memory of the collector
 *             is only ever referred to by a "send now", which is over when enter() returns.
 *   connect   one OP_CONNECT.
 *
 * close() cancels what is under way; the connection's number is used again when all of it has ended (`pending`).
 */
import type { Cause } from '../../../base/failure.ts';
import { causeOfCode, errorName } from '../../cause.ts';
import type { Connection, ConnectionHandler, Endpoint } from '../../connection.ts';
import { ADDRESS_SIZE, decodeAddress } from '../../socket-address.ts';
import { abortOnClose } from '../../socket-options.ts';
import { peerName, shutdownSending, socketName } from '../../system-calls.ts';
import { CQE_BUFFER, CQE_BUFFER_SHIFT, CQE_SOCK_NONEMPTY, EAGAIN, EINTR, ENOBUFS } from './abi.ts';
import { addressOf } from './memory.ts';
import type { Slots } from './slots.ts';

const UNKNOWN: Endpoint = { family: 0, host: '', port: 0 };

/** What a connection asks of its engine. */
export interface RingHost {
  readonly slots: Slots;
  pushReceive(connection: UringConnection, pollFirst: boolean): void;
  /** No completion when all is taken: then sentNow() is called after the entry was consumed. */
  pushSendNow(connection: UringConnection, address: number, length: number): void;
  pushSend(connection: UringConnection, address: number, length: number): void;
  pushClose(connection: UringConnection, fd: number, cancel: boolean): void;
  /** Nothing to push: sentNow() is called all the same. */
  sentNothing(connection: UringConnection): void;
  /** No slot is left: retry() is called when there is one. */
  starve(connection: UringConnection): void;
  forget(connection: UringConnection): void;
  /** Closed, and nothing of it is in the kernel any more. */
  release(connection: UringConnection): void;
}

/** Send states: none, in the batch to be submitted, waiting in the kernel, waiting for a slot. */
const IDLE = 0;
const NOW = 1;
const WAITING = 2;
const STARVED = 3;

export class UringConnection implements Connection {
  readonly id: number;
  /** In the engine's table, and told apart from an earlier user of that place by `serial`. */
  readonly index: number;
  readonly serial: number;
  handler: ConnectionHandler;
  bytesIn = 0;
  bytesOut = 0;
  receiving = false;
  sending = false;
  closed = false;
  /** Operations in the kernel that will complete. */
  pending = 0;
  readonly #host: RingHost;
  #fd: number;
  #held = -1;
  /** More had come than the last receive took. */
  #more = false;
  #starvedReceive = false;
  #sendState = IDLE;
  #sendLength = 0;
  #sendLeft = 0;
  #sendAddress = 0;
  /** Pinned while its bytes are sent; -1: they are in `#sendBuffer`, memory of the collector. */
  #sendSlot = -1;
  #sendBuffer: Buffer | undefined;
  #sendOffset = 0;
  /** A piece of `#sendBuffer`, copied so that the kernel may keep it. */
  #copySlot = -1;
  #shutdownWanted = false;
  #failed = false;
  #remote: Endpoint | undefined;
  #local: Endpoint | undefined;

  constructor(
    host: RingHost,
    id: number,
    index: number,
    serial: number,
    fd: number,
    handler: ConnectionHandler,
  ) {
    this.#host = host;
    this.id = id;
    this.index = index;
    this.serial = serial;
    this.#fd = fd;
    this.handler = handler;
  }

  get fd(): number {
    return this.#fd;
  }

  get remote(): Endpoint {
    return (this.#remote ??= endpointBy(peerName, this.#fd)) ?? UNKNOWN;
  }

  set remote(endpoint: Endpoint) {
    this.#remote = endpoint;
  }

  get local(): Endpoint {
    return (this.#local ??= endpointBy(socketName, this.#fd)) ?? UNKNOWN;
  }

  set local(endpoint: Endpoint) {
    this.#local = endpoint;
  }

  receive(): void {
    if (this.receiving) throw new Error('a receive is already pending');
    if (this.closed) return;
    this.receiving = true;
    if (this.#held >= 0) {
      this.#host.slots.unpin(this.#held);
      this.#held = -1;
    }
    if (!this.#failed) this.#host.pushReceive(this, !this.#more);
  }

  send(buffer: Buffer, offset: number, length: number): void {
    if (this.sending) throw new Error('a send is already pending');
    if (this.closed) return;
    this.sending = true;
    if (this.#failed) return;
    this.#sendLength = length;
    this.#sendLeft = length;
    const { slots } = this.#host;
    const slot = slots.slotOf(buffer);
    this.#sendSlot = slot;
    if (slot >= 0) {
      slots.pin(slot);
      this.#sendAddress = slots.baseAddress + buffer.byteOffset + offset;
    } else {
      this.#sendBuffer = buffer;
      this.#sendOffset = offset;
      this.#sendAddress = addressOf(buffer) + offset;
    }
    this.#sendNow();
  }

  shutdown(): void {
    if (this.closed || this.#failed) return;
    if (this.sending) this.#shutdownWanted = true;
    else shutdownSending(this.#fd);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.receiving = false;
    this.sending = false;
    this.#host.forget(this);
    this.#host.pushClose(this, this.#fd, this.pending > 0);
    this.#fd = -1;
    if (this.#held >= 0) this.#host.slots.unpin(this.#held);
    this.#held = -1;
    if (this.#sendState === STARVED) this.#endSend();
    this.releaseWhenIdle();
  }

  reset(): void {
    if (this.closed) return;
    abortOnClose(this.#fd);
    this.close();
  }

  // ── what the engine tells ──

  connected(result: number): void {
    if (this.closed) this.releaseWhenIdle();
    else if (result < 0) this.#fail(result);
    else this.handler.onConnected(this);
  }

  received(result: number, flags: number): void {
    if (result > 0 && (flags & CQE_BUFFER) !== 0) {
      const slot = flags >>> CQE_BUFFER_SHIFT;
      const buffer = this.#host.slots.claim(slot);
      if (!this.closed) {
        this.#deliver(slot, buffer, result, flags);
        return;
      }
      this.#host.slots.unpin(slot);
    }
    if (this.closed) this.releaseWhenIdle();
    else if (result === 0) this.#ended();
    else this.#receiveFailed(result);
  }

  /** The entry of a "send now" has been consumed, and no completion came: all is sent. */
  sentNow(): void {
    if (this.#sendState === NOW) this.#sent();
  }

  /** A "send now" that could not send all: `result` bytes, or an error. */
  sentPart(result: number): void {
    this.#sendState = IDLE;
    if (this.closed) this.#endClosedSend();
    else if (result < 0 && result !== -EAGAIN && result !== -EINTR) this.#sendFailed(result);
    else {
      this.#advance(Math.max(result, 0));
      this.#sendWaiting();
    }
  }

  /** A send that was waiting in the kernel has ended. */
  sentWaiting(result: number): void {
    this.#sendState = IDLE;
    this.#dropCopy();
    if (this.closed) this.#endClosedSend();
    else if (result < 0 && result !== -EAGAIN && result !== -EINTR) this.#sendFailed(result);
    else {
      this.#advance(Math.max(result, 0));
      if (this.#sendLeft === 0) this.#sent();
      else this.#sendNow();
    }
  }

  /** A slot has become free. */
  retry(): void {
    if (this.closed) return;
    if (this.#sendState === STARVED) {
      this.#sendState = IDLE;
      this.#sendWaiting();
    }
    if (!this.#starvedReceive) return;
    this.#starvedReceive = false;
    this.#host.pushReceive(this, false);
  }

  releaseWhenIdle(): void {
    if (this.pending === 0 && this.#sendState === IDLE) this.#host.release(this);
  }

  // ── receiving ──

  #deliver(slot: number, buffer: Buffer, length: number, flags: number): void {
    this.receiving = false;
    this.#held = slot;
    this.#more = (flags & CQE_SOCK_NONEMPTY) !== 0;
    this.bytesIn += length;
    this.handler.onReceived(this, buffer, 0, length);
  }

  #ended(): void {
    if (this.#failed) return;
    this.receiving = false;
    this.handler.onEnd(this);
  }

  #receiveFailed(result: number): void {
    if (this.#failed) return;
    if (result === -ENOBUFS) {
      this.#starvedReceive = true;
      this.#host.starve(this);
    } else if (result === -EINTR || result === -EAGAIN) this.#host.pushReceive(this, true);
    else this.#fail(result);
  }

  // ── sending ──

  #sendNow(): void {
    this.#sendState = NOW;
    if (this.#sendLeft === 0) this.#host.sentNothing(this);
    else this.#host.pushSendNow(this, this.#sendAddress, this.#sendLeft);
  }

  #advance(length: number): void {
    this.#sendLeft -= length;
    this.#sendAddress += length;
    this.#sendOffset += length;
  }

  #sendWaiting(): void {
    if (this.#sendLeft === 0) this.#sent();
    else if (this.#sendSlot >= 0) this.#pushWaiting(this.#sendAddress, this.#sendLeft);
    else this.#copyAndSend(this.#sendBuffer as Buffer);
  }

  #copyAndSend(buffer: Buffer): void {
    const { slots } = this.#host;
    const slot = slots.take();
    if (slot < 0) {
      this.#sendState = STARVED;
      this.#host.starve(this);
      return;
    }
    const length = Math.min(this.#sendLeft, slots.size);
    buffer.copy(slots.bufferOf(slot), 0, this.#sendOffset, this.#sendOffset + length);
    this.#copySlot = slot;
    this.#pushWaiting(slots.addressOf(slot), length);
  }

  #pushWaiting(address: number, length: number): void {
    this.#sendState = WAITING;
    this.#host.pushSend(this, address, length);
  }

  #sent(): void {
    this.#endSend();
    if (this.closed) {
      this.releaseWhenIdle();
      return;
    }
    this.sending = false;
    this.bytesOut += this.#sendLength;
    if (this.#shutdownWanted) {
      this.#shutdownWanted = false;
      shutdownSending(this.#fd);
    }
    this.handler.onSent(this);
  }

  #endSend(): void {
    this.#sendState = IDLE;
    this.#sendBuffer = undefined;
    this.#dropCopy();
    if (this.#sendSlot >= 0) this.#host.slots.unpin(this.#sendSlot);
    this.#sendSlot = -1;
  }

  #endClosedSend(): void {
    this.#endSend();
    this.releaseWhenIdle();
  }

  #dropCopy(): void {
    if (this.#copySlot >= 0) this.#host.slots.unpin(this.#copySlot);
    this.#copySlot = -1;
  }

  #sendFailed(result: number): void {
    this.#endSend();
    this.#fail(result);
  }

  #fail(result: number): void {
    if (this.#failed) return;
    this.#failed = true;
    this.receiving = false;
    this.sending = false;
    const cause: Cause = causeOfCode(errorName(-result));
    this.handler.onFailed(this, cause);
  }
}

const nameBytes = Buffer.alloc(ADDRESS_SIZE);

function endpointBy(ask: (fd: number, into: Buffer) => number, fd: number): Endpoint | undefined {
  const length = fd < 0 ? -1 : ask(fd, nameBytes);
  return length < 0 ? undefined : decodeAddress(nameBytes, length);
}
