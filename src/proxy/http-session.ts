/**
 * One client connection in `mode http`: waits for requests, reads their heads, says goodbye. A request is an
 * HttpStream, taken from the thread's pool when its first byte comes and given back when it is over, so that an
 * idle connection owns next to nothing. Requests are served strictly one after the other: pipelined bytes wait
 * in the inbox.
 *
 *   AWAITING ──first byte──▶ READING_HEAD ──head──▶ SERVING ──finished──▶ AWAITING … ──▶ LEFT
 *                                                      └──answered early──▶ DRAINING ──body read──▶ the same
 */
import type { Cause } from '../base/failure.ts';
import type { HeadLimits } from '../http/head-limits.ts';
import { areBroken } from '../http/first-chunks.ts';
import { BROKEN_CHUNKS, H2_PREFACE } from '../http/parse-errors.ts';
import type { Http1RequestHead } from '../http/request-head.ts';
import { parseRequestHead } from '../http/request-parser.ts';
import type { Timeouts } from '../model/proxy.ts';
import type { Connection, ConnectionHandler } from '../net/connection.ts';
import { Timer } from '../net/timer-wheel.ts';
import type { ClientConnectionFacts } from './client/client-facts.ts';
import { beginHttp2 } from './http2/begin-http2.ts';
import { hangUp } from './client/hang-up.ts';
import type { HttpStream } from './http-stream.ts';
import { forgivesRequest } from './client/http1-glitches.ts';
import { Inbox } from './client/inbox.ts';
import type { PrivateConnections } from './server/private-connections.ts';
import type { BackendRuntime, DataThread, FrontendRuntime, ListenerRuntime } from './runtime/runtime.ts';
import type { StreamClient } from './client/stream-client.ts';
import type { StreamPool } from './stream-pool.ts';
import type { Transaction } from './transaction.ts';

const AWAITING = 0;
const READING_HEAD = 1;
const SERVING = 2;
/** The request is over, and some of its body still to come: it is read and dropped. */
const DRAINING = 3;
const LEFT = 4;

/** How long a closed connection is read on, in milliseconds. */
const LINGER_MS = 2000;

/** A connection of mode tcp that turns to HTTP: `switch-mode`, or a backend of mode http. */
interface Inspected {
  readonly transaction: Transaction;
  readonly backend: BackendRuntime | undefined;
}

export class HttpSession implements ConnectionHandler, StreamClient {
  readonly listener: ListenerRuntime;
  readonly facts: ClientConnectionFacts;
  readonly connection: Connection;
  readonly inbox: Inbox;
  ended = false;
  #served = 0;
  privateConnections: PrivateConnections | undefined;
  /** What was looked at before the connection turned to HTTP, until its first request has it. */
  #inspected: Inspected | undefined;
  readonly #streams: StreamPool;
  readonly timer: Timer;
  #stream: HttpStream | undefined;
  #state = AWAITING;
  #readingHead = false;
  /** Another request may follow the one that is over. */
  #keeps = false;
  /** Rules that have looked at it before want no other. */
  readonly #keepsHttp1: boolean;

  get isFirst(): boolean {
    return this.#served === 0;
  }

  get sendsAgain(): boolean {
    return this.#served > 0;
  }

  /** `received`: what came behind a PROXY protocol header, or was looked at before. */
  constructor(
    streams: StreamPool,
    listener: ListenerRuntime,
    facts: ClientConnectionFacts,
    received: Inbox | undefined,
    inspected?: Inspected,
  ) {
    this.#inspected = inspected;
    this.#keepsHttp1 = inspected?.transaction.switchProto === 'h1';
    this.#streams = streams;
    this.listener = listener;
    this.facts = facts;
    this.connection = facts.connection;
    this.inbox = received ?? new Inbox();
    this.timer = new Timer(() => this.#expired());
    this.connection.handler = this;
  }

  start(): void {
    this.#thread().clients.add(this);
    this.#await(this.#timeouts().httpRequest);
  }

  #thread(): DataThread {
    return this.#streams.thread;
  }

  #frontend(): FrontendRuntime {
    return this.listener.frontend;
  }

  #limits(): HeadLimits {
    return this.#frontend().limits;
  }

  #timeouts(): Timeouts {
    return this.#frontend().config.timeouts;
  }

  #keepAliveTimeoutMs(): number {
    const { httpKeepAlive, httpRequest } = this.#timeouts();
    return httpKeepAlive === 0 ? httpRequest : httpKeepAlive;
  }

  // ── between requests ──

  /** Waits for the next request; bytes that are already here are read at once. */
  #await(timeoutMs: number): void {
    this.#state = AWAITING;
    this.facts.readyAt = this.#thread().wheel.now;
    this.#armWithin(timeoutMs);
    if (this.inbox.length > 0) this.#readHeads();
    else if (this.ended) this.#leave();
    else this.receive();
  }

  /** Reads the head in the inbox. Local answers come back here at once: a loop instead of a recursion. */
  #readHeads(): void {
    if (this.#readingHead) return;
    this.#readingHead = true;
    while (this.#state < SERVING && this.inbox.length > 0 && this.#readHead());
    this.#readingHead = false;
  }

  #readHead(): boolean {
    const { inbox } = this;
    const stream = this.#stream ?? this.#firstByte();
    const consumed = this.#parse(stream.requestHead);
    if (consumed === 0) return this.#wantMoreHead();
    this.#state = SERVING;
    this.clearTimer();
    if (consumed > 0 && !forgivesRequest(stream, this)) stream.cut('P', 'R');
    else if (consumed < 0) {
      if (consumed === H2_PREFACE && this.#turnToHttp2(stream)) return false;
      stream.clientTrouble.headInvalid(consumed);
    } else {
      stream.requestHead.headers.headroom = inbox.headroom;
      inbox.consume(consumed);
      stream.requestArrived(consumed);
    }
    return true;
  }

  /** Bytes of the head in the inbox, 0 for more to come, or an error. */
  #parse(head: Http1RequestHead): number {
    const { buffer, start, end } = this.inbox;
    const consumed = parseRequestHead(buffer, start, end, head, this.#limits());
    const hasChunks = consumed > 0 && start + consumed < end && head.framing === 'chunked';
    return hasChunks && areBroken(buffer, start + consumed, end) ? BROKEN_CHUNKS : consumed;
  }

  /** RFC 9113 section 3.3: what has come is the begin of an HTTP/2 connection, known beforehand to be one. */
  #turnToHttp2(stream: HttpStream): boolean {
    const isRefused = this.#frontend().config.options.flags.has('disable-h2-upgrade');
    if (isRefused || this.listener.config.proto === 'h1') return false;
    if (this.#served > 0 || this.#keepsHttp1) return false;
    stream.retract();
    this.#giveStreamBack();
    this.#thread().clients.remove(this);
    this.#thread().wheel.remove(this.timer);
    this.#state = LEFT;
    beginHttp2(this.#streams, this.listener, this.facts, this.inbox);
    return true;
  }

  #firstByte(): HttpStream {
    this.#state = READING_HEAD;
    const stream = this.#takeStream();
    stream.requestStarted();
    this.#armWithin(this.#timeouts().httpRequest);
    return stream;
  }

  #takeStream(): HttpStream {
    const stream = this.#streams.take();
    this.#stream = stream;
    stream.begin(this);
    if (this.#inspected !== undefined) {
      stream.transaction.continues(this.#inspected.transaction, this.#inspected.backend);
      this.#inspected = undefined;
    }
    return stream;
  }

  #wantMoreHead(): false {
    if (this.ended) this.#serve().clientTrouble.gone('ended');
    else if (this.inbox.length >= this.#limits().maxHeadBytes) this.#serve().clientTrouble.headTooLarge();
    else this.#waitForHead();
    return false;
  }

  /** `timeout client` starts anew with each piece of it, `timeout http-request` does not. */
  #waitForHead(): void {
    const { httpRequest } = this.#timeouts();
    const { firstByteAt } = (this.#stream as HttpStream).transaction.timers;
    this.#armWithin(
      httpRequest === 0 ? 0 : Math.max(1, firstByteAt + httpRequest - this.#thread().wheel.now),
    );
    this.receive();
  }

  /** From now on what happens is the stream's. */
  #serve(): HttpStream {
    this.#state = SERVING;
    return this.#stream ?? this.#takeStream();
  }

  // ── what the stream tells ──

  requestFinished(keep: boolean): void {
    const { body, transaction } = this.#stream as HttpStream;
    // whose body was waited for in vain does not get more time for it
    if (body.read || transaction.termination.cause === 'c') return this.#requestOver(keep);
    this.#keeps = keep;
    this.#state = DRAINING;
    this.#drain();
  }

  /**
   * What the client still sends of a request that has its answer is no next request (RFC 9112 section 9.3), and a
   * connection closed while it comes would be reset, and the answer lost.
   */
  #drain(): void {
    const { body } = this.#stream as HttpStream;
    if (body.drop()) return this.#requestOver(this.#keeps && !this.#thread().sendsAway());
    if (this.ended || body.decoder.error !== 0) return this.#requestOver(false);
    this.#arm(this.#timeouts().client);
    this.receive(true);
  }

  #requestOver(keep: boolean): void {
    const hasSaidAll = this.inbox.length === 0 && wasLast(this.#stream as HttpStream);
    this.#giveStreamBack();
    this.#served++;
    if (keep) this.#await(this.#keepAliveTimeoutMs());
    else this.#leave(hasSaidAll);
  }

  requestAborted(): void {
    hangUp(this.connection);
    this.#close();
    this.#giveStreamBack();
    this.facts.end();
    this.listener.closed();
  }

  #giveStreamBack(): void {
    const stream = this.#stream as HttpStream;
    this.#stream = undefined;
    this.#streams.give(stream);
    this.facts.requestOver();
  }

  watch(): void {
    if (this.inbox.length === 0 && !this.ended) this.receive();
  }

  receive(inBody = false): void {
    const { connection } = this;
    if (connection.receiving || connection.closed) return;
    this.inbox.detach();
    connection.receive(inBody);
  }

  expect(timeoutMs: number): void {
    this.#arm(timeoutMs);
  }

  /** `timeout client`, or less; 0: that alone. */
  #armWithin(timeoutMs: number): void {
    const { client } = this.#timeouts();
    this.#arm(timeoutMs === 0 || (client > 0 && client < timeoutMs) ? client : timeoutMs);
  }

  #arm(delayMs: number): void {
    this.#thread().wheel.set(this.timer, delayMs);
  }

  clearTimer(): void {
    this.#thread().wheel.clear(this.timer);
  }

  // ── events ──

  onReceived(_connection: Connection, buffer: Buffer, offset: number, length: number): void {
    if (this.#state === LEFT) return this.connection.receive();
    this.inbox.add(buffer, offset, length, this.connection.headroom);
    if (this.#state === SERVING) (this.#stream as HttpStream).requestBytesArrived();
    else if (this.#state === DRAINING) this.#drain();
    else this.#readHeads();
  }

  onSent(): void {
    this.#stream?.clientSent();
  }

  onEnd(): void {
    this.ended = true;
    if (this.#state === LEFT) this.connection.close();
    else if (this.#state === DRAINING) this.#requestOver(false);
    else if (this.#state === AWAITING && this.#mayLeaveSilently()) this.#leave();
    else if (this.#state !== SERVING) this.#serve().clientTrouble.gone('ended');
    else (this.#stream as HttpStream).clientTrouble.ended();
  }

  /** A connection that closes without a request is told so, unless it had some or `http-ignore-probes` is on. */
  #mayLeaveSilently(): boolean {
    return this.#served > 0 || this.#frontend().config.options.flags.has('http-ignore-probes');
  }

  onFailed(_connection: Connection, cause: Cause): void {
    this.ended = true;
    if (this.#state === LEFT) this.#close();
    else if (this.#state === DRAINING) this.#requestOver(false);
    else if (this.#state === AWAITING && this.#mayLeaveSilently()) this.#leave();
    else this.#serve().clientTrouble.gone(cause);
  }

  onConnected(): void {
    throw new Error('an accepted connection does not connect');
  }

  #expired(): void {
    if (this.#state === LEFT) this.#close();
    else if (this.#state === DRAINING) this.#requestOver(false);
    else if (this.#state === SERVING) (this.#stream as HttpStream).clientTrouble.stalled();
    else if (this.#state === AWAITING && this.#mayLeaveSilently()) this.#leave();
    else this.#serve().clientTrouble.headTimeout();
  }

  // ── the end ──

  /** The process stops: nobody is waited for, but with `option idle-close-on-response`. */
  closeIfIdle(): void {
    if (this.#state === AWAITING && !this.#frontend().waitsForIdle) this.#leave();
  }

  /**
   * Says goodbye: FIN, then what the client still sends is read and dropped for a while, so that no reset
   * destroys an answer it has not read yet. A client that has announced its last request sends nothing more.
   */
  #leave(hasSaidAll = false): void {
    const { connection } = this;
    this.#thread().clients.remove(this);
    this.privateConnections?.close();
    const isHard = this.#frontend().config.options.flags.has('nolinger');
    if (this.ended || hasSaidAll || connection.closed || isHard) this.#close();
    else {
      this.#state = LEFT;
      this.inbox.clear();
      connection.shutdown();
      this.#arm(LINGER_MS);
      if (!connection.receiving) connection.receive();
    }
    this.facts.end();
    this.listener.closed();
  }

  #close(): void {
    this.#state = LEFT;
    this.#thread().clients.remove(this);
    this.#thread().wheel.remove(this.timer);
    this.privateConnections?.close();
    this.inbox.clear();
    this.connection.close();
  }
}

/** The client has sent a whole request and said that no other will follow (RFC 9112 section 9.6). */
function wasLast({ transaction, body, requestHead }: HttpStream): boolean {
  return transaction.request !== undefined && body.read && !requestHead.keepAlive;
}
