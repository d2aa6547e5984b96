/** The head of an HTTP/1 response: filled by response-parser.ts, edited by rules, written out for the client. */
import { latin1Write } from '../base/latin1.ts';
import { readConnectionOptions } from './connection-options.ts';
import { discardAll, FramingFields, type Framing } from './framing.ts';
import { endsWithHead, restoreLengths } from './framing-edits.ts';
import type { ResponseHead } from './head.ts';
import { HeaderList } from './header-list.ts';
import { CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE } from './known-fields.ts';
import { squeeze } from './squeeze.ts';

export interface ResponseRendering {
  /** What to say of the connection: nothing, `close`, or `keep-alive` for HTTP/1.0 clients. */
  readonly connection: '' | 'close' | 'keep-alive';
}

export const SAY_NOTHING: ResponseRendering = { connection: '' };
const SAY_CLOSE: ResponseRendering = { connection: 'close' };
const SAY_KEEP_ALIVE: ResponseRendering = { connection: 'keep-alive' };

/** What a client of that version is told (RFC 9112 section 9.3). */
export function responseRendering(version: number, keepAlive: boolean): ResponseRendering {
  if (!keepAlive) return SAY_CLOSE;
  return version < 11 ? SAY_KEEP_ALIVE : SAY_NOTHING;
}

export class Http1ResponseHead implements ResponseHead {
  status = 0;
  reason = '';
  version = 11;
  readonly headers = new HeaderList();
  readonly fields = new FramingFields();
  framing: Framing = 'none';
  /** To the client the body ends with the connection. */
  endsWithConnection = false;
  /** The server keeps the connection open after this answer. */
  keepAlive = false;
  #keptLine = 0;
  #receivedStatus = 0;
  #receivedReason = '';
  #isReceived = false;

  reset(): void {
    this.headers.clear();
    this.fields.reset();
    this.framing = 'none';
    this.endsWithConnection = false;
    this.#keptLine = 0;
    this.#isReceived = false;
  }

  /** The parser has read the status line. */
  received(status: number, reason: string, version: number, keptLine: number): void {
    this.status = this.#receivedStatus = status;
    this.reason = this.#receivedReason = reason;
    this.version = version;
    this.#keptLine = keptLine;
    this.#isReceived = true;
  }

  /**
   * It was written here, with all its fields, before any rule has seen it; the length is -1 where it has none. The
   * version is 11 or 10.
   */
  composed(status: number, reason: string, framing: Framing, contentLength: number, version = 11): void {
    const { headers, fields } = this;
    this.status = status;
    this.reason = reason;
    this.version = version;
    // where it says what becomes of the connection, it is as if a rule did
    headers.touched &= 1 << CONNECTION;
    this.framing = framing;
    fields.chunked = framing === 'chunked';
    fields.contentLength = contentLength;
  }

  get contentLength(): number {
    return this.fields.contentLength;
  }

  /** A rule has taken Content-Length away. */
  get hasLostLength(): boolean {
    const { headers } = this;
    return (headers.touched & (1 << CONTENT_LENGTH)) !== 0 && !headers.has('content-length');
  }

  /** The body will be sent as chunks. How it was received has to be known elsewhere by now. */
  becomeChunked(): void {
    const { headers, fields } = this;
    discardAll(headers, 'content-length');
    if (!fields.chunked) headers.add('Transfer-Encoding', 'chunked');
    fields.chunked = true;
    fields.contentLength = -1;
  }

  /**
   * RFC 9112 section 6.1: a transfer coding in an HTTP/1.0 answer. Whoever reads it next may not understand it,
   * so its connection must not be used again either.
   */
  get isMistrusted(): boolean {
    return this.fields.chunked && this.version < 11;
  }

  /**
   * RFC 9112 section 6.3: what follows depends on the request too. An HTTP/1.0 client knows no chunks: it gets
   * the body bare, up to the end of the connection.
   */
  resolveFraming(method: string, clientVersion: number): void {
    const { fields, status } = this;
    if (status === 101 || (method === 'CONNECT' && status >= 200 && status < 300)) this.#openTunnel();
    else if (method === 'HEAD' || endsWithHead(status)) this.framing = 'none';
    else if (fields.chunked) this.framing = 'chunked';
    else if (fields.contentLength > 0) this.framing = 'length';
    else this.framing = fields.contentLength === 0 ? 'none' : 'close';
    const bare = this.framing === 'chunked' && clientVersion < 11;
    if (bare) discardAll(this.headers, 'transfer-encoding');
    this.endsWithConnection = bare || this.framing === 'close';
    this.keepAlive =
      this.framing !== 'close' &&
      this.framing !== 'tunnel' &&
      !this.isMistrusted &&
      fields.persistent(this.version);
  }

  /** RFC 9110 section 9.3.6: lengths in such an answer mean nothing. */
  #openTunnel(): void {
    this.framing = 'tunnel';
    this.dropLengths();
  }

  /**
   * Behind rules that have changed the status, or the method: what the head says of a body becomes true for a client
   * that has asked with `method`. False: it must not get one.
   */
  settleBody(method: string): boolean {
    const { status, fields } = this;
    if (status < 200 || status === 204) this.dropLengths();
    if (method === 'HEAD' || endsWithHead(status)) return false;
    if (this.framing !== 'none' || fields.contentLength === 0) return true;
    this.dropLengths();
    this.headers.add('Content-Length', '0');
    fields.contentLength = 0;
    return true;
  }

  /** Of answers that never have a body (RFC 9110 section 8.6). */
  dropLengths(): void {
    const { headers, fields } = this;
    if ((headers.seen & ((1 << CONTENT_LENGTH) | (1 << TRANSFER_ENCODING))) === 0) return;
    discardAll(headers, 'content-length');
    discardAll(headers, 'transfer-encoding');
    fields.contentLength = -1;
    fields.chunked = false;
  }

  /**
   * What the head says of its connection becomes what rules have made of it; true: they have it closed. What the server
   * has said of its own connection is none of the client's.
   */
  settleConnection(): boolean {
    const { headers, fields } = this;
    if ((headers.touched & ((1 << CONNECTION) | (1 << UPGRADE))) === 0) return false;
    fields.connectionClose = false;
    readConnectionOptions(headers, fields, false, this.version);
    return fields.connectionClose;
  }

  /** Writes the response in the version it has; gives the bytes written, or -1 when it does not fit. */
  renderInto(buffer: Buffer, offset: number, rendering: ResponseRendering): number {
    const { headers } = this;
    let connection = rendering.connection;
    if (this.settleConnection() && connection !== 'keep-alive') connection = 'close';
    this.#settleLengths();
    const keptLine = this.#isLineKept() ? this.#keptLine : 0;
    const line =
      keptLine > 0 ? '' : `${this.version >= 11 ? 'HTTP/1.1' : 'HTTP/1.0'} ${this.status} ${this.reason}\r\n`;
    const text = headers.render(line, keptLine) + this.#connectionLine(connection) + '\r\n';
    if (offset + text.length > buffer.length) return -1;
    return latin1Write(buffer, text, offset);
  }

  /** Its fields can be passed on from the memory they came in, whatever rules have added; its framing and its status stand. */
  get isAsReceived(): boolean {
    return this.headers.source !== undefined && this.#isLineKept() && (this.headers.touched & EDITED) === 0;
  }

  /**
   * Where in the memory it came in the response lies ready for the client, up to the end of the received head; -1
   * when it has to be rendered.
   */
  squeeze(rendering: ResponseRendering): number {
    const { headers } = this;
    if (!this.#isLineKept() || (headers.touched & EDITED) !== 0) return -1;
    return squeeze(headers, this.#keptLine, this.#connectionLine(rendering.connection));
  }

  /** A rule has given it another status. */
  get hasOtherStatus(): boolean {
    return this.status !== this.#receivedStatus;
  }

  #isLineKept(): boolean {
    return this.status === this.#receivedStatus && this.reason === this.#receivedReason;
  }

  /** In an HTTP/1.0 answer, closing is what silence means. */
  #connectionLine(connection: ResponseRendering['connection']): string {
    if (this.status < 200 || (this.framing === 'tunnel' && this.#isReceived)) return '';
    if (this.version >= 11) return connection === '' ? '' : `Connection: ${connection}\r\n`;
    return connection === 'close' ? '' : 'Connection: keep-alive\r\n';
  }

  #settleLengths(): void {
    const { headers, fields } = this;
    if ((headers.touched & ((1 << CONTENT_LENGTH) | (1 << TRANSFER_ENCODING))) !== 0)
      restoreLengths(headers, fields.chunked && !this.endsWithConnection, fields.contentLength);
  }
}

const EDITED = (1 << CONNECTION) | (1 << UPGRADE) | (1 << CONTENT_LENGTH) | (1 << TRANSFER_ENCODING);
