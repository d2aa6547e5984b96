/** Trailers of HTTP/2 as lines of HTTP/1 (RFC 9113 section 8.1). */
import { kindOf, IMPOSSIBLE, OF_CONNECTION, UNKNOWN_PSEUDO } from './field-kinds.ts';
import type { FieldSink } from './hpack/decoder.ts';

export class TrailerReader implements FieldSink {
  /** Each with its line end. */
  lines = '';
  malformed = '';

  begin(): this {
    this.lines = this.malformed = '';
    return this;
  }

  field(name: string, value: string): void {
    const kind = kindOf(name);
    if (kind >= UNKNOWN_PSEUDO) this.malformed = 'pseudo-field in trailers';
    else if (kind === IMPOSSIBLE || kind === OF_CONNECTION) this.malformed = 'wrong trailer';
    else if (/[\0\r\n]/.test(value)) this.malformed = 'forbidden byte in a value';
    else this.lines += `${name}: ${value.replace(/^[ \t]+|[ \t]+$/g, '')}\r\n`;
  }
}
