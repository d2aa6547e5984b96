/**
 * A TCP connection on the ring. What may be under way for it in the kernel, and how it ends:
 *
 *   receive   OP_RECV, multishot after the first: it stays armed in the kernel, which picks a slot each time bytes come.
 *             Bytes that come before the next receive() wait in `#ahead`. When they pile up, or come in bulk, it
 *             is cancelled: until the rush is over they are read by a call, into memory that is in the caches, when a poll
 *             has said that they are there.
 *   send      sending-half.ts
 *   connect   one OP_CONNECT.
 *   move      transfer.ts, in the place of a receive here and a send on the other connection
 *
 * close() cancels what is under way; the connection's number is used again when all of it has ended (`pending`).
 */
import type { Cause } from '../../../base/failure.ts';
import { causeOfCode, errorName } from '../../cause.ts';
import type { Connection, HandedOver, MoveSink } from '../../connection.ts';
import { abortOnClose } from '../../socket-options.ts';
import { sparePort } from '../../spare-port.ts';
import { receiveAt } from '../../system-calls.ts';
import { HEADROOM, type HotBuffer } from '../hot-buffers.ts';
import {
  CQE_BUFFER,
  CQE_BUFFER_SHIFT,
  CQE_MORE,
  CQE_SOCK_NONEMPTY,
  EAGAIN,
  ECANCELED,
  ECONNRESET,
  EINTR,
  ENOBUFS,
  EPIPE,
} from './abi.ts';
import { RECEIVE, type ReceiveKind } from './operations.ts';
import type { Watched } from './reset-watch.ts';
import { SendingHalf } from './sending-half.ts';
import type { Transfer, TransferEnd } from './transfer.ts';

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

export class UringConnection extends SendingHalf implements Watched, TransferEnd {
  bytesIn = 0;
  sparesPort = false;
  /** The slice the handler has: a slot, or memory that was read into by a call. */
  #held = -1;
  #heldHot: HotBuffer | undefined;
  #readsAtOnce = false;
  #receiveState = UNARMED;
  /** Slots and lengths, alternating, of what came before it was asked for. */
  #ahead: number[] | undefined;
  #peerEnded = false;
  /** A send has failed, which is told behind what the peer has said before it went. */
  #sendFailure: Cause | undefined;
  /** Its completion is there, behind others. */
  #endIsNear = false;
  /** More had come than the last receive took. */
  #more = false;
  /** So many reads before the next multishot receive: a slot was filled not long ago. */
  #rush = 0;
  /** Bytes move from here, or to here, without passing through. */
  #transfer: Transfer | undefined;
  watched = false;

  get headroom(): number {
    return HEADROOM;
  }

  get endsBehind(): boolean {
    return this.#endIsNear && this.#ahead === undefined && (this.#peerEnded || this.host.endsNext(this));
  }

  receive(inBody = false): void {
    if (this.receiving) throw new Error('a receive is already pending');
    if (this.closed) return;
    this.receiving = true;
    this.#dropHeld();
    if (this.failed) return;
    if (this.#ahead !== undefined || this.#peerEnded || this.failure !== undefined) this.host.queue(this);
    else if (this.#receiveState === UNARMED) this.#beginReceive(inBody);
  }

  /** A call is made behind all that has come: who receives again and again would keep others waiting. */
  #beginReceive(inBody: boolean): void {
    this.#readsAtOnce = this.#more && (this.#rush > 0 || inBody);
    if (this.#readsAtOnce) this.host.queue(this);
    else this.#arm(inBody);
  }

  /** Only where bytes have rushed in: no multishot receive is armed then, which would take some of them. */
  moveTo(target: Connection, length: number, sink: MoveSink): boolean {
    if (!(target instanceof UringConnection) || !this.#mayGive() || !target.#mayTake()) return false;
    const transfer = this.host.transfers.begin(this, target, length, sink);
    if (transfer === undefined) return false;
    this.#dropHeld();
    this.receiving = target.sending = true;
    this.#transfer = target.#transfer = transfer;
    transfer.run();
    return true;
  }

  #mayGive(): boolean {
    const isQuiet = !this.closed && !this.receiving && !this.#peerEnded && this.failure === undefined;
    return (
      isQuiet && this.#receiveState === UNARMED && this.#ahead === undefined && this.#transfer === undefined
    );
  }

  #mayTake(): boolean {
    return (
      !this.closed &&
      !this.sending &&
      !this.owes() &&
      this.failure === undefined &&
      this.#transfer === undefined
    );
  }

  givesNoMore(result: number): void {
    this.#transfer = undefined;
    if (result < 0) this.fail(result);
    else this.receiving = false;
  }

  takesNoMore(result: number): void {
    this.#transfer = undefined;
    if (result < 0) this.failSending(result);
    else this.sendingOver();
  }

  close(): void {
    if (this.closed) return;
    this.#transfer?.stop();
    if (this.sparesPort && !this.#peerEnded) sparePort(this.fd);
    this.handOverSend();
    this.owes();
    this.#retire();
    this.#dropReceived();
    this.letGo();
  }

  /** Without a multishot receive nothing can have come that was not asked for. */
  handOver(): HandedOver {
    const { fd } = this;
    if (this.pending > 0 || this.sending || this.owes())
      throw new Error('something is pending on the connection');
    this.#retire();
    this.fd = -1;
    this.host.forget(this);
    this.#dropReceived();
    this.releaseWhenIdle();
    return { fd, ahead: undefined };
  }

  #retire(): void {
    this.closed = true;
    this.receiving = false;
    this.sending = false;
    if (this.pending > 0) this.#cancelPending();
  }

  reset(): void {
    if (this.closed) return;
    abortOnClose(this.fd);
    this.giveUpTold();
    this.close();
  }

  // ── what the engine tells ──

  endIsNear(): void {
    this.#endIsNear = true;
  }

  connected(result: number): void {
    if (this.closed) this.releaseWhenIdle();
    else if (result < 0) {
      this.failure = causeOfCode(errorName(-result));
      this.#tell();
    } else this.handler.onConnected(this);
  }

  received(result: number, flags: number): void {
    this.heardFrom();
    if ((flags & CQE_MORE) === 0) this.#receiveState = UNARMED;
    if (result > 0 && (flags & CQE_BUFFER) !== 0) this.#filled(flags >>> CQE_BUFFER_SHIFT, result, flags);
    else if (result > 0) this.#polled();
    else if (!this.closed && result === 0) this.#ended();
    else if (!this.closed) this.#receiveFailed(result);
    if (this.closed) this.releaseWhenIdle();
  }

  /** From the engine's queue: what had come before it was asked for. */
  deliver(): void {
    if (this.closed || this.failed) return;
    const ahead = this.#ahead;
    if (this.failure !== undefined && (this.sending || (this.receiving && ahead === undefined))) this.#tell();
    else if (!this.receiving) return;
    else if (ahead !== undefined) {
      const slot = ahead.shift() as number;
      const length = ahead.shift() as number;
      if (ahead.length === 0) this.#ahead = undefined;
      this.#hand(slot, this.host.slots.bufferOf(slot), length);
    } else if (this.#peerEnded) this.#end();
    else if (this.#readsAtOnce) this.#readAtOnce();
  }

  #polled(): void {
    if (this.receiving && !this.closed) this.#readAtOnce();
  }

  #follow(rushes: boolean): void {
    if (rushes) this.#rush = RUSH;
    else if (this.#rush > 0) this.#rush--;
  }

  #readAtOnce(): void {
    this.#readsAtOnce = false;
    const { hot } = this.host;
    const buffer = hot.take(true);
    const length = receiveAt(this.fd, buffer.address, buffer.size);
    if (length <= 0) {
      hot.give(buffer);
      return this.#readNothing(length);
    }
    this.bytesIn += length;
    this.#more = length === buffer.size;
    this.#follow(length > this.host.slots.size);
    this.receiving = false;
    this.#heldHot = buffer;
    this.handler.onReceived(this, buffer.bytes, HEADROOM, length);
  }

  #readNothing(result: number): void {
    this.#more = false;
    if (result === 0) this.#ended();
    else this.#receiveFailed(result);
  }

  /** A receive that is armed anew tells it. */
  errorFound(): void {
    if (this.#receiveState === ARMED) this.#cancelReceive();
  }

  // ── receiving ──

  #arm(byPoll: boolean): void {
    this.#receiveState = ARMED;
    this.host.operations.receive(this, this.#receiveKind(byPoll));
  }

  /** The first bytes tell whether more rush in behind them: a multishot receive would have taken those as well. */
  #receiveKind(byPoll: boolean): ReceiveKind {
    if (this.#rush > 0 || byPoll) return 'poll';
    return this.bytesIn === 0 ? 'once' : 'multishot';
  }

  #filled(slot: number, length: number, flags: number): void {
    const { slots } = this.host;
    const buffer = slots.claim(slot);
    if (this.closed) {
      slots.unpin(slot);
      return;
    }
    this.bytesIn += length;
    this.#more = (flags & CQE_SOCK_NONEMPTY) !== 0;
    this.#follow(this.#more || length === slots.size);
    if (this.receiving && this.#ahead === undefined) this.#hand(slot, buffer, length);
    else (this.#ahead ??= []).push(slot, length);
    const ahead = this.#ahead === undefined ? 0 : this.#ahead.length >>> 1;
    if (this.#receiveState !== ARMED) return;
    if (ahead >= AHEAD_AT_MOST || (this.#rush > 0 && !this.closed)) this.#cancelReceive();
    else if (!this.watched && !this.closed) this.host.resets.add(this);
  }

  #cancelPending(): void {
    const { operations } = this.host;
    // what was told as sent goes on
    const isAlone = this.pending === 1 && this.#receiveState !== UNARMED;
    if (!isAlone && !this.told) operations.cancelAll(this);
    else if (this.#receiveState === ARMED) operations.cancel(this, RECEIVE);
  }

  #cancelReceive(): void {
    this.#receiveState = CANCELLING;
    this.host.operations.cancel(this, RECEIVE);
  }

  #hand(slot: number, buffer: Buffer, length: number): void {
    this.receiving = false;
    this.#held = slot;
    this.handler.onReceived(this, buffer, HEADROOM, length);
  }

  #ended(): void {
    this.#peerEnded = true;
    if (this.receiving) this.deliver();
  }

  #end(): void {
    if (this.#sendFailure !== undefined) return this.#failFor(this.#sendFailure);
    this.receiving = false;
    this.handler.onEnd(this);
  }

  #receiveFailed(result: number): void {
    if (result === -ENOBUFS) this.#foundNoSlot();
    else if (result === -ECANCELED || result === -EINTR || result === -EAGAIN) this.#armAgain(false);
    else this.fail(result);
  }

  /** More are offered when the kernel is entered; where all are in use, a call reads into other memory. */
  #foundNoSlot(): void {
    const { group } = this.host.slots;
    group.starved();
    this.#armAgain(!group.available);
  }

  /** What has come before is handed over first. */
  #armAgain(byPoll: boolean): void {
    if (this.receiving && this.#ahead === undefined) this.#arm(byPoll);
  }

  #dropReceived(): void {
    const { slots } = this.host;
    this.#dropHeld();
    for (let i = 0; this.#ahead !== undefined && i < this.#ahead.length; i += 2)
      slots.unpin(this.#ahead[i] as number);
    this.#ahead = undefined;
  }

  #dropHeld(): void {
    if (this.#heldHot !== undefined) this.#dropHot(this.#heldHot);
    if (this.#held < 0) return;
    this.host.slots.unpin(this.#held);
    this.#held = -1;
  }

  /** When this is closed, another connection may be sending from it. */
  #dropHot(buffer: HotBuffer): void {
    if (this.closed) this.host.hot.drop(buffer);
    else this.host.hot.give(buffer);
    this.#heldHot = undefined;
  }

  /** A server that refuses an upload may answer first, and go without reading the rest. */
  protected failSending(result: number): void {
    const isGone = result === -EPIPE || result === -ECONNRESET;
    if (!isGone || !this.receiving) return this.fail(result);
    this.#sendFailure = causeOfCode(errorName(-result));
    // the send has taken the error that a receive in the kernel waits for
    if (this.#receiveState === ARMED) this.#cancelReceive();
  }

  protected fail(result: number): void {
    this.#failFor(causeOfCode(errorName(-result)));
  }

  #failFor(cause: Cause): void {
    if (this.failed || this.failure !== undefined) return;
    this.failure = cause;
    if (this.sending || (this.receiving && this.#ahead === undefined)) this.#tell();
  }

  #tell(): void {
    this.failed = true;
    this.receiving = false;
    this.sending = false;
    this.handler.onFailed(this, this.failure as Cause);
  }
}
