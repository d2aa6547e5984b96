/**
 * One request of an HTTP/2 connection, from its head to its end, as its stream sees the client (RFC 9113 section 8.1).
 * What http-session.ts is for a connection of HTTP/1, for one request that comes by itself. Pooled: begin() makes one as
 * good as new.
 */
import type { Cause } from '../../base/failure.ts';
import { parseRequestHead } from '../../http/request-parser.ts';
import type { Http1ResponseHead } from '../../http/response-head.ts';
import { ENHANCE_YOUR_CALM } from '../../http2/frames.ts';
import { HEADROOM, type RequestReader } from '../../http2/request-reader.ts';
import type { Stream } from '../../http2/stream.ts';
import type { Connection, ConnectionHandler, Endpoint } from '../../net/connection.ts';
import { Timer } from '../../net/timer-wheel.ts';
import { type Http2Counts, Http2StreamFacts } from './facts.ts';
import { Http2Wire, type WireHost } from './wire.ts';
import type { ClientConnectionFacts } from '../client/client-facts.ts';
import type { HttpStream } from '../http-stream.ts';
import { Inbox } from '../client/inbox.ts';
import type { PrivateConnections } from '../server/private-connections.ts';
import type { ListenerRuntime } from '../runtime/runtime.ts';
import type { StreamClient } from '../client/stream-client.ts';
import type { StreamPool } from '../stream-pool.ts';

/** The connection, as its requests see it. */
export interface Http2Connection extends WireHost, Http2Counts {
  readonly streams: StreamPool;
  readonly listener: ListenerRuntime;
  readonly facts: ClientConnectionFacts;
  readonly remote: Endpoint;
  readonly local: Endpoint;
  privateConnections: PrivateConnections | undefined;
  requestOver(client: Http2Client): void;
  /** `silent-drop`: nobody is told anything, of none of its requests. */
  vanish(): void;
  /** `reject`: it is told, and served no more. */
  dismiss(): void;
}

export class Http2Client implements ConnectionHandler, StreamClient {
  readonly connection = new Http2Wire();
  readonly inbox = new Inbox();
  readonly facts = new Http2StreamFacts(this.connection);
  /** FIN has another meaning here: of a request all has come, or its stream is gone. */
  readonly ended = false;
  readonly isFirst = false;
  /** A stream that is reset was perhaps refused by somebody else: clients are told of a server that failed. */
  readonly sendsAgain = false;
  readonly timer = new Timer(() => this.#expired());
  /** Who came behind it, until it is started. */
  next: Http2Client | undefined = undefined;
  #owner: Http2Connection | undefined;
  #stream: HttpStream | undefined;
  // the head of the request, until it is started
  #head: Buffer | undefined;
  #headStart = 0;
  #headEnd = 0;
  #target = '';
  #lineError = 0;
  #isTooLarge = false;

  /** Its head is complete, and kept; nothing is done with it yet. */
  begin(owner: Http2Connection, stream: Stream, request: RequestReader, isTooLarge: boolean): void {
    this.#owner = owner;
    this.connection.begin(owner, stream, request, owner.remote, owner.local);
    this.connection.handler = this;
    this.#head = request.buffer;
    this.#headStart = request.start;
    this.#headEnd = request.end;
    this.#target = request.target;
    this.#lineError = request.lineError;
    this.#isTooLarge = isTooLarge;
  }

  /** False: nobody waits for it any more. */
  start(): boolean {
    const owner = this.#owner as Http2Connection;
    const { connection } = this;
    const head = this.#head as Buffer;
    this.#head = undefined;
    if (connection.isGone) {
      connection.close();
      return false;
    }
    const { thread } = owner.streams;
    this.facts.begin(owner.facts, owner, thread.timeOfDay(), thread.wheel.now);
    const stream = owner.streams.take();
    this.#stream = stream;
    stream.begin(this);
    stream.requestStarted();
    this.#readHead(stream, head);
    return true;
  }

  #readHead(stream: HttpStream, head: Buffer): void {
    const { clientTrouble, requestHead } = stream;
    if (this.#isTooLarge) return clientTrouble.headTooLarge();
    const { limits } = this.listener.frontend;
    const consumed = parseRequestHead(head, this.#headStart, this.#headEnd, requestHead, limits);
    if (consumed === 0) clientTrouble.headTooLarge();
    else if (consumed < 0) clientTrouble.headInvalid(consumed);
    else if (this.#lineError !== 0) clientTrouble.headInvalid(this.#lineError);
    else {
      requestHead.headers.headroom = HEADROOM;
      requestHead.receivedByHttp2(this.#target);
      stream.requestArrived(consumed);
    }
  }

  get listener(): ListenerRuntime {
    return (this.#owner as Http2Connection).listener;
  }

  get privateConnections(): PrivateConnections | undefined {
    return this.#owner?.privateConnections;
  }

  set privateConnections(connections: PrivateConnections | undefined) {
    (this.#owner as Http2Connection).privateConnections = connections;
  }

  // ── what the stream tells, and asks for ──

  expect(timeoutMs: number): void {
    (this.#owner as Http2Connection).streams.thread.wheel.set(this.timer, timeoutMs);
  }

  clearTimer(): void {
    this.#owner?.streams.thread.wheel.clear(this.timer);
  }

  watch(): void {
    if (this.inbox.length === 0) this.receive();
  }

  receive(): void {
    const { connection } = this;
    if (connection.receiving || connection.closed) return;
    this.inbox.detach();
    connection.receive();
  }

  sendHead(head: Http1ResponseHead): number {
    return this.connection.sendHead(head);
  }

  requestFinished(): void {
    this.connection.finish();
    this.#over();
  }

  requestAborted(): void {
    this.connection.close();
    this.#over();
  }

  vanish(): void {
    this.#owner?.vanish();
  }

  dismiss(): void {
    this.connection.refuse(ENHANCE_YOUR_CALM);
    this.#owner?.dismiss();
  }

  #over(): void {
    const owner = this.#owner as Http2Connection;
    const { streams } = owner;
    streams.thread.wheel.remove(this.timer);
    this.inbox.clear();
    streams.give(this.#stream as HttpStream);
    this.facts.end();
    this.#owner = this.#stream = undefined;
    owner.requestOver(this);
  }

  // ── events ──

  onReceived(_connection: Connection, buffer: Buffer, offset: number, length: number): void {
    this.inbox.add(buffer, offset, length);
    this.#stream?.requestBytesArrived();
  }

  onSent(): void {
    this.#stream?.clientSent();
  }

  onEnd(): void {
    this.#stream?.clientTrouble.ended();
  }

  onFailed(_connection: Connection, cause: Cause): void {
    this.#stream?.clientTrouble.gone(cause);
  }

  onConnected(): void {
    throw new Error('a stream of a client does not connect');
  }

  #expired(): void {
    this.#stream?.clientTrouble.stalled();
  }
}
