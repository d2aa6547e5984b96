/**
 * One HTTP/2 connection to a server (RFC 9113): reads and writes its frames, and carries the streams of many requests,
 * each of them a server-wire.ts. As a connection of its own it only rests, in a pool, when it carries none.
 *
 *   socket ─▶ feed ─▶ Session ─▶ wires ─▶ settle(): they tell their handlers, and what all have written leaves at once
 *
 * Where it is found by other requests is server-links.ts.
 */
import type { Cause } from '../../base/failure.ts';
import * as H2 from '../../http2/frames.ts';
import { giveBack } from '../../http2/output.ts';
import { Session } from '../../http2/session.ts';
import { NO_FIELDS, type SessionHandler } from '../../http2/session-handler.ts';
import type { FieldSink } from '../../http2/hpack/decoder.ts';
import type { BufferPool } from '../../net/buffer-pool.ts';
import type { Connection, ConnectionHandler } from '../../net/connection.ts';
import { UNSET } from '../../net/engines/unset-handler.ts';
import type { TimerWheel } from '../../net/timer-wheel.ts';
import { type AfterTurn, afterTurn } from '../after-turn.ts';
import type { Inbox } from '../client/inbox.ts';
import { IdlePing } from './idle-ping.ts';
import { LinkTurns } from './link-turns.ts';
import { isSilent, type LinkLimits, type LinkStream, mostRequests } from './link-stream.ts';
import { LingeringStreams } from './lingering.ts';
import type { RequestAim } from './request-block.ts';
import type { Http2ServerCounts } from './server-counts.ts';
import type { GlitchLimit } from '../client/glitches.ts';
import type { Http2ServerSettings } from './server-settings.ts';
import type { Traces } from '../../traces/traces.ts';
import { tracedServerSession } from '../traced/http2-server-session.ts';
import { RestingConnection } from '../server/resting-connection.ts';
import { Http2ServerWire, type WireCarrier } from './server-wire.ts';

/** Where it is lent from, and comes back to. */
export interface LinkHome {
  /** The server's SETTINGS have come. */
  established?(link: Http2ServerLink): void;
  /** The last stream is over: it is kept, or closed. */
  rested(link: Http2ServerLink): void;
  /** It takes no more streams. */
  leaves(link: Http2ServerLink): void;
  closed(link: Http2ServerLink): void;
}

export interface LinkParts extends LinkLimits {
  /** Undefined: nothing is waited for that no request needs. */
  readonly wheel: TimerWheel | undefined;
  readonly buffers: BufferPool;
  readonly settings: Http2ServerSettings;
  /** Undefined: any number of glitches is forgiven. */
  readonly glitchLimit?: GlitchLimit;
  readonly counts: Http2ServerCounts;
  readonly traces?: Traces;
  readonly backend?: number;
  readonly home: LinkHome;
}

/** Whom a connection belongs to, that is not for everybody. */
export interface LinkHolder {
  /** Its connections say who it is. */
  readonly authenticated: boolean;
  /** It has left. */
  readonly closed: boolean;
  /** Keeps one that rests. False: it does not. */
  keepLink(link: Http2ServerLink): boolean;
  forgetLink(link: Http2ServerLink): void;
}

/** So many bytes that wait for a server are enough. */
const CONGESTED = 65_536;
const NONE: Buffer = Buffer.alloc(0);

export class Http2ServerLink
  extends RestingConnection
  implements ConnectionHandler, SessionHandler, WireCarrier, AfterTurn
{
  readonly session: Session;
  readonly buffers: BufferPool;
  lostBy: Cause = 'ended';
  glitches = 0;
  /** Requests so far. */
  served = 0;
  /** Who alone may use it now. */
  holder: LinkHolder | undefined;
  /** No more streams are opened on it. */
  leaving = false;
  readonly #parts: LinkParts;
  readonly #lingering: LingeringStreams;
  readonly #ping: IdlePing;
  /** Requests that are under way on it. */
  #used = 0;
  /** When something came last. */
  #heardAt = 0;
  readonly #turns = new LinkTurns();
  #isBusy = false;
  #isScheduled = false;
  #underSend = NONE;

  constructor(socket: Connection, parts: LinkParts) {
    super(socket);
    this.#parts = parts;
    this.buffers = parts.buffers;
    const { settings, isReversed } = parts;
    const traced = tracedServerSession(parts, socket, this);
    this.session = traced ?? new Session('client', settings.session, this, isReversed);
    const ask = (): void => {
      this.session.ping();
      this.wrote();
    };
    this.#ping = new IdlePing(parts.wheel, parts.pingMs, ask, () => this.#lose('timeout'));
    this.#lingering = new LingeringStreams(this.session, parts.wheel, () => this.wrote());
  }

  /** `received`: what the server has sent so far. */
  start(received?: Inbox): void {
    this.#parts.counts.opened();
    this.socket.handler = this;
    this.session.start();
    if (received !== undefined && received.length > 0)
      return this.onReceived(this.socket, received.buffer, received.start, received.length);
    this.#receive();
    this.wrote();
  }

  // ── streams ──

  /** How many more requests it may carry now. */
  get room(): number {
    const { requestsLeft } = this;
    if (requestsLeft === 0) return 0;
    return Math.min(this.streamsLimit - Math.max(this.#used, this.session.openStreams), requestsLeft);
  }

  /** How many before it takes no more at all. */
  get requestsLeft(): number {
    if (this.leaving || this.closed || this.session.dead) return 0;
    return Math.max(0, mostRequests(this.#parts) - this.served);
  }

  get openStreams(): number {
    return this.session.openStreams;
  }

  get streamsLimit(): number {
    return Math.min(this.#parts.settings.maxStreams, this.session.peer.maxStreams);
  }

  get mayOpen(): boolean {
    return this.session.peer.known && this.session.mayOpen && !this.leaving;
  }

  /** Carries one more request: the connection that it travels on. */
  openStream(aim: RequestAim | undefined): Http2ServerWire {
    this.carry();
    return new Http2ServerWire(this, this, aim, this.now);
  }

  /** One more request is on it. */
  carry(): void {
    this.receiving = false;
    this.handler = UNSET;
    this.#ping.pause();
    this.#used++;
    this.served++;
    this.#parts.counts.streamOpened();
  }

  get now(): number {
    return this.#parts.wheel?.now ?? 0;
  }

  get isUsed(): boolean {
    return this.#used > 0 || this.session.openStreams > 0;
  }

  wait(wire: LinkStream): void {
    if (this.closed || this.leaving || this.session.dead) wire.refuse();
    else this.#turns.wait(wire);
  }

  left(wire: LinkStream, rests: boolean): void {
    const { stream } = wire;
    this.#used--;
    if (!wire.isAnswered && isSilent(this.#heardAt, wire.begunAt, this.now)) this.#leave();
    this.#parts.counts.streamClosed();
    if (stream === undefined) this.#turns.forget(wire);
    else if (!stream.closed && rests) this.#lingering.add(stream);
    else if (!stream.closed) this.session.reset(stream, H2.CANCEL);
    this.wrote();
  }

  // ── the session at rest ──

  due(wire: LinkStream): void {
    if (this.#turns.due(wire)) this.wrote();
  }

  wrote(): void {
    if (this.#isBusy || this.#isScheduled) return;
    this.#isScheduled = true;
    afterTurn(this);
  }

  turnOver(): void {
    this.#settle();
  }

  /** Wires tell what has happened; what they write meanwhile leaves in one piece. */
  #settle(): void {
    this.#isScheduled = false;
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#turns.take(this);
    this.#isBusy = false;
    this.#flush();
    this.#receive();
    if (!this.isUsed && !this.closed && this.handler === UNSET) this.#rest();
  }

  #flush(): void {
    const socket = this.socket;
    const { output } = this.session;
    if (socket.closed || socket.sending || output.length === 0) return;
    const { length } = output;
    this.#underSend = output.take();
    socket.send(this.#underSend, 0, length);
  }

  /** Nothing of it is in use. */
  #rest(): void {
    if (this.leaving || this.session.dead) this.close();
    else this.#parts.home.rested(this);
  }

  // ── the socket ──

  onReceived(_socket: Connection, buffer: Buffer, offset: number, length: number): void {
    this.#isBusy = true;
    this.#heardAt = this.now;
    this.session.feed(buffer, offset, offset + length);
    this.#isBusy = false;
    this.#settle();
  }

  /** A server that takes no answers to its frames is not asked for more of them. */
  #receive(): void {
    const socket = this.socket;
    if (socket.closed || socket.receiving || this.session.output.length > CONGESTED) return;
    socket.receive(true);
  }

  onSent(): void {
    giveBack(this.#underSend);
    this.#underSend = NONE;
    const wasBusy = this.#isBusy;
    this.#isBusy = true;
    if (this.session.wantsRoom) this.session.resume();
    this.#isBusy = wasBusy;
    this.wrote();
  }

  onEnd(): void {
    this.#lose('ended');
  }

  onFailed(_socket: Connection, cause: Cause): void {
    this.#lose(cause);
  }

  onConnected(): void {
    throw new Error('connected twice');
  }

  #lose(cause: Cause): void {
    this.lostBy = cause;
    this.#leave();
    this.#isBusy = true;
    this.session.lost();
    this.#isBusy = false;
    this.socket.close();
    this.#tellResting(cause);
    this.#settle();
  }

  /** A pool that keeps it lets go of it. */
  #tellResting(cause: Cause): void {
    if (!this.receiving) return;
    this.receiving = false;
    if (cause === 'ended') this.handler.onEnd(this);
    else this.handler.onFailed(this, cause);
  }

  /** No more streams: requests that wait for one are told so, and those under way go on. */
  #leave(): void {
    if (this.leaving) return;
    this.leaving = true;
    this.#parts.home.leaves(this);
    this.#turns.refuse();
  }

  // ── SessionHandler ──

  streamOpens(): FieldSink {
    return NO_FIELDS;
  }

  /** Servers do not open any. */
  streamOpened(): undefined {
    this.session.fail(H2.PROTOCOL_ERROR, 'stream of a server');
  }

  streamClosed(): void {
    this.wrote();
  }

  frameReceived(type: number): void {
    this.#parts.counts.received(type);
    if (type === H2.PING) this.#ping.answered();
    // not before: some servers expect nothing but the acknowledgement of their SETTINGS
    if (type === H2.DATA) this.session.widenWindow();
  }

  frameSent(type: number, code: number): void {
    this.#parts.counts.sent(type, code);
  }

  settingsReceived(): void {
    this.#parts.home.established?.(this);
    this.wrote();
  }

  goawayReceived(): void {
    this.#leave();
    this.#tellResting('ended');
  }

  streamFailed(): void {
    this.#parts.counts.streamError();
  }

  glitch(_reason: string, amount = 1): void {
    this.glitches += amount;
    const verdict = this.#parts.glitchLimit?.judge(this.glitches) ?? 'few';
    if (verdict === 'too many') return this.session.tooManyGlitches();
    if (verdict === 'few' || this.leaving) return;
    this.session.goaway(H2.NO_ERROR);
    this.#leave();
  }

  failed(): void {
    this.lostBy = 'reset';
    this.#parts.counts.connectionError();
    this.#leave();
    this.#flush();
    this.socket.close();
    this.#tellResting('invalid');
  }

  // ── as a connection that rests ──

  override receive(): void {
    super.receive();
    this.#ping.begin();
  }

  /** Ends what is still on it, too. */
  override close(): void {
    if (this.closed) return;
    this.closed = true;
    this.receiving = false;
    this.#leave();
    this.#lingering.stop();
    this.#ping.stop();
    if (!this.socket.closed) this.#sayGoodbye();
    this.#parts.counts.closed();
    this.#parts.home.closed(this);
  }

  #sayGoodbye(): void {
    this.session.goaway(H2.NO_ERROR);
    this.#flush();
    this.session.lost();
    this.socket.close();
    this.wrote();
  }
}
