/**
 * The fields of an HTTP/2 request as the head of an HTTP/1.1 one, so that all that follows treats both alike (RFC 9113
 * section 8.3.1, RFC 8441 section 4). The head is written while fields are decoded. What HTTP/2 forbids makes it
 * malformed, as in HAProxy; what is merely wrong is left to the parser of HTTP/1.
 */
import { randomBytes } from 'node:crypto';
import { writeLatin1 } from '../base/latin1.ts';
import { isPossibleAuthority } from '../http/authority.ts';
import { INVALID_METHOD, INVALID_TARGET } from '../http/parse-errors.ts';
import {
  AUTHORITY,
  CONTENT_LENGTH,
  COOKIE,
  HOST,
  IMPOSSIBLE,
  kindOf,
  METHOD,
  OF_CONNECTION,
  PATH,
  PLAIN,
  PROTOCOL,
  SCHEME,
  TE,
  UNKNOWN_PSEUDO,
} from './field-kinds.ts';
import { endLine, writeField } from './field-text.ts';
import type { FieldSink } from './hpack/decoder.ts';
import type { LineSink } from './hpack/repeated-run.ts';
import { readLength } from './content-length.ts';

/** How the body is told in HTTP/1: not at all, by its length, in chunks; or there is none, but bytes both ways. */
type BodyKind = 'none' | 'length' | 'chunked' | 'tunnel';

/** Heads are written one behind the other into memory of that size, which lives as long as one of them. */
const AREA = 65_536;
/** What a head has beside the fields it came with, and in front of it for what rules add. */
const SPARE = 512;
export const HEADROOM = 256;

const NONE: Buffer = Buffer.alloc(0);

export class RequestReader implements FieldSink, LineSink {
  readonly lineSink = this;
  /** The head, `buffer[start..end]`; its target is in origin form. HEADROOM bytes in front of it are free. */
  buffer = NONE;
  start = 0;
  end = 0;
  method = '';
  body: BodyKind = 'none';
  contentLength = -1;
  /** Extended CONNECT: the answer to the upgrade is a 200. */
  upgrades = false;
  /** What is wrong with it; empty: nothing. */
  malformed = '';
  /** The method or the scheme is none: no server can be asked, though the client can be answered. 0, or of parse-errors.ts. */
  lineError = 0;
  others = 0;
  readonly #areaBytes: number;
  readonly #headBytes: number;
  /** `accept-unsafe-violations-in-http-request` */
  #relaxed = false;
  #seen = 0;
  #scheme = '';
  #authority = '';
  #path = '';
  #protocol = '';
  #cookies = '';
  #host = judge('', '');
  #isLineWritten = false;
  #isTunnel = false;

  /** `maxListBytes`: of all fields, as the decoder counts them. */
  constructor(maxListBytes: number) {
    // an authority may stand in the target and in Host
    this.#headBytes = HEADROOM + 2 * maxListBytes + SPARE;
    this.#areaBytes = Math.max(AREA, 2 * this.#headBytes);
  }

  begin(relaxed: boolean): void {
    if (this.buffer.length - this.end < this.#headBytes) {
      this.buffer = Buffer.allocUnsafeSlow(this.#areaBytes);
      this.end = 0;
    }
    this.start = this.end += HEADROOM;
    this.method = this.#scheme = this.#authority = this.#path = this.#protocol = this.#cookies = '';
    this.contentLength = -1;
    this.malformed = '';
    this.upgrades = this.#isLineWritten = this.#isTunnel = false;
    this.#seen = this.lineError = this.others = 0;
    this.#relaxed = relaxed;
  }

  /** What samples and logs show: the absolute form. */
  get target(): string {
    if (this.#isTunnel && !this.upgrades) return this.#authority;
    if (!this.#has(AUTHORITY)) return this.#path;
    const { plain } = this.#hostOf(this.#authority, this.#scheme);
    return `${this.#scheme}://${plain}${this.#path === '*' ? '' : this.#path}`;
  }

  field(name: string, value: string): void {
    const kind = kindOf(name);
    if (kind !== PLAIN || this.malformed !== '') this.others++;
    if (this.malformed !== '') return;
    if (kind >= UNKNOWN_PSEUDO) return this.#pseudoField(kind, value);
    if (!this.#isLineWritten) this.#writeLine();
    if (kind === PLAIN) this.#write(name, value);
    else this.#special(kind, name, value);
  }

  beginLines(): void {
    if (!this.#isLineWritten && this.malformed === '') this.#writeLine();
  }

  repeatLines(lines: Uint8Array): void {
    this.beginLines();
    if (this.malformed !== '') return;
    this.buffer.set(lines, this.end);
    this.end += lines.length;
  }

  // ── pseudo-fields: each once, and before all others ──

  #pseudoField(kind: number, value: string): void {
    const bit = 1 << kind;
    if (this.#isLineWritten) this.malformed = 'pseudo-field behind others';
    else if ((this.#seen & bit) !== 0) this.malformed = 'pseudo-field twice';
    else if (kind === METHOD) this.method = value;
    else if (kind === PATH) this.#path = value;
    else if (kind === SCHEME) this.#scheme = value;
    else if (kind === AUTHORITY) this.#authority = value;
    else if (kind === PROTOCOL) this.#protocol = value;
    else this.malformed = 'unknown pseudo-field';
    this.#seen |= bit;
  }

  /** Most requests of a connection are for the same. */
  #hostOf(authority: string, scheme: string): JudgedHost {
    const known = this.#host;
    return known.authority === authority && known.scheme === scheme ? known : judge(authority, scheme);
  }

  #has(kind: number): boolean {
    return (this.#seen & (1 << kind)) !== 0;
  }

  /** All pseudo-fields are known by then. */
  #writeLine(): void {
    this.#isLineWritten = true;
    this.malformed ||= this.#problemOfPseudoFields();
    if (this.malformed !== '') return;
    if (this.#scheme !== 'http' && this.#scheme !== 'https') this.#judgeScheme();
    if (!isMethod(this.method)) this.lineError = INVALID_METHOD;
    const isConnect = this.#isTunnel && !this.upgrades;
    const method = this.upgrades || this.lineError !== 0 ? 'GET' : this.method;
    this.#text(method);
    this.#text(' ');
    this.#text(isConnect ? this.#authority : this.#targetInLine());
    this.#text(' HTTP/1.1\r\n');
    if (!this.#has(AUTHORITY)) return;
    this.#host = this.#hostOf(this.#authority, this.#scheme);
    this.#write('host', isConnect ? this.#authority : this.#host.plain);
  }

  #problemOfPseudoFields(): string {
    const { method } = this;
    if (method === '') return 'no method';
    if (this.#has(AUTHORITY) && !this.#hostOf(this.#authority, this.#scheme).isPossible)
      return 'wrong authority';
    this.#isTunnel = method === 'CONNECT';
    this.upgrades = this.#isTunnel && this.#has(PROTOCOL);
    if (this.#isTunnel && !this.upgrades) return this.#problemOfConnect();
    if (!this.#has(SCHEME)) return 'no scheme';
    if (!isPossiblePath(this.#path, this.#relaxed)) return 'wrong path';
    if (!this.upgrades) return '';
    return this.#authority === '' || !TOKEN.test(this.#protocol) || /^h2c?$/i.test(this.#protocol)
      ? 'wrong upgrade'
      : '';
  }

  #problemOfConnect(): string {
    return this.#authority === '' || this.#has(SCHEME) || this.#has(PATH) ? 'wrong CONNECT' : '';
  }

  /** Servers expect a path, but for what is not theirs alone to know. */
  #targetInLine(): string {
    const isUsual = this.#scheme === 'http' || this.#scheme === 'https';
    return isUsual || this.lineError !== 0 || this.#path === '*' ? this.#path : this.target;
  }

  /** Its case does not matter (RFC 3986 section 3.1). */
  #judgeScheme(): void {
    const lower = this.#scheme.toLowerCase();
    if (lower === 'http' || lower === 'https') {
      this.#scheme = lower;
      return;
    }
    const isNeeded = !this.#isTunnel || this.upgrades;
    if (isNeeded && !/^[A-Za-z][A-Za-z0-9+.-]*$/.test(this.#scheme)) this.lineError = INVALID_TARGET;
  }

  // ── all other fields ──

  #special(kind: number, name: string, value: string): void {
    if (kind === IMPOSSIBLE) this.malformed = 'wrong name';
    else if (kind === OF_CONNECTION) this.malformed = 'field of a connection';
    else if (kind === COOKIE) this.#crumb(value);
    else if (kind === HOST) this.#ownHost(value);
    else if (kind === CONTENT_LENGTH) this.#length(name, value);
    else if (kind === TE && value !== 'trailers') this.malformed = 'te other than trailers';
    else this.#write(name, value);
  }

  #crumb(value: string): void {
    this.#cookies = this.#has(COOKIE) ? `${this.#cookies}; ${value}` : value;
    this.#seen |= 1 << COOKIE;
  }

  /** The first counts, and none beside `:authority`. */
  #ownHost(value: string): void {
    if (this.#has(AUTHORITY) || this.#has(HOST)) return;
    this.#seen |= 1 << HOST;
    this.#write('host', value);
  }

  /** Equal ones are one. In a tunnel a length would mean nothing. */
  #length(name: string, value: string): void {
    const length = readLength(value);
    if (length < 0 || (this.contentLength >= 0 && length !== this.contentLength))
      this.malformed = 'wrong content-length';
    else if (this.contentLength < 0) {
      this.contentLength = length;
      if (!this.#isTunnel) this.#write(name, String(length));
    }
  }

  #write(name: string, value: string): void {
    const end = writeField(this.buffer, this.end, name, value);
    if (end >= 0) this.end = end;
    else {
      this.malformed = 'forbidden byte in a value';
      this.others++;
    }
  }

  #text(text: string): void {
    this.end = writeLatin1(this.buffer, text, this.end);
  }

  // ── the end ──

  /** All fields were given. `ended`: no body follows. */
  complete(ended: boolean): void {
    if (!this.#isLineWritten) this.#writeLine();
    if (ended && this.contentLength > 0 && !this.#isTunnel)
      this.malformed ||= 'content-length without content';
    if (this.malformed !== '') return;
    this.body = this.#isTunnel ? 'tunnel' : ended ? 'none' : this.contentLength >= 0 ? 'length' : 'chunked';
    if (this.body === 'chunked') this.#text('transfer-encoding: chunked\r\n');
    if (this.#has(COOKIE)) this.#write('cookie', this.#cookies);
    if (this.upgrades)
      this.#text(`upgrade: ${this.#protocol}\r\nconnection: upgrade\r\n${this.#websocketKey()}`);
    this.end = endLine(this.buffer, this.end);
  }

  /** HTTP/2 needs none, HTTP/1 does (RFC 6455 section 4.1). */
  #websocketKey(): string {
    if (this.#protocol.toLowerCase() !== 'websocket') return '';
    return `sec-websocket-key: ${randomBytes(16).toString('base64')}\r\n`;
  }

  /** Nobody needs what was written. */
  forget(): void {
    this.end = this.start - HEADROOM;
  }
}

const USUAL_METHODS = new Set(['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'CONNECT']);
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const SLASH = 0x2f;
const COLON = 0x3a;
const HASH = 0x23;
const SPACE = 0x20;
const DELETE = 0x7f;

/** What `:authority` says to HTTP/1. */
interface JudgedHost {
  readonly authority: string;
  readonly scheme: string;
  readonly isPossible: boolean;
  readonly plain: string;
}

function judge(authority: string, scheme: string): JudgedHost {
  return {
    authority,
    scheme,
    isPossible: isPossibleAuthority(authority),
    plain: plainAuthority(authority, scheme),
  };
}

function isMethod(method: string): boolean {
  return USUAL_METHODS.has(method) || TOKEN.test(method);
}

/** An absolute path, or `*`; nothing in it that ends a target in HTTP/1. */
function isPossiblePath(path: string, relaxed: boolean): boolean {
  if (path.charCodeAt(0) !== SLASH) return path === '*';
  for (let at = 1; at < path.length; at++) {
    const code = path.charCodeAt(at);
    if (code <= SPACE || code === DELETE || (code === HASH && !relaxed)) return false;
  }
  return true;
}

/** A port that goes without saying is not said, nor a colon without one (RFC 9110 section 4.2.3). */
function plainAuthority(authority: string, scheme: string): string {
  if (authority.charCodeAt(authority.length - 1) === COLON) return authority.slice(0, -1);
  const ending = scheme === 'https' ? ':443' : scheme === 'http' ? ':80' : undefined;
  return ending !== undefined && authority.endsWith(ending) ? authority.slice(0, -ending.length) : authority;
}
