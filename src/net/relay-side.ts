/**
 * One side of a relay (relay.ts): what it receives the other side sends, and it is armed again when that send has
 * completed. What has come and cannot be sent yet waits here: the server spoke before a gate let it pass, a throttle
 * holds it back, a receive was armed already.
 *
 *   onReceived ─▶ (gate) ─▶ other: (throttles) ─▶ send ─▶ onSent ─▶ arm
 */
import { mayEndAhead } from './end-ahead.ts';
import type { Cause } from '../base/failure.ts';
import { END, MORE, type Connection, type ConnectionHandler } from './connection.ts';
import type { Throttle } from './throttle.ts';
import { Timer, type TimerWheel } from './timer-wheel.ts';

export interface Slice {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly length: number;
}

/** What a gate holds back. It may put other bytes in their place. */
export interface Held {
  bytes: Buffer;
}

/** Looks at what the server sends before any of it passes (`tcp-response content`). */
export interface RelayGate {
  /** `ended`: nothing follows. True: all passes from now on. False: more is wanted, or the relay was stopped. */
  look(held: Held, ended: boolean): boolean;
}

/** Changes what a side has sent on its way to the other. */
export interface RelayFilter {
  /** What goes on; `ended`: nothing follows. Undefined: it has failed, and the relay was stopped. */
  take(bytes: Buffer, ended: boolean): Buffer | undefined;
  /** Nothing is held back any more, and nothing follows. */
  readonly done: boolean;
  /** So much is held back that no more is to come for now. */
  readonly isFull: boolean;
}

export type ThrottlesOf = () => readonly Throttle[];

const NOTHING = Buffer.alloc(0);
const NO_THROTTLES: readonly Throttle[] = [];

/** Both sides together: when is the relay over? */
interface RelayOwner {
  /** FIN has come from this side, or the last byte of the other has been sent to it. */
  sideEnded(): void;
  sideFailed(side: RelaySide, cause: Cause): void;
  sideTimedOut(side: RelaySide): void;
}

/** When a silent side is given up; milliseconds, 0: never. */
interface SideTimeouts {
  readonly timeoutMs: number;
  /** Once one direction is shut. */
  readonly finMs: number;
  /** Shut by this side's own FIN, too: the timeout of tunnels is over then. */
  readonly finOnEnd: boolean;
  /** What is sent to this side counts as its activity. */
  readonly sendingCounts: boolean;
}

export class RelaySide implements ConnectionHandler {
  readonly name: 'client' | 'server';
  readonly connection: Connection;
  readonly timer: Timer;
  other: RelaySide;
  /** Until it has let the first bytes of this side pass. */
  gate: RelayGate | undefined;
  /** Of what this side sends. */
  filter: RelayFilter | undefined;
  throttlesOf: ThrottlesOf | undefined;
  throttles: readonly Throttle[] = NO_THROTTLES;
  readonly #held: Held = { bytes: NOTHING };
  /** Bytes of the other side sent here. */
  passed = 0;
  /** FIN has come from this side, and nothing of it is held back. */
  ended = false;
  #hasEnded = false;
  /** It was silent for too long: nothing of it is wanted any more. */
  #givenUp = false;
  readonly #relay: RelayOwner;
  readonly #wheel: TimerWheel;
  readonly #finMs: number;
  readonly #finOnEnd: boolean;
  readonly #sendingCounts: boolean;
  #timeoutMs: number;
  /** Bytes of the other side that came before they could be sent: handed in, or a receive was armed already. */
  #waiting: Slice | undefined;
  #underSend = 0;
  #shut = false;

  constructor(
    relay: RelayOwner,
    name: 'client' | 'server',
    wheel: TimerWheel,
    connection: Connection,
    { timeoutMs, finMs, finOnEnd, sendingCounts }: SideTimeouts,
  ) {
    this.#relay = relay;
    this.name = name;
    this.#wheel = wheel;
    this.connection = connection;
    this.#timeoutMs = timeoutMs;
    this.#finMs = finMs;
    this.#finOnEnd = finOnEnd;
    this.#sendingCounts = sendingCounts;
    this.other = this;
    this.timer = new Timer(() => this.#expired());
  }

  join(other: RelaySide, initial: Slice | undefined): void {
    this.other = other;
    this.#waiting = initial;
    this.connection.handler = this;
  }

  /** Sends what had been received from the other side before, then arms it. */
  start(): void {
    if (!this.#sendWaiting()) this.other.arm();
  }

  #sendWaiting(): boolean {
    const waiting = this.#waiting;
    if (waiting === undefined || waiting.length === 0) return false;
    this.#waiting = undefined;
    this.#send(waiting.buffer, waiting.offset, waiting.length);
    return true;
  }

  arm(): void {
    const { connection } = this;
    if (this.filter?.isFull === true) return;
    if (!this.#hasEnded && !connection.closed && !connection.receiving) connection.receive();
  }

  touch(): void {
    this.#wheel.set(this.timer, this.#timeoutMs);
  }

  /** Something is expected of this peer: bytes, or taking those we send. */
  get awaited(): boolean {
    return (this.connection.receiving && !this.#givenUp) || this.connection.sending;
  }

  onReceived(_connection: Connection, buffer: Buffer, offset: number, length: number): void {
    if (this.#givenUp) return;
    this.touch();
    if (this.gate === undefined) return this.#pass(buffer, offset, length);
    this.#held.bytes = Buffer.concat([this.#held.bytes, buffer.subarray(offset, offset + length)]);
    if (!this.lookAtHeld(false)) this.arm();
  }

  /** True: nothing is held any more. */
  lookAtHeld(ended: boolean): boolean {
    if (this.gate === undefined) return true;
    if (!this.gate.look(this.#held, ended)) return false;
    this.gate = undefined;
    const { bytes } = this.#held;
    this.#held.bytes = NOTHING;
    if (bytes.length > 0) this.#pass(bytes, 0, bytes.length);
    return true;
  }

  #pass(buffer: Buffer, offset: number, length: number): void {
    if (this.filter === undefined) return this.#sendOn(buffer, offset, length, this.connection.endsBehind);
    const bytes = this.filter.take(buffer.subarray(offset, offset + length), false);
    if (bytes !== undefined) this.letPass(bytes);
  }

  /** The filter lets these bytes go on, or waits for more. */
  letPass(bytes: Buffer): void {
    if (bytes.length > 0) this.#sendOn(bytes, 0, bytes.length, false);
    else if (!this.other.busy) this.arm();
    if (this.#hasEnded && this.filter?.done === true) this.#end();
  }

  #sendOn(buffer: Buffer, offset: number, length: number, isLast: boolean | undefined): void {
    if (this.other.busy) this.other.#wait(buffer, offset, length);
    else this.other.#send(buffer, offset, length, isLast);
  }

  /** When its time is over: it takes nothing. Where sending does not count, what is under way may have begun just now. */
  get isStuck(): boolean {
    return this.connection.sending && this.#sendingCounts;
  }

  /** Bytes of the other side are under way, or held back by a throttle. */
  get busy(): boolean {
    return this.connection.sending || this.#waiting !== undefined;
  }

  #wait(buffer: Buffer, offset: number, length: number): void {
    const before = this.#waiting;
    if (before === undefined) this.#waiting = { buffer, offset, length };
    else {
      const first = before.buffer.subarray(before.offset, before.offset + before.length);
      const whole = Buffer.concat([first, buffer.subarray(offset, offset + length)]);
      this.#waiting = { buffer: whole, offset: 0, length: whole.length };
    }
  }

  onSent(): void {
    this.passed += this.#underSend;
    if (this.#sendingCounts) this.touch();
    if (this.#sendWaiting()) return;
    if (this.other.ended) this.#shutdown();
    this.other.touchIfIdle();
    this.other.arm();
    if (this.other.ended) this.#relay.sideEnded();
  }

  /** As if its FIN had come: the other side may have the last word. */
  giveUp(): void {
    this.#givenUp = true;
    this.onEnd();
  }

  onEnd(): void {
    if (this.#hasEnded || !this.lookAtHeld(true)) return;
    this.#hasEnded = true;
    if (this.filter === undefined) return this.#end();
    const rest = this.filter.take(NOTHING, true);
    if (rest !== undefined) this.letPass(rest);
  }

  /** Everything before its FIN is on its way. */
  #end(): void {
    if (this.ended) return;
    this.ended = true;
    if (this.#finOnEnd) this.#halfClosed();
    this.other.#finish();
    this.#relay.sideEnded();
  }

  onFailed(_connection: Connection, cause: Cause): void {
    this.#relay.sideFailed(this, cause);
  }

  onConnected(): void {
    throw new Error('a relay is given connected connections');
  }

  /** Its receive was held back by the other side: its time starts now. */
  touchIfIdle(): void {
    if (!this.awaited) this.touch();
  }

  #send(buffer: Buffer, offset: number, length: number, isLast?: boolean): void {
    if (this.throttlesOf !== undefined) this.#findThrottles(this.throttlesOf);
    const allowed = this.throttles.length === 0 ? length : this.#allowed(length);
    if (allowed < length) this.#waiting = { buffer, offset: offset + allowed, length: length - allowed };
    if (allowed === 0) return;
    this.#underSend = allowed;
    const ends = isLast === true && allowed === length && mayEndAhead();
    this.connection.send(buffer, offset, allowed, ends ? END : MORE);
  }

  #findThrottles(find: ThrottlesOf): void {
    this.throttlesOf = undefined;
    this.throttles = find();
  }

  /** As much as every throttle lets through; else `#send` is tried again later. */
  #allowed(length: number): number {
    let allowed = length;
    for (const throttle of this.throttles) {
      allowed = throttle.allow(allowed);
      if (allowed > 0) continue;
      throttle.wait(() => this.#sendWaiting());
      return 0;
    }
    for (const throttle of this.throttles) throttle.passed(allowed);
    return allowed;
  }

  /** Time that has passed already counts where the other side was given up. */
  #finish(): void {
    this.#shutdown();
    if (!this.other.#givenUp || this.#finMs > 0) this.#halfClosed();
  }

  /** Not before all that came has been sent. */
  #shutdown(): void {
    if (this.#waiting === undefined && !this.#shut) {
      this.#shut = true;
      this.connection.shutdown();
    }
  }

  #halfClosed(): void {
    if (this.#finMs > 0) this.#timeoutMs = this.#finMs;
    this.touch();
  }

  /** Not this side's fault while it is held back by the other. */
  #expired(): void {
    if (this.awaited) this.#relay.sideTimedOut(this);
    else this.touch();
  }
}
