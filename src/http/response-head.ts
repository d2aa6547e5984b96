/** The head of an HTTP/1 response: filled by response-parser.ts, edited by rules, written out for the client. */
import { latin1Write } from '../base/latin1.ts';
import { FramingFields, type Framing } from './framing.ts';
import type { ResponseHead } from './head.ts';
import { HeaderList } from './header-list.ts';

export interface ResponseRendering {
  /** What to say of the connection: nothing, `close`, or `keep-alive` for HTTP/1.0 clients. */
  readonly connection: '' | 'close' | 'keep-alive';
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

  reset(): void {
    this.headers.clear();
    this.fields.reset();
    this.framing = 'none';
    this.endsWithConnection = false;
  }

  get contentLength(): number {
    return this.fields.contentLength;
  }

  /**
   * RFC 9112 section 6.3: what follows depends on the request too. An HTTP/1.0 client knows no chunks: it gets
   * the body bare, up to the end of the connection.
   */
  resolveFraming(method: string, clientVersion: number): void {
    const { fields, status } = this;
    if (status === 101 || (method === 'CONNECT' && status >= 200 && status < 300)) this.framing = 'tunnel';
    else if (method === 'HEAD' || status === 204 || status === 304 || status < 200) this.framing = 'none';
    else if (fields.chunked) this.framing = 'chunked';
    else if (fields.contentLength > 0) this.framing = 'length';
    else this.framing = fields.contentLength === 0 ? 'none' : 'close';
    const bare = this.framing === 'chunked' && clientVersion < 11;
    if (bare) this.headers.remove('transfer-encoding');
    this.endsWithConnection = bare || this.framing === 'close';
    this.keepAlive = this.framing !== 'close' && this.framing !== 'tunnel' && fields.persistent(this.version);
  }

  /** Writes the response as HTTP/1.1; gives the bytes written, or -1 when it does not fit. */
  renderInto(buffer: Buffer, offset: number, rendering: ResponseRendering): number {
    const { headers, fields } = this;
    const switching = this.status === 101;
    if (fields.hasConnection) headers.remove('connection');
    if (headers.has('keep-alive')) headers.remove('keep-alive');
    let text = `HTTP/1.1 ${this.status} ${this.reason}\r\n${headers.render()}`;
    if (switching) text += 'Connection: upgrade\r\n';
    else if (rendering.connection !== '') text += `Connection: ${rendering.connection}\r\n`;
    text += '\r\n';
    if (offset + text.length > buffer.length) return -1;
    return latin1Write(buffer, text, offset);
  }
}
