/**
 * Passes bytes between a client's and a server's connection, both ways, until both have ended: for mode tcp,
 * CONNECT and upgrades. The slice that one side received is what the other side sends, and the side is armed
 * again when that send has completed: back-pressure needs no bookkeeping.
 *
 *   client ──receive──▶ slice ──send──▶ server          FIN   is passed on as FIN, the other direction goes on
 *   client ◀──send───── slice ◀──receive── server        RST   is passed on as RST, and ends both
 *
 * Each side has one inactivity timer (manual: timeout client, server, tunnel, client-fin, server-fin). It is the
 * only code here that a slow peer meets: nothing else waits. When onFinished is called, both are closed.
 */
import type { Cause } from '../base/failure.ts';
import type { Connection, ConnectionHandler } from './connection.ts';
import type { Throttle } from './throttle.ts';
import { TICK_MS, Timer, type TimerWheel } from './timer-wheel.ts';

/** Milliseconds; 0: none. */
export interface RelayTimeouts {
  readonly client: number;
  readonly server: number;
  /** Takes the place of both when set. */
  readonly tunnel: number;
  /** For a side whose one direction is shut. */
  readonly clientFin: number;
  readonly serverFin: number;
}

export interface Slice {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly length: number;
}

/** Looks at what the server sends before any of it passes (`tcp-response content`). */
export interface RelayGate {
  /** `ended`: nothing follows. True: all passes from now on. False: more is wanted, or the relay was stopped. */
  look(held: Slice, ended: boolean): boolean;
}

type ThrottlesOf = () => readonly Throttle[];

export interface RelayOptions {
  /** Bytes already received, sent on first. They stay untouched until they are sent. */
  readonly fromClient?: Slice | undefined;
  readonly fromServer?: Slice | undefined;
  /** option independent-streams: what is sent to a side does not count as its activity. */
  readonly independentStreams?: { readonly client: boolean; readonly server: boolean };
  readonly gate?: RelayGate | undefined;
  /** Limits of what is sent to a side: asked for when the first bytes are to be sent. */
  readonly toClient?: ThrottlesOf;
  readonly toServer?: ThrottlesOf;
}

export interface RelayResult {
  /** Passed on by the relay, what was handed in as received included. */
  readonly bytesFromClient: number;
  readonly bytesFromServer: number;
  /** Who ended it before both had sent FIN, and how. */
  readonly failure?: { readonly side: 'client' | 'server'; readonly cause: Cause };
}

export class Relay {
  readonly #wheel: TimerWheel;
  readonly #client: RelaySide;
  readonly #server: RelaySide;
  readonly #onFinished: (result: RelayResult) => void;
  #over = false;

  constructor(
    wheel: TimerWheel,
    client: Connection,
    server: Connection,
    timeouts: RelayTimeouts,
    onFinished: (result: RelayResult) => void,
    options: RelayOptions = {},
  ) {
    this.#wheel = wheel;
    this.#onFinished = onFinished;
    const { client: clientMs, server: serverMs, tunnel, clientFin, serverFin } = timeouts;
    const { independentStreams } = options;
    const finOnEnd = tunnel > 0;
    this.#client = new RelaySide(
      this,
      'client',
      wheel,
      client,
      tunnel || clientMs,
      clientFin,
      finOnEnd,
      independentStreams?.client !== true,
    );
    this.#server = new RelaySide(
      this,
      'server',
      wheel,
      server,
      tunnel || serverMs,
      serverFin,
      finOnEnd,
      independentStreams?.server !== true,
    );
    this.#client.join(this.#server, options.fromServer);
    this.#server.join(this.#client, options.fromClient);
    this.#server.gate = options.gate;
    this.#client.throttlesOf = options.toClient;
    this.#server.throttlesOf = options.toServer;
  }

  /** Takes both connections' handlers; neither may have a send pending. */
  start(): void {
    this.#client.touch();
    this.#server.touch();
    this.#client.start();
    if (!this.#over) this.#server.start();
  }

  /** The gate has changed its mind: asks it again. */
  lookAgain(): void {
    if (!this.#over) this.#server.lookAtHeld(false);
  }

  get bytesFromClient(): number {
    return this.#server.passed;
  }

  get bytesFromServer(): number {
    return this.#client.passed;
  }

  /** Ends it from outside (shutdown session): both are closed, onFinished is not called. */
  stop(): void {
    this.#over = true;
    this.#wheel.remove(this.#client.timer);
    this.#wheel.remove(this.#server.timer);
    for (const throttle of [...this.#client.throttles, ...this.#server.throttles]) throttle.stop();
    this.#client.connection.close();
    this.#server.connection.close();
  }

  /** Both have sent FIN, and everything before it has been passed on. */
  sideEnded(): void {
    const [client, server] = [this.#client, this.#server];
    const sending = client.busy || server.busy;
    if (client.ended && server.ended && !sending) this.#finish(undefined);
  }

  sideFailed(side: RelaySide, cause: Cause): void {
    if (this.#over) return;
    side.other.connection.reset();
    this.#finish({ side: side.name, cause });
  }

  /** Where both were silent, the client is named, as HAProxy looks at it first. */
  sideTimedOut(side: RelaySide): void {
    if (this.#over) return;
    const client = this.#client;
    const both = side !== client && client.awaited && client.timer.deadline !== 0;
    const late = both && client.timer.deadline <= this.#wheel.now + TICK_MS ? client : side;
    if (late.connection.sending) late.connection.reset();
    this.#finish({ side: late.name, cause: 'timeout' });
  }

  #finish(failure: RelayResult['failure']): void {
    if (this.#over) return;
    this.stop();
    const { bytesFromClient, bytesFromServer } = this;
    this.#onFinished({ bytesFromClient, bytesFromServer, ...(failure && { failure }) });
  }
}

const NOTHING = Buffer.alloc(0);
const NO_THROTTLES: readonly Throttle[] = [];

class RelaySide implements ConnectionHandler {
  readonly name: 'client' | 'server';
  readonly connection: Connection;
  readonly timer: Timer;
  other: RelaySide;
  /** Until it has let the first bytes of this side pass. */
  gate: RelayGate | undefined;
  throttlesOf: ThrottlesOf | undefined;
  throttles: readonly Throttle[] = NO_THROTTLES;
  #held: Buffer = NOTHING;
  /** Bytes of the other side sent here. */
  passed = 0;
  /** FIN has come from this side. */
  ended = false;
  readonly #relay: Relay;
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
    relay: Relay,
    name: 'client' | 'server',
    wheel: TimerWheel,
    connection: Connection,
    timeoutMs: number,
    finMs: number,
    finOnEnd: boolean,
    sendingCounts: boolean,
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
    if (!this.ended && !connection.closed && !connection.receiving) connection.receive();
  }

  touch(): void {
    this.#wheel.set(this.timer, this.#timeoutMs);
  }

  /** Something is expected of this peer: bytes, or taking those we send. */
  get awaited(): boolean {
    return this.connection.receiving || this.connection.sending;
  }

  onReceived(_connection: Connection, buffer: Buffer, offset: number, length: number): void {
    this.touch();
    if (this.gate === undefined) return this.#pass(buffer, offset, length);
    this.#held = Buffer.concat([this.#held, buffer.subarray(offset, offset + length)]);
    if (!this.lookAtHeld(false)) this.arm();
  }

  /** True: nothing is held any more. */
  lookAtHeld(ended: boolean): boolean {
    const held = this.#held;
    if (this.gate === undefined) return true;
    if (!this.gate.look({ buffer: held, offset: 0, length: held.length }, ended)) return false;
    this.gate = undefined;
    this.#held = NOTHING;
    if (held.length > 0) this.#pass(held, 0, held.length);
    return true;
  }

  #pass(buffer: Buffer, offset: number, length: number): void {
    if (this.other.busy) this.other.#wait(buffer, offset, length);
    else this.other.#send(buffer, offset, length);
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

  onEnd(): void {
    if (!this.lookAtHeld(true)) return;
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

  #send(buffer: Buffer, offset: number, length: number): void {
    if (this.throttlesOf !== undefined) this.#findThrottles(this.throttlesOf);
    const allowed = this.throttles.length === 0 ? length : this.#allowed(length);
    if (allowed < length) this.#waiting = { buffer, offset: offset + allowed, length: length - allowed };
    if (allowed === 0) return;
    this.#underSend = allowed;
    this.connection.send(buffer, offset, allowed);
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

  #finish(): void {
    this.#shutdown();
    this.#halfClosed();
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
