/**
 * One stream of an HTTP/2 connection to a server, as a connection of its own that speaks HTTP/1.1: the request that is
 * sent to it becomes HEADERS, DATA and trailers, what is received from it is the response in HTTP/1 framing. The mirror
 * of wire.ts; its connection is a server-link.ts, what comes back its server-response.ts.
 *
 *   send ─▶ head ─▶ HEADERS ─▶ body decoder ─▶ DATA … ─▶ trailers        fields, DATA ─▶ ServerResponse ─▶ onReceived
 *
 * A request that cannot be sent yet (the server's SETTINGS have not come, or it takes no more streams now) counts as
 * sent and waits, so that the server's timeout runs.
 */
import type { Cause } from '../../base/failure.ts';
import type { Http1RequestHead } from '../../http/request-head.ts';
import { CANCEL, INTERNAL_ERROR, NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM } from '../../http2/frames.ts';
import type { FieldSink } from '../../http2/hpack/decoder.ts';
import type { Session } from '../../http2/session.ts';
import type { ResetBy, Stream, StreamOwner } from '../../http2/stream.ts';
import type { BufferPool } from '../../net/buffer-pool.ts';
import type { CarriedFacts, Connection, ConnectionHandler, Endpoint } from '../../net/connection.ts';
import { UNSET } from '../../net/engines/unset-handler.ts';
import type { TlsFacts } from '../../net/tls/tls-facts.ts';
import type { LinkStream } from './link-stream.ts';
import { Http2RequestBody } from './request-body.ts';
import { readOwnRequest, type RequestAim, writeRequestBlock } from './request-block.ts';
import { HEADROOM } from './response-bytes.ts';
import { ServerResponse } from './server-response.ts';

/** What a stream needs of its connection. */
export interface WireCarrier extends CarriedFacts {
  readonly session: Session;
  readonly buffers: BufferPool;
  readonly fd: number;
  readonly tls: TlsFacts | undefined;
  /** Why it is of no use any more. */
  readonly lostBy: Cause;
  /** A stream may be opened now. */
  readonly mayOpen: boolean;
  /** It has a request that is to be sent when one may. */
  wait(wire: LinkStream): void;
  /** It has something to tell its handler. */
  due(wire: LinkStream): void;
  /** There is something to be sent. */
  wrote(): void;
  /** Its request is over. `rests`: all of its response is here, the server has only to say so. */
  left(wire: LinkStream, rests: boolean): void;
}

// where a request is
const HEAD = 0;
const WAITING = 1;
const BODY = 2;
const TUNNEL = 3;

const NOTHING: Buffer = Buffer.alloc(0);

let lastId = 0;

export class Http2ServerWire implements Connection, StreamOwner, LinkStream {
  readonly id = ++lastId;
  handler: ConnectionHandler = UNSET;
  remote: Endpoint;
  local: Endpoint;
  readonly headroom = HEADROOM;
  bytesIn = 0;
  bytesOut = 0;
  receiving = false;
  sending = false;
  closed = false;
  /** It is among those that have something to tell. */
  isDue = false;
  /** What the server has reset it with; -1: it has not. */
  rstCode = -1;
  readonly carrier: WireCarrier;
  /** In the wheel's milliseconds. */
  readonly begunAt: number;
  readonly #aim: RequestAim | undefined;
  readonly #response: ServerResponse;
  #stream: Stream | undefined;
  // the request
  #request = HEAD;
  #held = NOTHING;
  #body: Http2RequestBody | undefined;
  #hasSent = false;
  #takesNoMore = false;
  #failure: Cause | undefined;

  constructor(
    carrier: WireCarrier,
    ends: { readonly remote: Endpoint; readonly local: Endpoint },
    aim: RequestAim | undefined,
    begunAt: number,
  ) {
    this.begunAt = begunAt;
    this.carrier = carrier;
    this.remote = ends.remote;
    this.local = ends.local;
    this.#aim = aim;
    this.#response = new ServerResponse(carrier.buffers);
  }

  /** Of the whole connection. */
  get fd(): number {
    return this.closed ? -1 : this.carrier.fd;
  }

  get tls(): TlsFacts | undefined {
    return this.carrier.tls;
  }

  get streamId(): number {
    return this.#stream?.id ?? 0;
  }

  /** Some of a response has come, or the server has said that there is none. */
  get isAnswered(): boolean {
    return this.#response.hasBegun || this.#failure !== undefined;
  }

  get stream(): Stream | undefined {
    return this.#stream;
  }

  // ── the request ──

  send(buffer: Buffer, offset: number, length: number): void {
    if (this.sending) throw new Error('a send is already pending');
    if (this.closed) return;
    this.sending = true;
    if (this.#failure !== undefined) return this.carrier.due(this);
    this.bytesOut += length;
    if (this.#request === HEAD) this.#begin(buffer, offset, offset + length);
    // more of an upload is taken when it can leave
    else if (this.#request === WAITING)
      this.#held = Buffer.concat([this.#held, buffer.subarray(offset, offset + length)]);
    else this.#sendOn(buffer, offset, offset + length);
  }

  #begin(buffer: Buffer, start: number, end: number): void {
    if (this.carrier.mayOpen) return this.#open(buffer, start, end);
    this.#request = WAITING;
    this.#held = Buffer.from(buffer.subarray(start, end));
    this.carrier.wait(this);
    this.#sent();
  }

  /** It is its turn. */
  opens(): void {
    const held = this.#held;
    this.#held = NOTHING;
    this.#open(held, 0, held.length);
  }

  #open(buffer: Buffer, start: number, end: number): void {
    const { session } = this.carrier;
    const request = readOwnRequest(buffer, start, end);
    if (request === undefined || !this.#canBeTold(request)) return this.#cannotOpen();
    const isTunnel = request.method === 'CONNECT' || request.wantsUpgrade;
    this.#response.answers(request, isTunnel);
    const stream = session.openStream();
    this.#stream = stream;
    stream.owner = this;
    writeRequestBlock(session.block, request, this.#aim);
    const ends = !isTunnel && request.framing === 'none';
    if (!session.endBlock(stream, ends)) return this.#giveUp(INTERNAL_ERROR);
    this.#request = isTunnel ? TUNNEL : BODY;
    if (!ends) this.#body = new Http2RequestBody(session, stream, request, isTunnel);
    this.#sendOn(buffer, start + request.headers.length, end);
  }

  /** An upgrade needs a server that knows of them, and has no body (RFC 8441). */
  #canBeTold(request: Http1RequestHead): boolean {
    if (!request.wantsUpgrade) return true;
    return this.carrier.session.peer.takesConnect && request.framing === 'none';
  }

  /**
   * The server hears of a stream that was given up, as from HAProxy. One that is strict about it ends the connection: not
   * where others are on it.
   */
  #cannotOpen(): void {
    const { session } = this.carrier;
    if (session.openStreams === 0) {
      session.reset(session.openStream(), CANCEL);
      this.carrier.wrote();
    }
    this.#fail('reset');
  }

  #sendOn(buffer: Buffer, start: number, end: number): void {
    const body = this.#body;
    if (body === undefined || body.send(buffer, start, end)) this.#sent();
    this.carrier.wrote();
  }

  /** StreamOwner: all of the last piece is framed. */
  dataSent(): void {
    if (!this.closed && this.#body?.sent() === true) this.#sent();
  }

  #sent(): void {
    if (!this.sending) return;
    // the handler hears of it when nothing of the session is under way
    this.#hasSent = true;
    this.carrier.due(this);
  }

  // ── the response ──

  fieldsBegin(): FieldSink {
    return this.#response.fieldsBegin();
  }

  fieldsEnd(endStream: boolean, tooLarge: boolean): void {
    const flaw = this.#response.fieldsEnd(this.#stream as Stream, endStream, tooLarge);
    if (flaw === NO_ERROR) this.carrier.due(this);
    else this.#refuseAnswer(flaw);
  }

  dataArrived(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    const stream = this.#stream as Stream;
    const response = this.#response;
    if (!response.hasBegun) return this.#refuseAnswer(PROTOCOL_ERROR);
    if (!response.takes(stream, bytes, start, end)) this.carrier.session.consumed(stream, end - start);
    if (endStream) response.ends('');
    this.carrier.due(this);
  }

  streamReset(code: number, by: ResetBy): void {
    if (by === 'peer' || by === 'refused') this.rstCode = code;
    if (this.#response.isWhole && (code === NO_ERROR || this.#response.hasEnded)) return this.#stopsUpload();
    if (by === 'refused' || (by === 'peer' && code === REFUSED_STREAM)) this.#fail('refused');
    else if (by === 'lost') this.#fail(this.carrier.lostBy);
    else this.#fail(by === 'us' ? 'invalid' : 'reset');
  }

  /** It has answered, and wants no more of the request (RFC 9113 section 8.1). */
  #stopsUpload(): void {
    if (this.#body === undefined || this.#body.done) return;
    this.#takesNoMore = true;
    this.carrier.due(this);
  }

  /** The connection is gone, or takes no more streams, before the request was sent. */
  refuse(): void {
    this.#fail('refused');
  }

  #giveUp(code: number): void {
    if (this.#stream !== undefined) this.carrier.session.reset(this.#stream, code);
    this.carrier.wrote();
    this.#fail('reset');
  }

  /** The server's error costs it the stream, and counts. */
  #refuseAnswer(code: number): void {
    this.carrier.session.streamError(this.#stream as Stream, code, 'malformed response');
    this.carrier.wrote();
  }

  #fail(cause: Cause): void {
    this.#failure ??= cause;
    this.carrier.due(this);
  }

  // ── what the handler hears ──

  receive(): void {
    if (this.receiving) throw new Error('a receive is already pending');
    if (this.closed) return;
    this.receiving = true;
    this.#giveWindow();
    if (!this.#response.bytes.isEmpty || this.#failure !== undefined || this.#hasSaidAll())
      this.carrier.due(this);
  }

  /** What was taken is used up: the server may send as much again. */
  #giveWindow(): void {
    const { bytes } = this.#response;
    if (bytes.content === 0) return;
    this.carrier.session.consumed(this.#stream as Stream, bytes.content);
    bytes.content = 0;
    this.carrier.wrote();
  }

  #hasSaidAll(): boolean {
    return this.#takesNoMore || (this.#response.hasEnded && this.#request === TUNNEL);
  }

  /** The session is at rest: events are told. Each may be the last. */
  tell(): void {
    this.isDue = false;
    if (this.#hasSent && !this.closed) {
      this.#hasSent = this.sending = false;
      this.handler.onSent(this);
    }
    if (this.closed) return;
    const { bytes } = this.#response;
    if (this.receiving && !bytes.isEmpty) {
      bytes.take();
      this.receiving = false;
      this.bytesIn += bytes.end - bytes.start;
      this.handler.onReceived(this, bytes.buffer, bytes.start, bytes.end - bytes.start);
    } else if (this.#failure !== undefined && bytes.isEmpty && (this.receiving || this.sending)) {
      this.receiving = this.sending = false;
      this.handler.onFailed(this, this.#failure);
    } else if (this.receiving && bytes.isEmpty && this.#hasSaidAll()) {
      this.receiving = false;
      this.handler.onEnd(this);
    }
  }

  // ── the end ──

  /** In a tunnel: no more bytes. Otherwise whoever asked has left, and wants no answer. */
  shutdown(): void {
    if (this.closed || this.#failure !== undefined) return;
    if (this.#request === TUNNEL) {
      this.#body?.end();
      this.carrier.wrote();
    } else this.#giveUp(CANCEL);
  }

  /** All of the response is with the client: what was received is not needed any more. */
  finish(): void {
    if (this.closed) return;
    this.#response.bytes.release();
    this.close();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.receiving = this.sending = false;
    this.#response.drop();
    const isSent = this.#stream !== undefined && (this.#body === undefined || this.#body.done);
    this.carrier.left(this, isSent && this.#response.isWhole && this.#failure === undefined);
  }

  reset(): void {
    this.close();
  }
}
