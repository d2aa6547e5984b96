/**
 * One request of an HTTP/2 connection, from its head to its end, as its stream sees the client (RFC 9113 section 8.1).
 * What http-session.ts is for a connection of HTTP/1, for one request that comes by itself.
 */
import type { Cause } from '../base/failure.ts';
import { latin1Write } from '../base/latin1.ts';
import type { Http2Request } from '../http/http2-request.ts';
import { parseRequestHead } from '../http/request-parser.ts';
import type { Connection, ConnectionHandler } from '../net/connection.ts';
import { Timer } from '../net/timer-wheel.ts';
import type { Http2StreamFacts } from './http2-facts.ts';
import type { Http2Wire } from './http2-wire.ts';
import type { HttpStream } from './http-stream.ts';
import { Inbox } from './inbox.ts';
import type { PrivateConnections } from './private-connections.ts';
import type { ListenerRuntime } from './runtime.ts';
import type { StreamClient } from './stream-client.ts';
import type { StreamPool } from './stream-pool.ts';

/** In front of a head, for what rules add to it. */
const HEADROOM = 256;

/** The connection, as its requests see it. */
export interface Http2Connection {
  readonly streams: StreamPool;
  readonly listener: ListenerRuntime;
  privateConnections: PrivateConnections | undefined;
  /** Requests before that one. */
  readonly served: number;
  readonly requestTimeoutMs: number;
  requestOver(client: Http2Client): void;
  /** `silent-drop`: nobody is told anything, of none of its requests. */
  vanish(): void;
}

export class Http2Client implements ConnectionHandler, StreamClient {
  readonly listener: ListenerRuntime;
  readonly facts: Http2StreamFacts;
  readonly connection: Http2Wire;
  readonly inbox = new Inbox();
  /** FIN has another meaning here: of a request all has come, or its stream is gone. */
  readonly ended = false;
  readonly served: number;
  readonly #owner: Http2Connection;
  readonly #timer: Timer;
  #stream: HttpStream;

  constructor(owner: Http2Connection, facts: Http2StreamFacts, connection: Http2Wire) {
    this.#owner = owner;
    this.listener = owner.listener;
    this.served = owner.served;
    this.facts = facts;
    this.connection = connection;
    this.#timer = new Timer(() => this.#expired());
    this.#stream = owner.streams.take();
    connection.handler = this;
  }

  start({ head, target }: Http2Request): void {
    const stream = this.#stream;
    stream.begin(this);
    stream.requestStarted();
    const buffer = Buffer.allocUnsafe(HEADROOM + head.length);
    const end = HEADROOM + latin1Write(buffer, head, HEADROOM);
    const { limits } = this.listener.frontend;
    const consumed = parseRequestHead(buffer, HEADROOM, end, stream.requestHead, limits);
    if (consumed === 0) stream.clientTrouble.headTooLarge();
    else if (consumed < 0) stream.clientTrouble.headInvalid(consumed);
    else {
      stream.requestHead.headers.headroom = HEADROOM;
      stream.requestHead.receivedByHttp2(target);
      stream.requestArrived(consumed);
    }
  }

  get requestTimeoutMs(): number {
    return this.#owner.requestTimeoutMs;
  }

  get privateConnections(): PrivateConnections | undefined {
    return this.#owner.privateConnections;
  }

  set privateConnections(connections: PrivateConnections | undefined) {
    this.#owner.privateConnections = connections;
  }

  // ── what the stream tells, and asks for ──

  expect(timeoutMs: number): void {
    this.#owner.streams.thread.wheel.set(this.#timer, timeoutMs);
  }

  clearTimer(): void {
    this.#owner.streams.thread.wheel.clear(this.#timer);
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

  requestFinished(): void {
    this.connection.finish();
    this.#over();
  }

  requestAborted(): void {
    this.connection.close();
    this.#over();
  }

  vanish(): void {
    this.#owner.vanish();
  }

  #over(): void {
    const { streams } = this.#owner;
    streams.thread.wheel.remove(this.#timer);
    this.inbox.clear();
    streams.give(this.#stream);
    this.facts.end();
    this.#owner.requestOver(this);
  }

  // ── events ──

  onReceived(_connection: Connection, buffer: Buffer, offset: number, length: number): void {
    this.inbox.add(buffer, offset, length);
    this.#stream.requestBytesArrived();
  }

  onSent(): void {
    this.#stream.clientSent();
  }

  onEnd(): void {
    this.#stream.clientTrouble.ended();
  }

  onFailed(_connection: Connection, cause: Cause): void {
    this.#stream.clientTrouble.gone(cause);
  }

  onConnected(): void {
    throw new Error('a stream of a client does not connect');
  }

  #expired(): void {
    this.#stream.clientTrouble.stalled();
  }
}
