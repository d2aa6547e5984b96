/**
 * One stream of an HTTP/2 connection from a client, as a connection of its own that speaks HTTP/1.1: what is received
 * from it is the body in HTTP/1 framing, what is sent to it are HTTP/1 responses, which become HEADERS, DATA and
 * trailers. client.ts has one; the head of the request goes to it directly.
 *
 *   DATA ─▶ upload ─▶ onReceived          send ─▶ head ─▶ HEADERS ─▶ body decoder ─▶ DATA … ─▶ trailers
 *
 * onSent tells that the session has framed what was sent, which it does as the windows of the client allow and as its
 * socket takes it: so flow control reaches the server (RFC 9113 section 5.2).
 */
import type { Cause } from '../../base/failure.ts';
import { BodyDecoder, type ContentSink } from '../../http/body-decoder.ts';
import type { HeadLimits } from '../../http/head-limits.ts';
import { Http1ResponseHead } from '../../http/response-head.ts';
import { parseResponseHead } from '../../http/response-parser.ts';
import { findTrailerEnd, foundTrailers } from '../../http/trailers.ts';
import { CANCEL, INTERNAL_ERROR, NO_ERROR, PROTOCOL_ERROR } from '../../http2/frames.ts';
import type { FieldSink } from '../../http2/hpack/decoder.ts';
import type { RequestReader } from '../../http2/request-reader.ts';
import { writeHead, writeTrailers } from '../../http2/response-writer.ts';
import type { Session } from '../../http2/session.ts';
import type { ResetBy, Stream, StreamOwner } from '../../http2/stream.ts';
import { TrailerReader } from '../../http2/trailer-reader.ts';
import type { Connection, ConnectionHandler, Endpoint } from '../../net/connection.ts';
import { UNSET } from '../../net/engines/unset-handler.ts';
import { type AfterTurn, afterTurn } from '../after-turn.ts';
import { Upload } from './upload.ts';

/** What is read here has been rendered here. */
const OWN_HEADS: HeadLimits = { maxHeadBytes: Infinity, maxHeaders: 0x7fff };
/** With `accept-unsafe-violations-in-http-response`. */
const UNSAFE_HEADS: HeadLimits = { ...OWN_HEADS, relaxed: true };
const NOTHING: Buffer = Buffer.alloc(0);
const MOST_STATUS = 999;
/** Its bytes but for the reason, and those of the line that ends a head. */
const STATUS_LINE = 'HTTP/1.1 200 \r\n\r\n'.length;

// where a response is
const HEAD = 0;
const BODY = 1;
const TUNNEL = 2;
const ENDED = 3;

/** One at a time is read, and used up at once. */
const head = new Http1ResponseHead();
const trailers = new TrailerReader();

/** What a stream needs of its connection. */
export interface WireHost {
  readonly session: Session;
  readonly fd: number;
  /** Something was written for the client. */
  written(): void;
}

export class Http2Wire implements Connection, ContentSink, StreamOwner, AfterTurn {
  id = 0;
  handler: ConnectionHandler = UNSET;
  remote: Endpoint = NOWHERE;
  local: Endpoint = NOWHERE;
  bytesIn = 0;
  bytesOut = 0;
  receiving = false;
  sending = false;
  closed = true;
  /** What the client has reset it with; -1: it has not. */
  resetCode = -1;
  #host: WireHost | undefined;
  #stream: Stream | undefined;
  #method = '';
  #upgrades = false;
  #hasBody = false;
  #isTunnelled = false;
  readonly #decoder = new BodyDecoder();
  readonly #upload = new Upload();
  #phase = HEAD;
  /** Trailers that follow what is being sent, as a section of HTTP/1. */
  #trailers: Buffer | undefined;
  #isLate = false;
  #failure: Cause | undefined;

  /** Serves another stream from now on. */
  begin(host: WireHost, stream: Stream, request: RequestReader, remote: Endpoint, local: Endpoint): void {
    this.#host = host;
    this.#stream = stream;
    this.id = stream.id;
    this.remote = remote;
    this.local = local;
    this.#method = request.upgrades ? 'GET' : request.method;
    this.#upgrades = request.upgrades;
    this.#hasBody = request.body !== 'none';
    this.#isTunnelled = request.body === 'tunnel';
    this.bytesIn = this.bytesOut = 0;
    this.receiving = this.sending = this.closed = this.#isLate = false;
    this.#phase = HEAD;
    this.resetCode = -1;
    this.#trailers = this.#failure = undefined;
    if (this.#hasBody) this.#upload.begin(request.body === 'chunked');
    if (this.#hasBody && stream.remoteEnded) this.#upload.finish('');
  }

  /** Of the whole connection. */
  get fd(): number {
    return this.closed ? -1 : (this.#host as WireHost).fd;
  }

  /** The client has reset it, or is gone. */
  get isGone(): boolean {
    return this.#failure !== undefined;
  }

  // ── the request's body ──

  receive(): void {
    if (this.receiving) throw new Error('a receive is already pending');
    if (this.closed) return;
    this.receiving = true;
    if (this.#hasBody) this.#consume();
    if (this.#upload.ready || this.#failure !== undefined || this.#peerHasEnded()) this.#deliverLater();
  }

  #consume(): void {
    const host = this.#host as WireHost;
    host.session.consumed(this.#stream as Stream, this.#upload.release());
    host.written();
  }

  #peerHasEnded(): boolean {
    return this.#isTunnelled && this.#upload.done;
  }

  dataArrived(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    if (this.closed) return;
    this.bytesIn += end - start;
    this.#upload.add(bytes, start, end);
    if (endStream) this.#upload.finish('');
    if (this.receiving) this.#deliver();
  }

  fieldsBegin(): FieldSink {
    return trailers.begin();
  }

  fieldsEnd(_endStream: boolean, tooLarge: boolean): void {
    const { session } = this.#host as WireHost;
    const problem = tooLarge ? 'trailers too large' : trailers.malformed;
    if (problem !== '') return session.streamError(this.#stream as Stream, PROTOCOL_ERROR, problem);
    if (this.closed) return;
    this.#upload.finish(trailers.lines);
    if (this.receiving) this.#deliver();
  }

  #deliverLater(): void {
    if (this.#isLate) return;
    this.#isLate = true;
    afterTurn(this);
  }

  turnOver(): void {
    this.#isLate = false;
    this.#deliver();
  }

  /** What was asked for and is there. */
  #deliver(): void {
    if (this.closed) return;
    if (this.#failure !== undefined && (this.sending || this.receiving)) return this.#tell();
    if (!this.receiving) return;
    const upload = this.#upload;
    if (upload.ready) {
      upload.take();
      this.receiving = false;
      this.handler.onReceived(this, upload.buffer, upload.start, upload.end - upload.start);
    } else if (this.#peerHasEnded()) {
      this.receiving = false;
      this.handler.onEnd(this);
    }
  }

  // ── the response ──

  send(buffer: Buffer, offset: number, length: number): void {
    if (this.sending) throw new Error('a send is already pending');
    if (this.closed) return;
    this.sending = true;
    if (this.#failure !== undefined) return this.#deliverLater();
    const end = offset + length;
    let at = offset;
    while (this.#phase === HEAD && at < end) at = this.#sendHead(buffer, at, end);
    if (this.#phase === TUNNEL && at < end) this.#write(buffer, at, end, false);
    else if (this.#phase === BODY && at < end) this.#sendBody(buffer, at, end);
    else this.#sent();
  }

  /** Gives where the head ends, and what came of its body behind it when all of that went along. */
  #sendHead(buffer: Buffer, from: number, end: number): number {
    let length = parseResponseHead(buffer, from, end, head, OWN_HEADS);
    if (length <= 0) length = this.#unsafeHead(buffer, from, end);
    // a rule has written a field that is none, or switches to what nobody has asked for
    if (length <= 0 || head.status > MOST_STATUS || (head.status === 101 && !this.#upgrades)) {
      this.#giveUp();
      return end;
    }
    const { status } = head;
    if (status === 101) this.#startTunnel(200);
    else if (status < 200) this.#respond(head, status, false);
    else if (this.#method === 'CONNECT' && status < 300) this.#startTunnel(status);
    else return this.#startBody(from + length, end);
    return from + length;
  }

  /** Bytes that HTTP/2 takes as well: all but NUL. */
  #unsafeHead(buffer: Buffer, from: number, end: number): number {
    const length = parseResponseHead(buffer, from, end, head, UNSAFE_HEADS);
    const nul = length > 0 ? buffer.indexOf(0, from) : -1;
    return nul < 0 || nul >= from + length ? length : -1;
  }

  #startTunnel(status: number): void {
    this.#phase = TUNNEL;
    head.dropLengths();
    this.#respond(head, status, false, this.#upgrades ? 'sec-websocket-accept' : '');
  }

  #startBody(at: number, end: number): number {
    head.resolveFraming(this.#method, 11);
    this.#begin(head);
    return this.#phase === ENDED ? end : at;
  }

  /** A head that was not rendered, whose framing is known. Gives the bytes it would have had. */
  sendHead(final: Http1ResponseHead): number {
    if (this.closed || this.#failure !== undefined) return 0;
    if (final.status > MOST_STATUS) {
      this.#giveUp();
      return 0;
    }
    return this.#begin(final) + STATUS_LINE + final.reason.length;
  }

  #begin(final: Http1ResponseHead): number {
    const decoder = this.#decoder;
    const { framing, status, contentLength } = final;
    const isBare = framing === 'none' || status === 205;
    this.#phase = isBare ? ENDED : BODY;
    if (!isBare) decoder.start(framing, contentLength, 'content');
    if (framing === 'chunked') decoder.sink = this;
    return this.#respond(final, status, isBare);
  }

  #respond({ headers }: Http1ResponseHead, status: number, isLast: boolean, without = ''): number {
    const { session } = this.#host as WireHost;
    const bytes = writeHead(session.block, status, headers, without);
    this.#endBlock(isLast);
    return bytes;
  }

  #endBlock(isLast: boolean): void {
    const host = this.#host as WireHost;
    if (!host.session.endBlock(this.#stream as Stream, isLast)) this.#giveUp();
    host.written();
  }

  #giveUp(): void {
    this.#phase = ENDED;
    this.#reset(INTERNAL_ERROR);
  }

  #sendBody(buffer: Buffer, at: number, end: number): void {
    const decoder = this.#decoder;
    decoder.decode(buffer, at, end);
    const { outStart, outEnd, done } = decoder;
    if (done) this.#phase = ENDED;
    const ends = done && this.#trailers === undefined;
    if (outEnd > outStart || ends) this.#write(buffer, outStart, outEnd, ends);
    else this.dataSent();
  }

  #write(buffer: Buffer, start: number, end: number, isLast: boolean): void {
    const host = this.#host as WireHost;
    this.bytesOut += end - start;
    const isFramed = host.session.send(this.#stream as Stream, buffer, start, end, isLast);
    host.written();
    if (isFramed) this.dataSent();
  }

  dataSent(): void {
    if (this.closed) return;
    if (this.#trailers !== undefined) this.#sendTrailers(this.#trailers);
    if (this.sending) this.#sent();
  }

  #sent(): void {
    this.sending = false;
    this.handler.onSent(this);
  }

  /** The body decoder's: the bytes lie in what it gives out. */
  content(): void {}
  end(): void {}

  /** They are checked by then. What lies in the slice may be sent away before they are due. */
  trailers(buffer: Buffer, start: number, end: number): void {
    if (end > start) this.#trailers = Buffer.from(buffer.subarray(start, end + 2));
  }

  #sendTrailers(section: Buffer): void {
    this.#trailers = undefined;
    const { session } = this.#host as WireHost;
    if (findTrailerEnd(section, 0, section.length) <= 0) return this.#giveUp();
    const found = foundTrailers(section, 0, section.length);
    if (found.count === 0) session.send(this.#stream as Stream, NOTHING, 0, 0, true);
    else {
      writeTrailers(session.block, found);
      this.#endBlock(true);
    }
  }

  // ── the end ──

  /** The client does not want this stream any more, has broken it, or is gone. */
  streamReset(code: number, by: ResetBy): void {
    if (by === 'peer') this.resetCode = code;
    if (this.closed || this.#failure !== undefined) return;
    this.#failure = 'reset';
    if (this.sending || this.receiving) this.#tell();
  }

  #tell(): void {
    this.receiving = this.sending = false;
    this.handler.onFailed(this, this.#failure as Cause);
  }

  /** Behind a tunnel's bytes. */
  shutdown(): void {
    if (!this.closed && this.#phase === TUNNEL) this.#endStream();
  }

  #endStream(): void {
    const host = this.#host as WireHost;
    this.#phase = ENDED;
    host.session.send(this.#stream as Stream, NOTHING, 0, 0, true);
    host.written();
  }

  /** The response is with the client, as far as anybody will ever have it. What is left of the request is not wanted. */
  finish(): void {
    if (this.closed) return;
    // a rule has made an interim response of the last one
    if (this.#phase === HEAD) return this.close();
    if (this.#phase === BODY) this.#endStream();
    this.close();
  }

  /** Both ways. A response that is not whole must not pass for one. */
  close(): void {
    if (this.closed) return;
    const isWhole =
      this.#phase === ENDED && !(this.#stream as Stream).sending && this.#trailers === undefined;
    this.closed = true;
    this.receiving = this.sending = false;
    this.#upload.stop();
    this.#reset(isWhole ? NO_ERROR : this.#phase === HEAD ? INTERNAL_ERROR : CANCEL);
    (this.#stream as Stream).owner = undefined;
  }

  reset(): void {
    this.close();
  }

  /** Its client is told so, before it is closed. */
  refuse(code: number): void {
    if (!this.closed) this.#reset(code);
  }

  /** Nothing, where both sides have ended. */
  #reset(code: number): void {
    const host = this.#host as WireHost;
    host.session.reset(this.#stream as Stream, code);
    host.written();
  }
}

const NOWHERE: Endpoint = { family: 0, host: '', port: 0 };
