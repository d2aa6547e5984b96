/**
 * One stream of an HTTP/2 connection from a client, as a connection of its own that speaks HTTP/1.1: what is received
 * from it is the body in HTTP/1 framing, what is sent to it are HTTP/1 responses, which become HEADERS, DATA and
 * trailers. http2-client.ts has one for each request; the head of the request goes to it directly.
 *
 *   DATA ─▶ (chunk) ─▶ onReceived          send ─▶ head ─▶ respond() ─▶ body decoder ─▶ write() … ─▶ trailers, end()
 *
 * Small pieces of a body are copied and count as sent at once, as long as not much has piled up; of all others onSent
 * tells that the socket has taken them, so that flow control of the stream reaches the server (RFC 9113 section 5.2).
 */
import type { ServerHttp2Stream } from 'node:http2';
import { BodyDecoder, type ContentSink } from '../http/body-decoder.ts';
import type { HeadLimits } from '../http/head-limits.ts';
import type { HeaderList } from '../http/header-list.ts';
import type { Http2Request } from '../http/http2-request.ts';
import { http2Fields, type Http2Fields, http2Trailers, joinRepeated } from '../http/http2-response.ts';
import { Http1ResponseHead } from '../http/response-head.ts';
import { parseResponseHead } from '../http/response-parser.ts';
import { foundTrailers } from '../http/trailers.ts';
import { latin1Write } from '../base/latin1.ts';
import type { Cause } from '../base/failure.ts';
import type { Connection, ConnectionHandler, Endpoint } from '../net/connection.ts';
import { UNSET } from '../net/engines/unset-handler.ts';

/** RFC 9113 section 7. */
export const NO_ERROR = 0x0;
export const PROTOCOL_ERROR = 0x1;

/** Pieces up to this size are copied, as long as less than four of them wait. */
const SMALL = 16_384;
const PILED_UP = 4 * SMALL;

const NO_BODY = new Set([204, 205, 304]);
/** What is read here has been rendered here. */
const OWN_HEADS: HeadLimits = { maxHeadBytes: Infinity, maxHeaders: 0x7fff };
/** With `accept-unsafe-violations-in-http-response`. */
const UNSAFE_HEADS: HeadLimits = { ...OWN_HEADS, relaxed: true };
const LAST_CHUNK = Buffer.from('0\r\n\r\n', 'latin1');

// where a response is
const HEAD = 0;
const BODY = 1;
const TUNNEL = 2;
const ENDED = 3;

/** One at a time is read, and used up at once. */
const head = new Http1ResponseHead();

/** What a stream needs of its connection. */
export interface WireHost {
  readonly fd: number;
  /** The client has taken something. */
  progressed(): void;
  /** Resets a stream whose response is not whole. */
  cut(stream: ServerHttp2Stream): void;
}

interface OwnedStream extends ServerHttp2Stream {
  wire: Http2Wire;
}

export class Http2Wire implements Connection, ContentSink {
  readonly id: number;
  handler: ConnectionHandler = UNSET;
  remote: Endpoint;
  local: Endpoint;
  bytesIn = 0;
  bytesOut = 0;
  receiving = false;
  sending = false;
  closed = false;
  readonly #host: WireHost;
  readonly #stream: ServerHttp2Stream;
  readonly #request: Http2Request;
  readonly #method: string;
  readonly #decoder = new BodyDecoder();
  #phase = HEAD;
  #hasTrailers = false;
  #trailers: Http2Fields | undefined;
  /** Bytes given to the stream, and not yet to the socket. */
  #piled = 0;
  #cutsWhenTaken = false;
  /** Came before it was asked for. */
  #ahead: Buffer | undefined;
  #peerEnded = false;
  #lastChunk: Buffer | undefined;
  #failure: Cause | undefined;

  constructor(
    host: WireHost,
    stream: ServerHttp2Stream,
    request: Http2Request,
    ends: { readonly remote: Endpoint; readonly local: Endpoint },
  ) {
    this.#host = host;
    this.#stream = stream;
    this.#request = request;
    this.#method = request.method;
    this.id = stream.id ?? 0;
    this.remote = ends.remote;
    this.local = ends.local;
    const owned = stream as OwnedStream;
    owned.wire = this;
    owned.on('aborted', onAborted);
    if (request.body !== 'none') this.#readBody(owned);
  }

  #readBody(stream: OwnedStream): void {
    stream.pause();
    stream.on('data', onData);
    stream.on('end', onEnd);
    if (this.#request.body === 'chunked') stream.on('trailers', onTrailers);
  }

  /** Of the whole connection. */
  get fd(): number {
    return this.closed ? -1 : this.#host.fd;
  }

  // ── the request's body ──

  receive(): void {
    if (this.receiving) throw new Error('a receive is already pending');
    if (this.closed) return;
    this.receiving = true;
    if (this.#ahead !== undefined || this.#peerEnded || this.#failure !== undefined) this.#deliverLater();
    else if (this.#request.body !== 'none' && this.#stream.isPaused()) this.#stream.resume();
  }

  arrived(bytes: Buffer): void {
    this.bytesIn += bytes.length;
    this.#took(this.#request.body === 'chunked' ? chunkOf(bytes) : bytes);
  }

  #took(bytes: Buffer): void {
    if (this.closed) return;
    if (this.receiving) return this.#hand(bytes);
    this.#ahead = this.#ahead === undefined ? bytes : Buffer.concat([this.#ahead, bytes]);
    this.#stream.pause();
  }

  trailersArrived(fields: readonly string[]): void {
    let text = '0\r\n';
    for (let at = 0; at < fields.length; at += 2) text += `${fields[at]}: ${fields[at + 1]}\r\n`;
    this.#lastChunk = Buffer.from(`${text}\r\n`, 'latin1');
  }

  ended(): void {
    if (this.#request.body === 'chunked') this.#took(this.#lastChunk ?? LAST_CHUNK);
    else if (this.#request.body === 'tunnel') {
      this.#peerEnded = true;
      if (this.receiving) this.#deliver();
    }
  }

  #deliverLater(): void {
    process.nextTick(() => {
      if (!this.closed) this.#deliver();
    });
  }

  #deliver(): void {
    const bytes = this.#ahead;
    if (this.#failure !== undefined && (this.sending || this.receiving)) return this.#tell();
    if (!this.receiving) return;
    if (bytes !== undefined) {
      this.#ahead = undefined;
      this.#hand(bytes);
    } else if (this.#peerEnded) {
      this.receiving = false;
      this.handler.onEnd(this);
    }
  }

  #hand(bytes: Buffer): void {
    this.receiving = false;
    this.handler.onReceived(this, bytes, 0, bytes.length);
  }

  // ── the response ──

  send(buffer: Buffer, offset: number, length: number): void {
    if (this.sending) throw new Error('a send is already pending');
    if (this.closed) return;
    this.sending = true;
    if (this.#failure !== undefined || this.#stream.destroyed) return this.#deliverLater();
    const end = offset + length;
    let at = offset;
    while (this.#phase === HEAD && at < end) at = this.#sendHead(buffer, at, end);
    if (this.#phase === TUNNEL && at < end) this.#write(buffer, at, end);
    else if (this.#phase === BODY && at < end) this.#sendBody(buffer, at, end);
    else this.#sent();
  }

  /** Gives where the head ends, and what came of its body behind it when all of that went along. */
  #sendHead(buffer: Buffer, from: number, end: number): number {
    let length = parseResponseHead(buffer, from, end, head, OWN_HEADS);
    if (length <= 0) length = parseResponseHead(buffer, from, end, head, UNSAFE_HEADS);
    // a rule has written a field that is none
    if (length <= 0) {
      this.#giveUp();
      return end;
    }
    if (head.status === 101) this.#startTunnel(this.#request.upgrades ? 200 : 101);
    else if (head.status < 200) this.#tellInterim();
    else if (this.#method === 'CONNECT' && head.status < 300) this.#startTunnel(head.status);
    else return this.#startBody(from + length, end);
    return from + length;
  }

  #tellInterim(): void {
    this.#attempt(fields => this.#stream.additionalHeaders(fields), http2Fields(head.status, head.headers));
  }

  #startTunnel(status: number): void {
    this.#phase = TUNNEL;
    const fields = http2Fields(status, head.headers);
    if (this.#request.upgrades) delete fields['sec-websocket-accept'];
    delete fields['content-length'];
    this.#respond(fields, false);
  }

  #startBody(at: number, end: number): number {
    const decoder = this.#decoder;
    const fields = http2Fields(head.status, head.headers);
    head.resolveFraming(this.#method, 11);
    const { framing, status, contentLength } = head;
    if (framing === 'none' || NO_BODY.has(status)) {
      this.#phase = ENDED;
      this.#respond(fields, true);
      return end;
    }
    this.#phase = BODY;
    decoder.start(framing, contentLength, true);
    if (framing === 'chunked') decoder.sink = this;
    this.#hasTrailers = framing === 'chunked';
    this.#respond(fields, false);
    return at;
  }

  #respond(fields: Http2Fields, isLast: boolean): void {
    const options = { endStream: isLast, waitForTrailers: this.#hasTrailers, sendDate: false };
    if (this.#hasTrailers) this.#stream.on('wantTrailers', onWantTrailers);
    this.#attempt(all => this.#stream.respond(all, options), fields);
  }

  /** node:http2 refuses what is not HTTP/2, among it fields that are repeated and should not be. */
  #attempt(tell: (fields: Http2Fields) => void, fields: Http2Fields): void {
    try {
      tell(fields);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_HTTP2_HEADER_SINGLE_VALUE') return this.#giveUp();
      joinRepeated(fields);
      try {
        tell(fields);
      } catch {
        this.#giveUp();
      }
    }
  }

  #giveUp(): void {
    this.#phase = ENDED;
    this.#cut();
  }

  #sendBody(buffer: Buffer, at: number, end: number): void {
    const decoder = this.#decoder;
    decoder.decode(buffer, at, end);
    const isLast = decoder.done;
    if (decoder.outEnd > decoder.outStart) this.#write(buffer, decoder.outStart, decoder.outEnd, isLast);
    else {
      if (isLast) this.#end();
      this.#sent();
    }
  }

  #write(buffer: Buffer, start: number, end: number, isLast = false): void {
    const length = end - start;
    const isSmall = length <= SMALL && this.#piled < PILED_UP;
    const bytes = isSmall ? Buffer.from(buffer.subarray(start, end)) : buffer.subarray(start, end);
    this.#piled += length;
    this.bytesOut += length;
    this.#stream.write(bytes, error => this.#taken(length, isSmall, error));
    if (isLast) this.#end();
    if (isSmall) this.#sent();
  }

  #taken(length: number, wasSmall: boolean, error: Error | null | undefined): void {
    this.#piled -= length;
    if (error !== null && error !== undefined) return;
    if (this.#cutsWhenTaken && this.#piled === 0) return this.#cut();
    this.#host.progressed();
    if (!wasSmall && !this.closed && this.sending) this.#sent();
  }

  #sent(): void {
    this.sending = false;
    this.handler.onSent(this);
  }

  #end(): void {
    this.#phase = ENDED;
    this.#stream.end();
  }

  /** The body decoder's: the bytes lie in what it gives out. */
  content(): void {}
  end(): void {}

  trailers(buffer: Buffer, start: number, end: number): void {
    const found: HeaderList = foundTrailers(buffer, start, end + 2);
    if (found.count > 0) this.#trailers = http2Trailers(found);
  }

  sendTrailers(): void {
    this.#attempt(fields => this.#stream.sendTrailers(fields), this.#trailers ?? {});
  }

  // ── the end ──

  /** The client is gone, or does not want this stream any more. */
  aborted(): void {
    if (this.closed || this.#failure !== undefined) return;
    this.#failure = 'reset';
    if (this.sending || this.receiving) this.#deliverLater();
  }

  #tell(): void {
    this.receiving = this.sending = false;
    this.handler.onFailed(this, this.#failure as Cause);
  }

  /** Behind a tunnel's bytes. */
  shutdown(): void {
    if (!this.closed && this.#phase === TUNNEL) this.#end();
  }

  /** The response is with the client, as far as anybody will ever have it. What is left of the request is not wanted. */
  finish(): void {
    if (this.closed) return;
    this.#retire();
    const stream = this.#stream;
    if (stream.destroyed) return;
    // a rule has made an interim response of the last one
    if (this.#phase === HEAD) return this.#cut();
    if (this.#phase === BODY) this.#end();
    if (this.#request.body !== 'none' && !stream.readableEnded) stream.close(NO_ERROR);
  }

  close(): void {
    if (this.closed) return;
    const isWhole = this.#phase === ENDED;
    this.#retire();
    const stream = this.#stream;
    if (stream.destroyed) return;
    if (!isWhole) this.#cutWhenTaken();
    else if (this.#request.body !== 'none' && !stream.readableEnded) stream.close(NO_ERROR);
  }

  reset(): void {
    this.close();
  }

  /** What has come of the response reaches the client before it hears that there is no more. */
  #cutWhenTaken(): void {
    if (this.#piled === 0) this.#cut();
    else this.#cutsWhenTaken = true;
  }

  /** close() would end the stream first, and a body without a length would pass for a whole one: INTERNAL_ERROR. */
  #cut(): void {
    this.#host.cut(this.#stream);
  }

  #retire(): void {
    this.closed = true;
    this.receiving = this.sending = false;
    this.#ahead = undefined;
    if (this.#request.body !== 'none') this.#stream.resume();
  }
}

function chunkOf(bytes: Buffer): Buffer {
  const size = `${bytes.length.toString(16)}\r\n`;
  const chunk = Buffer.allocUnsafe(size.length + bytes.length + 2);
  latin1Write(chunk, size, 0);
  bytes.copy(chunk, size.length);
  chunk[chunk.length - 2] = 0x0d;
  chunk[chunk.length - 1] = 0x0a;
  return chunk;
}

function onData(this: OwnedStream, bytes: Buffer): void {
  this.wire.arrived(bytes);
}

function onEnd(this: OwnedStream): void {
  this.wire.ended();
}

function onTrailers(this: OwnedStream, _fields: unknown, _flags: number, raw: readonly string[]): void {
  this.wire.trailersArrived(raw);
}

function onWantTrailers(this: OwnedStream): void {
  this.wire.sendTrailers();
}

function onAborted(this: OwnedStream): void {
  this.wire.aborted();
}
