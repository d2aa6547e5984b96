/**
 * One client connection that speaks HTTP/2 (RFC 9113), in `mode http`: carries bytes between its socket and the session
 * of src/http2/, and makes each stream that is a request a client.ts. It says goodbye by GOAWAY when it has been idle for
 * too long, when the process stops, or when the client has asked too much of it.
 *
 *   socket ─▶ Session ─ stream, fields ─▶ RequestReader ─▶ Http2Client over Http2Wire ─▶ HttpStream
 *   socket ◀─ Session.output ◀───────────────────────────── Http2Wire
 */
import { ENHANCE_YOUR_CALM, NO_ERROR, PING, PROTOCOL_ERROR } from '../../http2/frames.ts';
import type { FieldSink } from '../../http2/hpack/decoder.ts';
import type { RequestReader } from '../../http2/request-reader.ts';
import type { SessionHandler } from '../../http2/session-handler.ts';
import { Session } from '../../http2/session.ts';
import type { Stream, StreamOwner } from '../../http2/stream.ts';
import type { Connection, ConnectionHandler, Endpoint } from '../../net/connection.ts';
import { Timer } from '../../net/timer-wheel.ts';
import { FIELD } from '../../state/counter-fields.ts';
import { type AfterTurn, afterTurn } from '../after-turn.ts';
import type { ClientConnectionFacts } from '../client/client-facts.ts';
import { Http2Client, type Http2Connection } from './client.ts';
import { Http2Accounts } from './counts.ts';
import { FrameOutlet } from './frame-outlet.ts';
import { FreshClients } from './fresh-clients.ts';
import { IdlePing } from './idle-ping.ts';
import * as Rest from './idle-times.ts';
import { readerOf } from './reader.ts';
import type { Inbox } from '../client/inbox.ts';
import type { PrivateConnections } from '../server/private-connections.ts';
import type { DataThread, ListenerRuntime } from '../runtime/runtime.ts';
import type { StreamPool } from '../stream-pool.ts';
import { tracedClientSession } from '../traced/http2-client-session.ts';

/** How long a closed connection is read on, in milliseconds. */
const LINGER_MS = 2000;
/** While so many bytes wait for a client it is not read from: what it asks for would only add to them. */
const CONGESTED = 65_536;
const KEPT_AT_MOST = 512;

const OPEN = 0;
/** It was told to go: what it has begun is served. */
const LEAVING = 1;
/** Nothing more is served: what waits is sent, and FIN. */
const ENDING = 2;
/** FIN was sent: what comes is dropped. */
const LEFT = 3;
const OVER = 4;

/** Those of this thread that serve nobody now. */
const spare: Http2Client[] = [];
const NOTHING: Buffer = Buffer.alloc(0);

export class Http2ClientSession implements Http2Connection, SessionHandler, ConnectionHandler, AfterTurn {
  readonly streams: StreamPool;
  readonly listener: ListenerRuntime;
  readonly facts: ClientConnectionFacts;
  readonly session: Session;
  readonly remote: Endpoint;
  readonly local: Endpoint;
  privateConnections: PrivateConnections | undefined;
  #served = 0;
  readonly #thread: DataThread;
  readonly #connection: Connection;
  readonly #reader: RequestReader;
  readonly #accounts: Http2Accounts;
  readonly #timer = new Timer(() => this.#expired());
  readonly #ping: IdlePing;
  #state = OPEN;
  /** Requests that are served now. */
  #active = 0;
  readonly #fresh = new FreshClients();
  readonly #outlet: FrameOutlet;
  /** What is written goes out when that is over. */
  #isBusy = false;
  #isDirty = false;
  #isReleased = false;
  /** Its peer is about to go. */
  #isGoing = false;

  constructor(streams: StreamPool, listener: ListenerRuntime, facts: ClientConnectionFacts) {
    this.streams = streams;
    this.listener = listener;
    this.facts = facts;
    this.#thread = streams.thread;
    this.#connection = facts.connection;
    this.remote = facts.connection.remote;
    this.local = facts.connection.local;
    const { http2, traces } = this.#thread;
    this.#reader = readerOf(http2.session.maxListBytes);
    this.session = traces.on
      ? tracedClientSession(this.#thread, listener, facts, this)
      : new Session('server', http2.session, this, Rest.isReversed(listener));
    this.#outlet = new FrameOutlet(facts.connection, this.session.output);
    this.#accounts = new Http2Accounts(this.#thread, listener, facts);
    const ask = (): void => {
      this.session.ping();
      this.written();
    };
    this.#ping = new IdlePing(this.#thread.wheel, Rest.pingIntervalMs(listener), ask, () => this.vanish());
    this.#connection.handler = this;
  }

  /** `received`: what the client has sent so far. */
  start(received: Inbox | undefined): void {
    this.#thread.clients.add(this);
    this.#accounts.connectionOpened();
    this.#arm(Rest.firstRequestTimeoutMs(this.listener));
    this.session.start();
    if (received === undefined) this.#feed(NOTHING, 0, 0);
    else this.#feed(received.buffer, received.start, received.end);
  }

  // ── the socket ──

  onReceived(_connection: Connection, buffer: Buffer, offset: number, length: number): void {
    if (this.#state >= LEFT) return this.#receive();
    this.#feed(buffer, offset, offset + length);
  }

  #feed(bytes: Buffer, start: number, end: number): void {
    this.#isBusy = true;
    this.session.feed(bytes, start, end);
    this.#startRequests();
    if (this.#active === 0) this.#stirred();
    this.#isBusy = false;
    this.#flush();
    this.#receive();
  }

  /** What it has sent makes a client that may rest by `timeout client` rest anew. */
  #stirred(): void {
    if (this.#isLetGo()) this.#rest();
    else if (this.#state === OPEN && Rest.restsAnew(this.listener))
      this.#arm(Rest.clientTimeoutMs(this.listener));
  }

  #receive(): void {
    const connection = this.#connection;
    if (connection.closed || connection.receiving || this.session.output.length > CONGESTED) return;
    connection.receive();
  }

  written(): void {
    if (this.#isBusy || this.#isDirty) return;
    this.#isDirty = true;
    afterTurn(this);
  }

  turnOver(): void {
    this.#isDirty = false;
    this.#flush();
  }

  #flush(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#outlet.send();
    this.#isBusy = false;
    if (this.#state === ENDING && this.session.output.length === 0) this.#depart();
  }

  onSent(): void {
    this.#outlet.sent();
    const wasBusy = this.#isBusy;
    this.#isBusy = true;
    this.session.resume();
    this.#isBusy = wasBusy;
    if (wasBusy) return;
    this.#flush();
    this.#receive();
  }

  onEnd(): void {
    this.vanish();
  }

  onFailed(): void {
    this.vanish();
  }

  onConnected(): void {
    throw new Error('an accepted connection does not connect');
  }

  // ── streams ──

  streamOpens(): FieldSink {
    this.#reader.begin(this.listener.frontend.limits.relaxed === true);
    return this.#reader;
  }

  streamOpened(stream: Stream, endStream: boolean, tooLarge: boolean): StreamOwner | undefined {
    const request = this.#reader;
    this.#thread.wheel.clear(this.#timer);
    this.#ping.pause();
    this.#accounts.streamOpened();
    request.complete(endStream);
    if (request.malformed !== '' && !tooLarge) {
      request.forget();
      this.session.streamError(stream, PROTOCOL_ERROR, request.malformed);
      this.#accounts.refused();
      return undefined;
    }
    if (request.body === 'length') stream.contentLeft = request.contentLength;
    const client = spare.pop() ?? new Http2Client();
    client.begin(this, stream, request, tooLarge);
    this.#active++;
    this.#fresh.add(client);
    return client.connection;
  }

  /** What was reset before anybody has looked at it was asked for to no purpose but work. */
  #startRequests(): void {
    for (let client = this.#fresh.take(); client !== undefined; client = this.#fresh.take()) {
      if (client.start()) this.#started();
      else {
        this.requestOver(client);
        this.glitch();
      }
    }
  }

  /** `tune.h2.fe.max-total-streams`, and soft stops: what is under way is served, no more comes. */
  #started(): void {
    this.#served++;
    const { maxTotalStreams } = this.#thread.http2;
    if (this.#isSentAway() || (maxTotalStreams > 0 && this.#served >= maxTotalStreams)) this.#leave();
  }

  requestOver(client: Http2Client): void {
    if (spare.length < KEPT_AT_MOST) spare.push(client);
    this.#active--;
    if (this.#active === 0) this.#rest();
  }

  streamClosed(): void {
    this.#accounts.count(FIELD.h2_backend_open_streams, -1);
    if (this.#active === 0 && this.session.openStreams === 0) this.#rest();
  }

  /** Nothing is served now. */
  #rest(): void {
    if (this.#isLetGo() && this.#state === OPEN && !this.#isHeldUp()) return this.#endWhenSent();
    if (this.#state === OPEN && this.#isSentAway()) this.#leave();
    if (this.#state === OPEN) {
      this.#arm(this.#isHeldUp() ? Rest.clientTimeoutMs(this.listener) : Rest.idleTimeoutMs(this.listener));
      this.#ping.begin();
    } else if (this.#state === LEAVING) this.#endWhenSent();
  }

  /** What was answered is still on its way. */
  #isHeldUp(): boolean {
    return this.#connection.sending || this.session.openStreams > 0;
  }

  // ── frames ──

  frameReceived(type: number): void {
    this.#accounts.received(type);
    if (type === PING) this.#ping.answered();
  }

  frameSent(type: number, code: number): void {
    this.#accounts.sent(type, code);
    this.written();
  }

  /** What was made here waits for requests as long as it may take. */
  settingsReceived(): void {
    if (Rest.isReversed(this.listener) && this.#active === 0) this.#rest();
  }

  goawayReceived(): void {
    if (Rest.isReversed(this.listener) && this.#state === OPEN && !this.#isGoing) this.listener.leaves();
    this.#isGoing = true;
  }

  /** Not who has been connected to: another connection is made first. */
  #isLetGo(): boolean {
    return this.#isGoing && !Rest.isReversed(this.listener);
  }

  streamFailed(): void {
    this.#accounts.count(FIELD.h2_detected_strm_protocol_errors, 1);
  }

  streamRefused(): void {
    this.#accounts.refused();
  }

  failed(): void {
    this.#accounts.failed();
    this.#endWhenSent();
  }

  /** `tune.h2.fe.glitches-threshold` */
  glitch(_reason = '', amount = 1): void {
    this.facts.noteGlitch(amount);
    this.#accounts.track('glitch', amount);
    const verdict = this.#thread.glitches.http2Clients.judge(this.glitches);
    if (verdict === 'many') this.#leave();
    else if (verdict === 'too many') this.session.tooManyGlitches();
  }

  // ── time ──

  #arm(delayMs: number): void {
    this.#thread.wheel.set(this.#timer, delayMs);
  }

  #expired(): void {
    if (this.#state !== OPEN || this.#isHeldUp()) this.vanish();
    else this.#leave();
  }

  // ── the end ──

  /** The process stops: nobody is waited for, but with `option idle-close-on-response`. */
  closeIfIdle(): void {
    if (this.listener.frontend.waitsForIdle) return;
    const isIdle = this.#active === 0 && this.session.openStreams === 0;
    if (isIdle || Rest.isReversed(this.listener)) this.#leave();
  }

  /** Not at once where it was made here: the process that takes over makes its own first. */
  #isSentAway(): boolean {
    return this.#thread.sendsAway() && !Rest.isReversed(this.listener);
  }

  /** GOAWAY; closes when the last stream has ended. Those that are on their way are still served, if any is. */
  #leave(): void {
    if (this.#state !== OPEN || this.session.dead) return;
    this.#state = LEAVING;
    const isIdle = this.#active === 0 && this.session.openStreams === 0;
    this.session.goaway(NO_ERROR, isIdle ? 0 : this.#thread.http2.session.maxStreams);
    if (isIdle) this.#endWhenSent();
    else this.written();
  }

  #endWhenSent(): void {
    if (this.#state >= ENDING) return;
    if (this.#state === LEAVING && this.#served > 0) this.session.goaway(NO_ERROR);
    this.#state = ENDING;
    this.#arm(Math.max(Rest.clientTimeoutMs(this.listener), LINGER_MS));
    this.written();
  }

  /** What the client still sends is read and dropped for a while, so that no reset destroys what it has not read yet. */
  #depart(): void {
    this.#state = LEFT;
    this.session.lost();
    this.#connection.shutdown();
    this.#arm(LINGER_MS);
    this.#release();
    this.#receive();
  }

  dismiss(): void {
    this.session.turnAway(ENHANCE_YOUR_CALM);
    this.#endWhenSent();
  }

  vanish(): void {
    if (this.#state === OVER) return;
    this.#state = OVER;
    this.#thread.wheel.remove(this.#timer);
    this.#connection.close();
    this.session.lost();
    this.#release();
  }

  #release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#thread.clients.remove(this);
    this.#ping.stop();
    this.privateConnections?.close();
    this.#accounts.count(FIELD.h2_open_connections, -1);
    this.facts.end();
    this.listener.closed();
  }

  // ── what is asked of it ──

  get fd(): number {
    return this.#connection.fd;
  }

  get glitches(): number {
    return this.facts.glitches;
  }

  get openStreams(): number {
    return this.session.openStreams;
  }

  get streamsLimit(): number {
    return this.#thread.http2.session.maxStreams;
  }
}
