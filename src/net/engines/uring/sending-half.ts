/**
 * The sending half of a connection on the ring (connection.ts is the whole). One send is under way at most:
 *
 *   IDLE ──send()──▶ NOW ──all taken: no completion, the entry has been consumed──────────▶ onSent
 *                     └──a completion says how much was taken──▶ WAITING ──all taken────────▶ onSent
 *                            no slot to copy the rest to: POLLING ──all taken by calls────▶ onSent
 *
 *   send now  OP_SEND that never waits. Memory of the collector is only ever referred to by it: it is over when
 *             enter() returns.
 *   send last a call of its own, with FIN (connection.ts). What it does not take is sent as above.
 *   send      waits in the kernel until everything is taken. Its bytes lie in a slot.
 *   polling   its bytes stay where they are, and a call sends of them what the socket has room for, when it has some.
 *
 * A "send now" from a slot behind which nothing follows (PAUSE) is told as sent as soon as it is pushed: its exchange goes on
 * while all of it is in the caches, and is counted and logged before the peer can know of it. What comes next waits for it:
 * another send in `#behind`, FIN in `#shutdownWanted`, close() by lingering.
 */
import { END, MORE, PAUSE, type Connection, type Follows } from '../../connection.ts';
import { setUserTimeout } from '../../socket-options.ts';
import { sendAt, sendWithEnd, shutdownSending } from '../../system-calls.ts';
import { EAGAIN, EINTR } from './abi.ts';
import { addressOf } from '../../memory-address.ts';
import { ConnectionState } from './connection-state.ts';
import type { Sender } from './send-batch.ts';
import { SendBehind } from './send-behind.ts';

/** How long a peer may take nothing of what lingers. */
const LINGER_MS = 30_000;

const IDLE = 0;
const NOW = 1;
const WAITING = 2;
const POLLING = 3;

/**
 * From here on, bytes in this thread's own memory (records of TLS, frames of HTTP/2, what was read by a call) are sent by a
 * call as well: they would have left the caches by the time the ring is entered.
 */
const HOT_BYTES = 16_384;

export abstract class SendingHalf extends ConnectionState implements Connection, Sender {
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
  /** The send that is under way was told as sent. */
  protected told = false;
  /** And its slot is the batch's to unpin. */
  #slotIsLent = false;
  #behind: SendBehind | undefined;

  /** An error number of the kernel's: told at once to whoever waits, else to the next receive or send. */
  protected abstract fail(result: number): void;
  protected abstract failSending(result: number): void;
  abstract bytesIn: number;
  abstract receive(inBody?: boolean): void;
  abstract close(): void;
  abstract reset(): void;
  abstract deliver(): void;

  send(buffer: Buffer, offset: number, length: number, follows: Follows = MORE): void {
    if (this.sending) throw new Error('a send is already pending');
    if (this.closed) return;
    this.sending = true;
    if (this.failed) return;
    if (this.failure !== undefined) this.host.queue(this);
    else if (this.told && this.owes()) this.#sendBehind(buffer, offset, length, follows);
    else this.#begin(buffer, offset, length, follows);
  }

  #sendBehind(buffer: Buffer, offset: number, length: number, follows: Follows): void {
    this.#behind = new SendBehind(this.host.slots, buffer, offset, length, follows);
    this.host.sends.add(this);
  }

  /** What was told as sent may not be with the kernel yet. */
  protected owes(): boolean {
    if (this.told) this.heardFrom();
    return this.told;
  }

  #takeBehind(): SendBehind | undefined {
    const behind = this.#behind;
    this.#behind = undefined;
    behind?.letGo();
    return behind;
  }

  #begin(buffer: Buffer, offset: number, length: number, follows: Follows): void {
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
    if (follows === END) this.#sendLast();
    else if (follows === PAUSE && slot >= 0) this.#sendTold(slot);
    else this.#sendNow();
  }

  shutdown(): void {
    if (this.closed || this.failed || this.#hasEnded) return;
    const owes = this.owes();
    if (owes) this.host.sends.add(this);
    if (owes || this.sending) this.#shutdownWanted = true;
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
    this.#takeSlotBack();
    if (this.closed && !this.told) this.#endClosedSend();
    else if (result < 0 && result !== -EAGAIN && result !== -EINTR) this.#sendFailed(result);
    else {
      this.#advance(Math.max(result, 0));
      this.#sendWaiting();
    }
  }

  /** A send that was waiting in the kernel has ended. */
  sentWaiting(result: number): void {
    const hasRoom = this.#sendState === POLLING;
    this.#sendState = IDLE;
    this.#dropCopy();
    if (this.closed && !this.told) this.#endClosedSend();
    else if (result < 0 && result !== -EAGAIN && result !== -EINTR) this.#sendFailed(result);
    else if (hasRoom) this.#sendAtOnce();
    else {
      this.#advance(Math.max(result, 0));
      if (this.#sendLeft === 0) this.#sent();
      else this.#sendNow();
    }
  }

  // ── its parts ──

  /** Before a reset: nobody waits for it any more, but the connection's place is needed until its entry is consumed. */
  protected giveUpTold(): void {
    if (this.owes()) this.host.sends.add(this);
    this.told = false;
  }

  /** Before a close: whoever has lent the bytes of a "send now" may write to their memory behind it. */
  protected handOverSend(): void {
    const isPushed = this.#sendState === NOW && this.#sendRound === this.host.sends.round;
    if (isPushed && this.#sendBuffer !== undefined && this.#sendLeft > 0) this.host.handOver();
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
    this.#push();
    this.host.sends.add(this);
  }

  /** It is not heard of again, unless it falls short: the batch unpins its slot. */
  #sendTold(slot: number): void {
    this.#push();
    this.host.sends.addSlot(slot);
    this.#slotIsLent = true;
    this.told = true;
    this.#tellSent();
  }

  /** The batch unpins it behind the completions that are being read. */
  #takeSlotBack(): void {
    if (this.#slotIsLent) this.host.slots.pin(this.#sendSlot);
    this.#slotIsLent = false;
  }

  #push(): void {
    this.#sendState = NOW;
    const { operations, sends } = this.host;
    if (this.#sendLeft > 0) operations.sendNow(this, this.#address(), this.#sendLeft);
    this.#sendRound = sends.round;
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
    if (slot < 0) return this.#waitForRoom();
    const length = Math.min(this.#sendLeft, slots.size);
    buffer.copy(slots.bufferOf(slot), 0, this.#sendOffset, this.#sendOffset + length);
    this.#copySlot = slot;
    this.#pushWaiting(slots.addressOf(slot), length);
  }

  #pushWaiting(address: number, length: number): void {
    this.#sendState = WAITING;
    if (this.closed) this.#limitLinger();
    this.host.operations.send(this, address, length);
  }

  #waitForRoom(): void {
    this.#sendState = POLLING;
    if (this.closed) this.#limitLinger();
    this.host.operations.awaitRoom(this);
  }

  #sent(): void {
    this.#endSend();
    if (this.told) return this.#toldSent();
    if (this.closed) return this.releaseWhenIdle();
    this.#tellSent();
  }

  #tellSent(): void {
    this.bytesOut += this.#sendLength;
    if (this.told) this.sending = false;
    else this.sendingOver();
    this.handler.onSent(this);
  }

  /** Now it is: what waited for it goes on. */
  #toldSent(): void {
    const behind = this.#takeBehind();
    // closed: nobody waits for it, and the close comes behind it
    this.told = behind !== undefined && this.closed;
    if (behind !== undefined) this.#begin(behind.buffer, behind.offset, behind.length, behind.follows);
    else if (this.closed) this.#closeDescriptor();
    else if (!this.sending) this.sendingOver();
  }

  /** Closes it, as soon as the kernel has all that was told as sent. */
  protected letGo(): void {
    if (!this.told) return this.#closeDescriptor();
    this.host.sends.add(this);
    this.#behind?.keep();
    if (this.#sendState === WAITING) this.#limitLinger();
  }

  /** No timer runs for a closed connection: the kernel gives up. */
  #limitLinger(): void {
    setUserTimeout(this.fd, LINGER_MS);
  }

  #closeDescriptor(): void {
    const { fd } = this;
    this.fd = -1;
    this.#takeBehind();
    this.host.forget(this);
    this.host.close(fd);
    this.releaseWhenIdle();
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
    if (this.#sendSlot >= 0 && !this.#slotIsLent) this.host.slots.unpin(this.#sendSlot);
    this.#sendSlot = -1;
    this.#slotIsLent = false;
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
    this.told = false;
    this.#takeBehind();
    if (this.closed) this.#closeDescriptor();
    else this.failSending(result);
  }
}
