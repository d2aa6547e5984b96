/**
 * The client's side of an HTTP session: reads request heads, decodes request bodies and sends them on, notices
 * that the client has left, and keeps the client's timeouts. It knows the wire; what a request means, and what
 * follows from a failure, is the session's.
 *
 *   AWAITING ──first byte──▶ READING_HEAD ──head──▶ SERVING ──request finished──▶ AWAITING
 *                                                      │
 *                                                      └ body slices: decode ▶ server.send ▶ onSent ▶ receive
 */
import type { BodyFacts } from '../acl/context.ts';
import type { Cause } from '../base/failure.ts';
import { BodyDecoder } from '../http/body-decoder.ts';
import type { Http1RequestHead } from '../http/request-head.ts';
import { parseRequestHead, type HeadLimits } from '../http/request-parser.ts';
import type { Connection, ConnectionHandler } from '../net/connection.ts';
import { Timer } from '../net/timer-wheel.ts';
import { Inbox } from './inbox.ts';
import type { DataThread } from './runtime.ts';
import type { Transaction } from './transaction.ts';

const AWAITING = 0;
const READING_HEAD = 1;
const SERVING = 2;
const LEFT = 3;

/** What the client half tells its session, and asks of it. */
export interface ClientHalfOwner {
  readonly thread: DataThread;
  readonly transaction: Transaction;
  readonly limits: HeadLimits;
  readonly requestHead: Http1RequestHead;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** The first byte of a request has come, then its whole head. */
  requestStarted(): void;
  requestArrived(): void;
  /** Its head is refused: an error of http/parse-errors.ts. */
  requestRefused(error: number): void;
  requestTooLarge(): void;
  requestBodyInvalid(): void;
  /** Bytes have come while a request is served. */
  requestBytesArrived(): void;
  forwardBody(server: Connection, buffer: Buffer, offset: number, length: number): void;
  /** The request's last byte is with the server. */
  requestForwarded(): void;
  clientSent(): void;
  /** FIN while a request is served; the client is gone for good; the three ways it can be too slow. */
  clientEnded(): void;
  clientGone(cause: Cause): void;
  idleTimeout(): void;
  headTimeout(): void;
  clientStalled(): void;
}

export class ClientHalf implements ConnectionHandler {
  readonly connection: Connection;
  readonly inbox = new Inbox();
  readonly decoder = new BodyDecoder();
  /** The request's last byte has been decoded (not necessarily sent on). */
  requestRead = true;
  /** FIN received: nothing more will come. */
  ended = false;
  readonly #session: ClientHalfOwner;
  readonly #timer: Timer;
  #state = AWAITING;
  #readingHead = false;

  constructor(session: ClientHalfOwner, connection: Connection) {
    this.#session = session;
    this.connection = connection;
    this.#timer = new Timer(() => this.#expired());
    connection.handler = this;
  }

  // ── between requests ──

  /** Waits for the next request; bytes that are already here are read at once. */
  awaitRequest(first: boolean): void {
    this.#state = AWAITING;
    this.#arm(first ? this.#session.requestTimeoutMs : this.#session.keepAliveTimeoutMs);
    if (this.inbox.length > 0) this.readHeads();
    else if (this.ended) this.#session.clientGone('ended');
    else this.receive();
  }

  /** Reads the head in the inbox. Local answers come back here at once: a loop instead of a recursion. */
  readHeads(): void {
    if (this.#readingHead) return;
    this.#readingHead = true;
    while (this.#state < SERVING && this.inbox.length > 0 && this.#readHead());
    this.#readingHead = false;
  }

  #readHead(): boolean {
    const session = this.#session;
    const { inbox } = this;
    if (this.#state === AWAITING) this.#firstByte();
    const head = session.requestHead;
    const consumed = parseRequestHead(inbox.buffer, inbox.start, inbox.end, head, session.limits);
    if (consumed === 0) return this.#wantMoreHead();
    this.#state = SERVING;
    this.clearTimer();
    if (consumed < 0) {
      session.requestRefused(consumed);
      return true;
    }
    inbox.consume(consumed);
    this.decoder.start(head.framing, head.contentLength);
    this.requestRead = this.decoder.done;
    session.requestArrived();
    return true;
  }

  #firstByte(): void {
    this.#state = READING_HEAD;
    this.#session.requestStarted();
    this.#arm(this.#session.requestTimeoutMs);
  }

  #wantMoreHead(): false {
    const { inbox } = this;
    if (this.ended) this.#session.clientGone('ended');
    else if (inbox.length >= this.#session.limits.maxHeadBytes) this.#session.requestTooLarge();
    else this.receive();
    return false;
  }

  // ── the body ──

  /**
   * Sends the next piece of the body to the server: one slice at a time, the next read armed when it has been
   * sent. Called when the server half is ready for more.
   */
  pump(server: Connection): void {
    while (!this.requestRead && !server.sending) {
      const { inbox, decoder } = this;
      if (inbox.length === 0) return this.#wantMoreBody();
      const { buffer } = inbox;
      inbox.consume(decoder.decode(buffer, inbox.start, inbox.end));
      if (decoder.error !== 0) return this.#session.requestBodyInvalid();
      if (decoder.done) this.#bodyRead();
      const length = decoder.outEnd - decoder.outStart;
      if (length > 0) this.#session.forwardBody(server, buffer, decoder.outStart, length);
      else if (!decoder.done) return this.#wantMoreBody();
    }
    if (this.requestRead && !server.sending) this.#session.requestForwarded();
  }

  /** Decodes body bytes that are here into `target`; gives how many were written. */
  takeBody(target: Buffer, offset: number): number {
    const { inbox, decoder } = this;
    if (this.requestRead || inbox.length === 0) return 0;
    const end = Math.min(inbox.end, inbox.start + target.length - offset);
    const { buffer } = inbox;
    inbox.consume(decoder.decode(buffer, inbox.start, end));
    if (decoder.done) this.#bodyRead();
    buffer.copy(target, offset, decoder.outStart, decoder.outEnd);
    return decoder.outEnd - decoder.outStart;
  }

  #wantMoreBody(): void {
    if (this.ended) return this.#session.clientGone('ended');
    this.#arm(this.#session.transaction.timeout('client'));
    this.receive();
  }

  #bodyRead(): void {
    this.requestRead = true;
    this.clearTimer();
  }

  /** Looks at the body that has come so far, without taking it. */
  inspectBody(): BodyFacts {
    const { inbox, decoder } = this;
    return {
      buffer: inbox.buffer,
      offset: inbox.start,
      length: inbox.length,
      complete: this.requestRead || this.#wholeBodyIn(inbox),
      announced:
        this.#session.requestHead.contentLength < 0
          ? decoder.bodyBytes
          : this.#session.requestHead.contentLength,
    };
  }

  /** A decoder of its own reads ahead on a copy: decoding moves bytes. */
  #wholeBodyIn(inbox: Inbox): boolean {
    const { framing, contentLength } = this.#session.requestHead;
    if (framing === 'length') return inbox.length >= contentLength;
    const ahead = new BodyDecoder();
    ahead.start(framing, contentLength);
    const copy = Buffer.from(inbox.buffer.subarray(inbox.start, inbox.end));
    ahead.decode(copy, 0, copy.length);
    return ahead.done || ahead.error !== 0;
  }

  /** While a request is served: a read stays armed, to notice the client leaving and to have its next request. */
  watch(): void {
    if (this.inbox.length === 0 && !this.ended) this.receive();
  }

  receive(): void {
    if (this.connection.receiving || this.connection.closed) return;
    this.inbox.detach();
    this.connection.receive();
  }

  // ── events ──

  onReceived(_connection: Connection, buffer: Buffer, offset: number, length: number): void {
    this.inbox.add(buffer, offset, length);
    this.#session.transaction.bytes.fromClient += length;
    if (this.#state < SERVING) this.readHeads();
    else if (this.#state === SERVING) this.#session.requestBytesArrived();
    else this.#discard();
  }

  #discard(): void {
    this.inbox.clear();
    this.connection.receive();
  }

  onSent(): void {
    this.#session.clientSent();
  }

  onEnd(): void {
    this.ended = true;
    if (this.#state === LEFT) this.connection.close();
    else this.#session.clientEnded();
  }

  onFailed(_connection: Connection, cause: Cause): void {
    if (this.#state === LEFT) this.connection.close();
    else this.#session.clientGone(cause);
  }

  onConnected(): void {
    throw new Error('an accepted connection does not connect');
  }

  /** Part of a head has been received. */
  get inHead(): boolean {
    return this.#state === READING_HEAD;
  }

  get awaiting(): boolean {
    return this.#state === AWAITING;
  }

  // ── time ──

  /** The client has to take what we send within its timeout. */
  expectToSend(): void {
    this.#arm(this.#session.transaction.timeout('client'));
  }

  #arm(delayMs: number): void {
    this.#session.thread.wheel.set(this.#timer, delayMs);
  }

  clearTimer(): void {
    this.#session.thread.wheel.clear(this.#timer);
  }

  #expired(): void {
    if (this.#state === AWAITING) this.#session.idleTimeout();
    else if (this.#state === READING_HEAD) this.#session.headTimeout();
    else if (this.#state === SERVING) this.#session.clientStalled();
    else this.connection.close();
  }

  // ── the end ──

  /**
   * Says goodbye: FIN, then what the client still sends is read and dropped for a while, so that no reset
   * destroys an answer it has not read yet.
   */
  leave(lingerMs: number): void {
    if (this.#state === LEFT || this.connection.closed) return;
    this.#state = LEFT;
    this.inbox.clear();
    if (this.ended || lingerMs === 0) return this.close();
    this.connection.shutdown();
    this.#arm(lingerMs);
    if (!this.connection.receiving) this.connection.receive();
  }

  close(): void {
    this.#state = LEFT;
    this.#session.thread.wheel.remove(this.#timer);
    this.inbox.clear();
    this.connection.close();
  }
}
