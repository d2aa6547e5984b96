/**
 * The sending half of a connection on the ring (connection.ts is the whole). One send is under way at most:
 *
 *   IDLE ──send()──▶ NOW ──all taken: no completion, the entry has been consumed──────────▶ onSent
 *                     └──a completion says how much was taken──▶ WAITING ──all taken────────▶ onSent
 *                                    no slot to copy the rest to: STARVED ──▲
 *
 *   send now  OP_SEND that never waits. Memory of the collector is only ever referred to by it: it is over when
 *             enter() returns.
 *   send last a call of its own, with FIN (connection.ts). What it does not take is sent as above.
 *   send      waits in the kernel until everything is taken. Its bytes lie in a slot.
 */
import type { Cause } from '../../../base/failure.ts';
import type { Connection, ConnectionHandler, Endpoint } from '../../connection.ts';
import { sendAt, sendWithEnd, shutdownSending } from '../../system-calls.ts';
import type { HotBuffers } from '../hot-buffers.ts';
import { EAGAIN, EINTR } from './abi.ts';
import { addressOf } from '../../memory-address.ts';
import type { ConnectionPlace, Operations } from './operations.ts';
import type { ResetWatch } from './reset-watch.ts';
import type { SendBatch, Sender } from './send-batch.ts';
import type { Slots } from './slots.ts';
import type { Transfers } from './transfers.ts';

/** What a connection asks of its engine. */
export interface RingHost {
  readonly slots: Slots;
  /** For what is read by a call. */
  readonly hot: HotBuffers;
  readonly operations: Operations;
  /** Those added hear sentNow() when the kernel has consumed what was pushed. */
  readonly sends: SendBatch;
  /** For connections whose receive stays armed after bytes have come. */
  readonly resets: ResetWatch;
  readonly transfers: Transfers;
  /** Calls deliver() once the current callbacks are over. */
  queue(connection: SendingHalf): void;
  close(fd: number): void;
  /** The kernel takes what was pushed, now. */
  handOver(): void;
  /** No slot is left: retry() is called when there is one. */
  starve(connection: SendingHalf): void;
  /** Of a connection whose end has come: the next that is told of it is that. */
  endsNext(connection: SendingHalf): boolean;
  forget(connection: SendingHalf): void;
  /** Closed, and nothing of it is in the kernel any more. */
  release(connection: SendingHalf): void;
}

const IDLE = 0;
const NOW = 1;
const WAITING = 2;
const STARVED = 3;

/**
 * From here on, bytes in this thread's own memory (records of TLS, frames of HTTP/2, what was read by a call) are sent by a
 * call as well: they would have left the caches by the time the ring is entered.
 */
const HOT_BYTES = 16_384;

export abstract class SendingHalf implements Connection, ConnectionPlace, Sender {
  readonly id: number;
  /** In the engine's table, and told apart from an earlier user of that place by `serial`. */
  readonly index: number;
  readonly serial: number;
  fd: number;
  handler: ConnectionHandler;
  bytesOut = 0;
  receiving = false;
  sending = false;
  closed = false;
  /** Operations in the kernel that will complete. */
  pending = 0;
  protected readonly host: RingHost;
  /** Found and not yet told. */
  protected failure: Cause | undefined;
  protected failed = false;
  #sendState = IDLE;
  /** Of the batch's, when the entry was added. */
  #sendRound = 0;
  /** A completion of it is still to be read. */
  #fallsShort = false;
  #sendLength = 0;
  #sendLeft = 0;
  /** Pinned while its bytes are sent; -1: they are in `#sendBuffer`, memory of the collector. */
  #sendSlot = -1;
  #sendBuffer: Buffer | undefined;
  /** In the slot's arena, or in `#sendBuffer`. No address: V8 has no small integer for one, but an object. */
  #sendOffset = 0;
  /** A piece of `#sendBuffer`, copied so that the kernel may keep it. */
  #copySlot = -1;
  #shutdownWanted = false;
  /** FIN is out. */
  #hasEnded = false;
  /** What follows from a send that was done at once is not done within it. */
  #isAtOnce = false;

  constructor(
    host: RingHost,
    id: number,
    index: number,
    serial: number,
    fd: number,
    handler: ConnectionHandler,
  ) {
    this.host = host;
    this.id = id;
    this.index = index;
    this.serial = serial;
    this.fd = fd;
    this.handler = handler;
  }

  /** An error number of the kernel's: told at once to whoever waits, else to the next receive or send. */
  protected abstract fail(result: number): void;
  abstract bytesIn: number;
  abstract remote: Endpoint;
  abstract local: Endpoint;
  abstract receive(inBody?: boolean): void;
  abstract close(): void;
  abstract reset(): void;
  abstract deliver(): void;
  abstract retry(): void;

  send(buffer: Buffer, offset: number, length: number, isLast = false): void {
    if (this.sending) throw new Error('a send is already pending');
    if (this.closed) return;
    this.sending = true;
    if (this.failed) return;
    if (this.failure !== undefined) {
      this.host.queue(this);
      return;
    }
    this.#sendLength = length;
    this.#sendLeft = length;
    const { slots } = this.host;
    const slot = slots.slotOf(buffer);
    this.#sendSlot = slot;
    if (slot >= 0) {
      slots.pin(slot);
      this.#sendOffset = slots.placeIn(slot, buffer) + offset;
    } else {
      this.#sendBuffer = buffer;
      this.#sendOffset = offset;
    }
    if (isLast) this.#sendLast();
    else this.#sendNow();
  }

  shutdown(): void {
    if (this.closed || this.failed || this.#hasEnded) return;
    if (this.sending) this.#shutdownWanted = true;
    else shutdownSending(this.fd);
  }

  releaseWhenIdle(): void {
    if (this.pending === 0 && this.#sendState === IDLE) this.host.release(this);
  }

  // ── what the engine tells ──

  /** The entry of a "send now" has been consumed, and no completion came: all is sent. */
  sentNow(): void {
    if (this.#sendState === NOW && this.#sendRound !== this.host.sends.round) this.#sent();
  }

  /** A completion of a "send now" is behind those that are being read. */
  fallsShort(): void {
    this.#fallsShort = true;
  }

  /** The peer may have answered, and one who has an answer must not think that its request was not sent. */
  protected heardFrom(): void {
    if (!this.#fallsShort && this.host.sends.allKnown) this.sentNow();
  }

  /** A "send now" that could not send all: `result` bytes, or an error. */
  sentPart(result: number): void {
    this.#fallsShort = false;
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

  // ── its parts ──

  /** A slot has become free: for what waited for one. */
  protected retrySend(): void {
    if (this.#sendState !== STARVED) return;
    this.#sendState = IDLE;
    this.#sendWaiting();
  }

  /** Before a close: whoever has lent the bytes of a "send now" may write to their memory behind it. */
  protected handOverSend(): void {
    const isPushed = this.#sendState === NOW && this.#sendRound === this.host.sends.round;
    if (isPushed && this.#sendBuffer !== undefined && this.#sendLeft > 0) this.host.handOver();
  }

  /** Nothing of it is in the kernel: there will be no completion to end it. */
  protected dropStarvedSend(): void {
    if (this.#sendState === STARVED) this.#endSend();
  }

  #sendNow(): void {
    if (this.#sendSlot < 0 && this.#sendLeft >= HOT_BYTES && !this.#isAtOnce) this.#sendAtOnce();
    else this.#sendByRing();
  }

  #sendAtOnce(): void {
    const taken = sendAt(this.fd, this.#address(), this.#sendLeft);
    // by the ring it is told behind this call
    if (taken < 0 && taken !== -EAGAIN) return this.#sendByRing();
    this.#advance(Math.max(taken, 0));
    this.#isAtOnce = true;
    this.#sendWaiting();
    this.#isAtOnce = false;
  }

  #sendLast(): void {
    const taken = sendWithEnd(this.fd, this.#address(), this.#sendLeft);
    this.#hasEnded = taken === this.#sendLeft;
    this.#advance(Math.max(taken, 0));
    this.#sendByRing();
  }

  #sendByRing(): void {
    this.#sendState = NOW;
    const { operations, sends } = this.host;
    if (this.#sendLeft > 0) operations.sendNow(this, this.#address(), this.#sendLeft);
    this.#sendRound = sends.round;
    sends.add(this);
  }

  /** Of what is left to send. */
  #address(): number {
    const { slots } = this.host;
    if (this.#sendSlot >= 0) return slots.addressAt(this.#sendOffset);
    return addressOf(this.#sendBuffer as Buffer) + this.#sendOffset;
  }

  #advance(length: number): void {
    this.#sendLeft -= length;
    this.#sendOffset += length;
  }

  #sendWaiting(): void {
    if (this.#sendLeft === 0) this.#sent();
    else if (this.#sendSlot >= 0) this.#pushWaiting(this.#address(), this.#sendLeft);
    else this.#copyAndSend(this.#sendBuffer as Buffer);
  }

  #copyAndSend(buffer: Buffer): void {
    const { slots } = this.host;
    const slot = slots.take();
    if (slot < 0) {
      this.#sendState = STARVED;
      this.host.starve(this);
      return;
    }
    const length = Math.min(this.#sendLeft, slots.size);
    buffer.copy(slots.bufferOf(slot), 0, this.#sendOffset, this.#sendOffset + length);
    this.#copySlot = slot;
    this.#pushWaiting(slots.addressOf(slot), length);
  }

  #pushWaiting(address: number, length: number): void {
    this.#sendState = WAITING;
    this.host.operations.send(this, address, length);
  }

  #sent(): void {
    this.#endSend();
    if (this.closed) {
      this.releaseWhenIdle();
      return;
    }
    this.bytesOut += this.#sendLength;
    this.sendingOver();
    this.handler.onSent(this);
  }

  /** Nothing is under way: a FIN that waited for that goes out. */
  protected sendingOver(): void {
    this.sending = false;
    if (!this.#shutdownWanted) return;
    this.#shutdownWanted = false;
    shutdownSending(this.fd);
  }

  #endSend(): void {
    this.#sendState = IDLE;
    this.#sendBuffer = undefined;
    this.#dropCopy();
    if (this.#sendSlot >= 0) this.host.slots.unpin(this.#sendSlot);
    this.#sendSlot = -1;
  }

  #endClosedSend(): void {
    this.#endSend();
    this.releaseWhenIdle();
  }

  #dropCopy(): void {
    if (this.#copySlot >= 0) this.host.slots.unpin(this.#copySlot);
    this.#copySlot = -1;
  }

  #sendFailed(result: number): void {
    this.#endSend();
    this.fail(result);
  }
}
