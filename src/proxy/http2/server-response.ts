/**
 * The response of one stream of a server as it comes in (RFC 9113 section 8.1): heads, content and trailers, put into
 * response-bytes.ts in the form HTTP/1 gives them. What a server may not send is answered with the code its stream is
 * reset with.
 *
 *   NO_HEAD ─ final head ─▶ CONTENT ─ last byte of its length, or the stream's end ─▶ WHOLE
 *   └─1xx─┘
 */
import type { Http1RequestHead } from '../../http/request-head.ts';
import { websocketAccept } from '../../http/switching.ts';
import { ENHANCE_YOUR_CALM, NO_ERROR, PROTOCOL_ERROR } from '../../http2/frames.ts';
import type { FieldSink } from '../../http2/hpack/decoder.ts';
import type { Stream } from '../../http2/stream.ts';
import type { BufferPool } from '../../net/buffer-pool.ts';
import { ResponseBytes } from './response-bytes.ts';
import { ResponseText } from './response-text.ts';

const NO_HEAD = 0;
const CONTENT = 1;
const WHOLE = 2;

/** Bytes of interim heads. */
const MOST_INTERIM = 65_536;

const NO_BODY = new Set([204, 304]);
/** One block at a time is read. */
const text = new ResponseText();

export class ServerResponse {
  readonly bytes: ResponseBytes;
  /** The server has ended the stream. */
  hasEnded = false;
  #stage = NO_HEAD;
  #isBodyless = false;
  /** Nobody wants what comes now. */
  #isUnwanted = false;
  // what was asked
  #method = '';
  #isTunnel = false;
  /** What an upgrade asks for; empty: it is none. */
  #protocol = '';
  #key = '';

  constructor(pool: BufferPool) {
    this.bytes = new ResponseBytes(pool);
  }

  /** Some of it has come, more than interim heads. */
  get hasBegun(): boolean {
    return this.#stage !== NO_HEAD;
  }

  /** All of it has come that a client needs. */
  get isWhole(): boolean {
    return this.#stage === WHOLE;
  }

  answers(request: Http1RequestHead, isTunnel: boolean): void {
    this.#method = request.method;
    this.#isTunnel = isTunnel;
    if (!request.wantsUpgrade) return;
    this.#protocol = request.headers.get('upgrade') ?? '';
    this.#key = request.headers.get('sec-websocket-key') ?? '';
  }

  fieldsBegin(): FieldSink {
    return text.begin();
  }

  /** A block has come. Answers what the stream is to be reset with; NO_ERROR: nothing is wrong. */
  fieldsEnd(stream: Stream, endStream: boolean, tooLarge: boolean): number {
    if (tooLarge || text.invalid) return PROTOCOL_ERROR;
    if (this.#stage === NO_HEAD) return this.#headArrived(stream, endStream);
    if (text.status !== 0 || !endStream) return PROTOCOL_ERROR;
    this.ends(text.trailers());
    return NO_ERROR;
  }

  #headArrived(stream: Stream, ends: boolean): number {
    const { status } = text;
    if (status === 0 || status === 101 || (status < 200 && ends)) return PROTOCOL_ERROR;
    if (status < 200) return this.#interimArrived();
    if (status < 300 && this.#isTunnel) this.#tunnelOpens(status);
    else if (!this.#answerBegins(stream, status, ends)) return PROTOCOL_ERROR;
    if (ends) this.ends('');
    return NO_ERROR;
  }

  /** No window bounds how many come while nobody takes them. */
  #interimArrived(): number {
    if (this.bytes.heads > MOST_INTERIM) return ENHANCE_YOUR_CALM;
    this.bytes.addHead(text.head(''));
    return NO_ERROR;
  }

  /** False: it ends before the content it announces. */
  #answerBegins(stream: Stream, status: number, ends: boolean): boolean {
    const { bytes } = this;
    const { contentLength } = text;
    this.#isBodyless = this.#method === 'HEAD' || NO_BODY.has(status);
    if (ends && contentLength > 0 && !this.#isBodyless) return false;
    this.#stage = this.#isBodyless || contentLength === 0 ? WHOLE : CONTENT;
    bytes.chunked = !this.#isBodyless && contentLength < 0;
    if (!this.#isBodyless) stream.contentLeft = contentLength;
    // a server that ends the stream at once need not say how long nothing is
    if (ends && bytes.chunked) {
      bytes.chunked = false;
      bytes.addHead(text.head('content-length: 0\r\n'));
    } else bytes.addHead(text.head(bytes.chunked ? 'transfer-encoding: chunked\r\n' : ''));
    return true;
  }

  #tunnelOpens(status: number): void {
    this.#stage = CONTENT;
    const accept = this.#key === '' ? '' : `sec-websocket-accept: ${websocketAccept(this.#key)}\r\n`;
    const upgrade = `connection: upgrade\r\nupgrade: ${this.#protocol}\r\n${accept}`;
    const isUpgrade = this.#protocol !== '';
    this.bytes.addHead(isUpgrade ? text.tunnelHead(101, upgrade) : text.tunnelHead(status, ''));
  }

  /** False: nobody wants this content. */
  takes(stream: Stream, content: Buffer, start: number, end: number): boolean {
    if (this.#isUnwanted || this.#isBodyless) return false;
    if (end === start) return true;
    this.bytes.addContent(content, start, end);
    if (stream.contentLeft === 0) this.#stage = WHOLE;
    return true;
  }

  ends(trailers: string): void {
    this.#stage = WHOLE;
    this.hasEnded = true;
    if (!this.#isUnwanted && !this.#isBodyless) this.bytes.addEnd(trailers);
  }

  drop(): void {
    this.#isUnwanted = true;
    this.bytes.drop();
  }
}
