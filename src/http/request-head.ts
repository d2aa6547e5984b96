/** The head of an HTTP/1 request: filled by request-parser.ts, edited by rules, written out for the server. */
import { latin1Write } from '../base/latin1.ts';
import type { RequestHead } from './head.ts';
import { FramingFields, type Framing } from './framing.ts';
import { HeaderList } from './header-list.ts';

export interface RequestRendering {
  /** `Connection: close` to the server: `option httpclose`, `http-server-close`. */
  readonly close: boolean;
}

export class Http1RequestHead implements RequestHead {
  method = '';
  target = '';
  version = 11;
  readonly headers = new HeaderList();
  readonly fields = new FramingFields();
  framing: Framing = 'none';
  /** The client wants the connection to live on (and HTTP allows it). */
  keepAlive = false;
  hostIndex = -1;

  reset(): void {
    this.headers.clear();
    this.fields.reset();
    this.framing = 'none';
    this.hostIndex = -1;
  }

  get contentLength(): number {
    return this.fields.contentLength;
  }

  /** The client asks for another protocol on this connection (RFC 9110 section 7.8); not while it sends a body. */
  get wantsUpgrade(): boolean {
    const { fields } = this;
    return fields.hasUpgrade && fields.connectionUpgrade && this.version >= 11 && this.framing === 'none';
  }

  /** RFC 9110 section 9.2.2. */
  get isIdempotent(): boolean {
    const { method } = this;
    return method !== 'POST' && method !== 'PATCH' && method !== 'CONNECT';
  }

  /**
   * Writes the request as HTTP/1.1 for a server; gives the bytes written, or -1 when it does not fit.
   * Connection options are this hop's own (RFC 9110 section 7.6.1).
   */
  renderInto(buffer: Buffer, offset: number, rendering: RequestRendering): number {
    const { headers, fields } = this;
    if (fields.hasConnection) headers.remove('connection');
    if (headers.has('keep-alive')) headers.remove('keep-alive');
    if (headers.has('proxy-connection')) headers.remove('proxy-connection');
    if (fields.hasUpgrade && !this.wantsUpgrade) headers.remove('upgrade');
    let text = `${this.method} ${this.target} HTTP/1.1\r\n${headers.render()}`;
    if (this.wantsUpgrade) text += 'Connection: upgrade\r\n';
    else if (rendering.close) text += 'Connection: close\r\n';
    text += '\r\n';
    if (offset + text.length > buffer.length) return -1;
    return latin1Write(buffer, text, offset);
  }
}
