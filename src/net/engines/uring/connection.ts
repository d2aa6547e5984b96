/**
 * A TCP connection on the ring. What may be under way for it in the kernel, and how it ends:
 *
 *   receive   OP_RECV, multishot: it stays armed in the kernel, which picks a slot each time bytes have come.
 *             Bytes that come before the next receive() wait in `#ahead`. When they pile up, or come in bulk, it
 *             is cancelled, and single receives follow until the rush is over.
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
import {
  CQE_BUFFER,
  CQE_BUFFER_SHIFT,
  CQE_MORE,
  CQE_SOCK_NONEMPTY,
  EAGAIN,
  ECANCELED,
  EINTR,
  ENOBUFS,
} from './abi.ts';
import { addressOf } from './memory.ts';
import type { Operations } from './operations.ts';
import type { SendBatch } from './send-batch.ts';
import type { Slots } from './slots.ts';

const UNKNOWN: Endpoint = { family: 0, host: '', port: 0 };

/** What a connection asks of its engine. */
export interface RingHost {
  readonly slots: Slots;
  readonly operations: Operations;
  /** Those added hear sentNow() when the kernel has consumed what was pushed. */
  readonly sends: SendBatch;
  /** Calls deliver() once the current callbacks are over. */
  queue(connection: UringConnection): void;
  close(fd: number, cancel: boolean): void;
  /** No slot is left: retry() is called when there is one. */
  starve(connection: UringConnection, inBulk: boolean): void;
  forget(connection: UringConnection): void;
  /** Closed, and nothing of it is in the kernel any more. */
  release(connection: UringConnection): void;
}

/** Slices that may wait for a receive() before the multishot receive is cancelled. */
const AHEAD_AT_MOST = 2;

/**
 * Where bytes rushed in once they do so again: a multishot receive would pile up slots by the dozen before it could
 * be cancelled.
 */
const RUSH = 16;

/** Receive states: nothing in the kernel; armed there; being cancelled. */
const UNARMED = 0;
const ARMED = 1;
const CANCELLING = 2;

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
  #receiveState = UNARMED;
  /** Slots and lengths, alternating, of what came before it was asked for. */
  #ahead: number[] | undefined;
  #peerEnded = false;
  /** More had come than the last receive took. */
  #more = false;
  /** So many single receives before the next multishot one: a slot was filled not long ago. */
  #rush = 0;
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
  /** Found and not yet told. */
  #failure: Cause | undefined;
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
    if (this.#failed) return;
    if (this.#ahead !== undefined || this.#peerEnded || this.#failure !== undefined) this.#host.queue(this);
    else if (this.#receiveState === UNARMED && !this.#starvedReceive) this.#arm();
  }

  send(buffer: Buffer, offset: number, length: number): void {
    if (this.sending) throw new Error('a send is already pending');
    if (this.closed) return;
    this.sending = true;
    if (this.#failed) return;
    if (this.#failure !== undefined) {
      this.#host.queue(this);
      return;
    }
    this.#sendLength = length;
    this.#sendLeft = length;
    const { slots } = this.#host;
    const slot = slots.slotOf(buffer);
    this.#sendSlot = slot;
    if (slot >= 0) {
      slots.pin(slot);
      this.#sendAddress = slots.addressIn(slot, buffer) + offset;
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
    this.#host.close(this.#fd, this.pending > 0);
    this.#fd = -1;
    this.#dropReceived();
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
    else if (result < 0) {
      this.#failure = causeOfCode(errorName(-result));
      this.#tell();
    } else this.handler.onConnected(this);
  }

  received(result: number, flags: number): void {
    if ((flags & CQE_MORE) === 0) this.#receiveState = UNARMED;
    if (result > 0 && (flags & CQE_BUFFER) !== 0) this.#filled(flags >>> CQE_BUFFER_SHIFT, result, flags);
    else if (!this.closed && result === 0) this.#ended();
    else if (!this.closed) this.#receiveFailed(result);
    if (this.closed) this.releaseWhenIdle();
  }

  /** From the engine's queue: what had come before it was asked for. */
  deliver(): void {
    if (this.closed || this.#failed) return;
    const ahead = this.#ahead;
    if (this.#failure !== undefined && (this.sending || (this.receiving && ahead === undefined)))
      this.#tell();
    else if (!this.receiving) return;
    else if (ahead !== undefined) {
      const slot = ahead.shift() as number;
      const length = ahead.shift() as number;
      if (ahead.length === 0) this.#ahead = undefined;
      this.#hand(slot, this.#host.slots.bufferOf(slot), length);
    } else if (this.#peerEnded) {
      this.receiving = false;
      this.handler.onEnd(this);
    }
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
    if (this.receiving && this.#receiveState === UNARMED) this.#arm();
  }

  releaseWhenIdle(): void {
    if (this.pending === 0 && this.#sendState === IDLE) this.#host.release(this);
  }

  // ── receiving ──

  #arm(): void {
    this.#receiveState = ARMED;
    this.#host.operations.receive(this, this.#rush > 0 ? (this.#more ? 'now' : 'later') : 'multishot');
  }

  #filled(slot: number, length: number, flags: number): void {
    const { slots } = this.#host;
    const buffer = slots.claim(slot);
    if (this.closed) {
      slots.unpin(slot);
      return;
    }
    this.bytesIn += length;
    this.#more = (flags & CQE_SOCK_NONEMPTY) !== 0;
    if (this.#more || length === slots.sizeOf(slot)) this.#rush = RUSH;
    else if (this.#rush > 0) this.#rush--;
    if (this.receiving && this.#ahead === undefined) this.#hand(slot, buffer, length);
    else (this.#ahead ??= []).push(slot, length);
    const ahead = this.#ahead === undefined ? 0 : this.#ahead.length >>> 1;
    if (this.#receiveState === ARMED && (ahead >= AHEAD_AT_MOST || (this.#rush > 0 && !this.closed)))
      this.#cancelReceive();
  }

  #cancelReceive(): void {
    this.#receiveState = CANCELLING;
    this.#host.operations.cancelReceive(this);
  }

  #hand(slot: number, buffer: Buffer, length: number): void {
    this.receiving = false;
    this.#held = slot;
    this.handler.onReceived(this, buffer, 0, length);
  }

  #ended(): void {
    this.#peerEnded = true;
    if (this.receiving) this.deliver();
  }

  #receiveFailed(result: number): void {
    if (result === -ENOBUFS) {
      this.#starvedReceive = true;
      this.#host.starve(this, this.#rush > 0);
    } else if (result === -ECANCELED || result === -EINTR || result === -EAGAIN) {
      if (this.receiving && this.#ahead === undefined) this.#arm();
    } else this.#fail(result);
  }

  #dropReceived(): void {
    const { slots } = this.#host;
    if (this.#held >= 0) slots.unpin(this.#held);
    this.#held = -1;
    for (let i = 0; this.#ahead !== undefined && i < this.#ahead.length; i += 2)
      slots.unpin(this.#ahead[i] as number);
    this.#ahead = undefined;
  }

  // ── sending ──

  #sendNow(): void {
    this.#sendState = NOW;
    const { operations, sends } = this.#host;
    if (this.#sendLeft > 0) operations.sendNow(this, this.#sendAddress, this.#sendLeft);
    sends.add(this);
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
      this.#host.starve(this, false);
      return;
    }
    const length = Math.min(this.#sendLeft, slots.size);
    buffer.copy(slots.bufferOf(slot), 0, this.#sendOffset, this.#sendOffset + length);
    this.#copySlot = slot;
    this.#pushWaiting(slots.addressOf(slot), length);
  }

  #pushWaiting(address: number, length: number): void {
    this.#sendState = WAITING;
    this.#host.operations.send(this, address, length);
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

  /** Told at once to whoever waits, else to the next receive or send. */
  #fail(result: number): void {
    if (this.#failed || this.#failure !== undefined) return;
    this.#failure = causeOfCode(errorName(-result));
    if (this.sending || (this.receiving && this.#ahead === undefined)) this.#tell();
  }

  #tell(): void {
    this.#failed = true;
    this.receiving = false;
    this.sending = false;
    this.handler.onFailed(this, this.#failure as Cause);
  }
}

const nameBytes = Buffer.alloc(ADDRESS_SIZE);

function endpointBy(ask: (fd: number, into: Buffer) => number, fd: number): Endpoint | undefined {
  const length = fd < 0 ? -1 : ask(fd, nameBytes);
  return length < 0 ? undefined : decodeAddress(nameBytes, length);
}
