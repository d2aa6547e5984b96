/**
 * Fields of an HTTP/2 response as the head of an HTTP/1.1 one (RFC 9113 section 8.3.2), so that whoever reads it does not
 * need to know; trailers likewise. What HTTP/2 forbids, and what could be read differently in HTTP/1, makes it invalid.
 * Called by server-response.ts, for one block at a time.
 */
import { CLASS, FIELD, TOKEN } from '../../http/char-class.ts';
import { reasonPhrase } from '../../http/reasons.ts';
import { readLength } from '../../http2/content-length.ts';
import { withoutBlanks } from '../../http2/field-text.ts';
import type { FieldSink } from '../../http2/hpack/decoder.ts';

/** Fields of one connection (RFC 9113 section 8.2.2). */
const OF_CONNECTION = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);
/** In an answer that opens a tunnel they mean nothing (RFC 9110 section 9.3.6). */
const OF_CONTENT = new Set(['content-length', 'sec-websocket-accept']);

const COLON = 0x3a;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;

export class ResponseText implements FieldSink {
  /** 0: it has none, these are trailers. */
  status = 0;
  /** The block breaks the protocol. */
  invalid = false;
  /** Bytes of the body; -1: it is not said. */
  contentLength = -1;
  #lines = '';
  #withoutContent = '';
  #hasFields = false;

  begin(): this {
    this.status = 0;
    this.invalid = false;
    this.contentLength = -1;
    this.#lines = this.#withoutContent = '';
    this.#hasFields = false;
    return this;
  }

  field(name: string, said: string): void {
    if (name.charCodeAt(0) === COLON) return this.#pseudoField(name, said);
    this.#hasFields = true;
    const value = withoutBlanks(said);
    if (!isName(name) || !isValue(value) || OF_CONNECTION.has(name)) {
      this.invalid = true;
      return;
    }
    const isLength = name === 'content-length';
    if (isLength && !this.#length(value)) return;
    const line = `${name}: ${isLength ? this.contentLength : value}\r\n`;
    this.#lines += line;
    if (!OF_CONTENT.has(name)) this.#withoutContent += line;
  }

  #pseudoField(name: string, value: string): void {
    const isGood = name === ':status' && this.status === 0 && !this.#hasFields && /^[1-9]\d\d$/.test(value);
    if (isGood) this.status = Number(value);
    else this.invalid = true;
  }

  /** False: it was said before. */
  #length(value: string): boolean {
    const length = readLength(value);
    const wasSaid = this.contentLength >= 0;
    if (length < 0 || (wasSaid && length !== this.contentLength)) this.invalid = true;
    this.contentLength = length;
    return !wasSaid;
  }

  /** `extra`: lines that are told beside. */
  head(extra: string): string {
    return `HTTP/1.1 ${this.status} ${reasonPhrase(this.status)}\r\n${this.#lines}${extra}\r\n`;
  }

  /** Of an answer that opens a tunnel. */
  tunnelHead(status: number, extra: string): string {
    return `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n${this.#withoutContent}${extra}\r\n`;
  }

  trailers(): string {
    return this.#lines;
  }
}

function isName(name: string): boolean {
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    if (((CLASS[code] as number) & TOKEN) === 0 || (code >= UPPER_A && code <= UPPER_Z)) return false;
  }
  return name.length > 0;
}

function isValue(value: string): boolean {
  for (let at = 0; at < value.length; at++)
    if (((CLASS[value.charCodeAt(at)] as number) & FIELD) === 0) return false;
  return true;
}
