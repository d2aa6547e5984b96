/** Trailers of HTTP/2 as lines of HTTP/1 (RFC 9113 section 8.1). */
import {
  CONTENT_LENGTH,
  HOST,
  IMPOSSIBLE,
  kindOf,
  OF_CONNECTION,
  TE,
  UNKNOWN_PSEUDO,
} from './field-kinds.ts';
import { withoutBlanks } from './field-text.ts';
import type { FieldSink } from './hpack/decoder.ts';

/** What tells of a connection or a message, and not of what was in it. */
const MISPLACED: readonly number[] = [IMPOSSIBLE, OF_CONNECTION, TE, HOST, CONTENT_LENGTH];

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
    else if (MISPLACED.includes(kind)) this.malformed = 'wrong trailer';
    else if (/[\0\r\n]/.test(value)) this.malformed = 'forbidden byte in a value';
    else this.lines += `${name}: ${withoutBlanks(value)}\r\n`;
  }
}
