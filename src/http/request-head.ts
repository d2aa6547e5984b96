/** The head of an HTTP/1 request: filled by request-parser.ts, edited by rules, written out for the server. */
import { latin1Write } from '../base/latin1.ts';
import { readConnectionOptions } from './connection-options.ts';
import { discardAll, FramingFields, type Framing } from './framing.ts';
import { restoreLengths } from './framing-edits.ts';
import type { RequestHead } from './head.ts';
import { HeaderList } from './header-list.ts';
import { CONNECTION, CONTENT_LENGTH, TE, TRANSFER_ENCODING, UPGRADE } from './known-fields.ts';
import { squeeze } from './squeeze.ts';

export interface RequestRendering {
  /** `Connection: close` to the server: `option httpclose`, `http-server-close`. */
  readonly close: boolean;
}

/** The request line as logs tell it: as it came, its target settled. The target becomes a string when somebody asks for it. */
class ReceivedLine {
  method = '';
  version = 11;
  writtenVersion = 11;
  readonly #headers: HeaderList;
  #start = 0;
  #end = 0;
  #target: string | undefined;
  /** Another target than the text of the head has. */
  #settled: string | undefined;

  constructor(headers: HeaderList) {
    this.#headers = headers;
  }

  /** The target lies there in the text of the head. */
  set(method: string, targetStart: number, targetEnd: number, version: number, written: number): void {
    this.method = method;
    this.version = version;
    this.writtenVersion = written;
    this.#start = targetStart;
    this.#end = targetEnd;
    if (this.#target !== undefined) this.#target = undefined;
    if (this.#settled !== undefined) this.#settled = undefined;
  }

  /** HTTP/2 tells the parts of a target apart: what stands in the text is only its path. */
  setAbsolute(target: string): void {
    this.version = this.writtenVersion = 20;
    this.settleTarget(target);
  }

  settleTarget(target: string): void {
    this.#target = this.#settled = target;
    this.#start = 0;
    this.#end = target.length;
  }

  get isAbsolute(): boolean {
    return this.version === 20;
  }

  get target(): string {
    return (this.#target ??= this.#headers.text.slice(this.#start, this.#end));
  }

  get text(): string {
    return this.#settled ?? this.#headers.text;
  }
  get targetStart(): number {
    return this.#start;
  }
  get targetEnd(): number {
    return this.#end;
  }

  /** The code of the target's first character. */
  get targetBegin(): number {
    return this.#headers.text.charCodeAt(this.#start);
  }
}

export class Http1RequestHead implements RequestHead {
  method = '';
  /** 10 or 11; higher minor and major numbers count as 1.1. 20: it came by HTTP/2. */
  version = 11;
  readonly headers = new HeaderList();
  readonly fields = new FramingFields();
  framing: Framing = 'none';
  /** The client wants the connection to live on (and HTTP allows it). */
  keepAlive = false;
  /** A rule has told the server that its connection closes. */
  ruledClose = false;
  hostIndex = -1;
  /** Bytes the received request line has in the text with its CRLF, 0 when it is to be written anew. */
  #keptLine = 0;
  /** As received, whatever rules make of it. */
  readonly line = new ReceivedLine(this.headers);
  /** Undefined: as received. */
  #target: string | undefined;
  #parsed = false;

  reset(): void {
    this.headers.clear();
    this.fields.reset();
    this.framing = 'none';
    this.hostIndex = -1;
    this.ruledClose = false;
    this.#keptLine = 0;
    this.#parsed = false;
  }

  /** The parser has read the request line; the target lies there in the text. */
  received(
    method: string,
    targetStart: number,
    targetEnd: number,
    version: number,
    keptLine: number,
    writtenVersion: number,
  ): void {
    this.line.set(method, targetStart, targetEnd, version, writtenVersion);
    this.method = method;
    if (this.#target !== undefined) this.#target = undefined;
    this.version = version;
    this.#keptLine = keptLine;
    this.#parsed = true;
  }

  /**
   * It came by HTTP/2, and was given to the parser as one of HTTP/1.1. Where that needed a Transfer-Encoding, rules do not
   * find it: the client has not sent any. Servers get it again.
   */
  receivedByHttp2(target: string): void {
    this.line.setAbsolute(target);
    this.#target = undefined;
    this.version = 20;
    if (this.framing === 'chunked') this.headers.remove('transfer-encoding');
  }

  /** What is asked for is to be written otherwise (RFC 9110 section 4.2.3), for servers, rules and logs. */
  settleTarget(target: string): void {
    this.line.settleTarget(target);
    this.#keptLine = 0;
  }

  get writtenVersion(): number {
    return this.line.writtenVersion;
  }

  get target(): string {
    return this.#target ?? this.line.target;
  }

  set target(target: string) {
    this.#target = target === this.line.target ? undefined : target;
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

  /** The client asks for another protocol on this connection (RFC 9110 section 7.8). */
  get wantsUpgrade(): boolean {
    return this.fields.hasUpgrade && this.fields.connectionUpgrade;
  }

  /** The client waits for 100 before it sends the body (RFC 9110 section 10.1.1). */
  get expectsContinue(): boolean {
    return this.headers.get('expect')?.toLowerCase() === '100-continue';
  }

  /** RFC 9110 section 9.2.2. */
  get isIdempotent(): boolean {
    const { method } = this;
    return method !== 'POST' && method !== 'PATCH' && method !== 'CONNECT';
  }

  /**
   * Writes the request for a server; gives the bytes written, or -1 when it does not fit. The version stays the
   * client's, so that an HTTP/1.0 client is not answered in chunks it cannot read.
   */
  renderInto(buffer: Buffer, offset: number, rendering: RequestRendering): number {
    const { headers } = this;
    if (((headers.touched & EDITED) | (headers.seen & (1 << TE))) !== 0)
      this.ruledClose = this.#settleEdits() || this.ruledClose;
    const close = this.ruledClose || rendering.close;
    const keptLine = this.#isLineKept() ? this.#keptLine : 0;
    const line =
      keptLine > 0
        ? ''
        : `${this.method} ${this.#targetToSend()} ${this.version >= 11 ? 'HTTP/1.1' : 'HTTP/1.0'}\r\n`;
    const text = headers.render(line, keptLine) + this.#connectionLine(close) + '\r\n';
    if (offset + text.length > buffer.length) return -1;
    return latin1Write(buffer, text, offset);
  }

  /**
   * Where in the memory it came in the request lies ready for a server, up to the end of the received head; -1 when
   * it has to be rendered.
   */
  squeeze(rendering: RequestRendering): number {
    const { headers } = this;
    if (!this.#isLineKept() || ((headers.touched & EDITED) | (headers.seen & (1 << TE))) !== 0) return -1;
    return squeeze(headers, this.#keptLine, this.#connectionLine(rendering.close));
  }

  #isLineKept(): boolean {
    return this.#target === undefined && this.method === this.line.method;
  }

  /** Of HTTP/2 every target is absolute: nobody has asked for a proxy, a server gets the path. */
  #targetToSend(): string {
    const { target } = this;
    if (!this.line.isAbsolute) return target;
    const path = /^https?:\/\/[^/?#]*(.*)/is.exec(target)?.[1];
    if (path === '') return this.method === 'OPTIONS' ? '*' : '/';
    return path === undefined || path.startsWith('/') ? (path ?? target) : `/${path}`;
  }

  #connectionLine(close: boolean): string {
    if (this.fields.connectionUpgrade) return '';
    if (this.version >= 11) return close ? 'Connection: close\r\n' : '';
    return close ? '' : 'Connection: keep-alive\r\n';
  }

  /** True: a rule has written `Connection: close`. */
  #settleEdits(): boolean {
    const { headers, fields } = this;
    if ((headers.seen & (1 << TE)) !== 0) limitTe(headers);
    const { touched } = headers;
    let close = false;
    if ((touched & ((1 << CONNECTION) | (1 << UPGRADE))) !== 0) {
      const clientCloses = fields.connectionClose;
      fields.connectionClose = false;
      fields.connectionUpgrade = false;
      readConnectionOptions(headers, fields, true, this.version);
      close = fields.connectionClose;
      fields.connectionClose = clientCloses;
    }
    if (this.#parsed && (touched & ((1 << CONTENT_LENGTH) | (1 << TRANSFER_ENCODING))) !== 0)
      restoreLengths(headers, fields.chunked, fields.contentLength);
    return close;
  }
}

const EDITED = (1 << CONNECTION) | (1 << UPGRADE) | (1 << CONTENT_LENGTH) | (1 << TRANSFER_ENCODING);

/** Of the transfer codings a client takes, only trailers can be promised on its behalf (RFC 9110 section 10.1.4). */
function limitTe(headers: HeaderList): void {
  for (let at = headers.find('te'); at >= 0; at = headers.find('te', at + 1)) {
    const value = headers.valueAt(at);
    if (value === 'trailers') continue;
    if (!/(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/.test(value)) return discardAll(headers, 'te');
    headers.amendValueAt(at, 'trailers');
  }
}
