/**
 * Reads the field lines of a head (RFC 9112 section 5) from its decoded text, byte classes checked. Used for
 * requests and responses alike.
 */
import { CLASS, FIELD, TOKEN } from './char-class.ts';
import type { HeaderList } from './header-list.ts';
import {
  INVALID_HEADER_NAME,
  INVALID_HEADER_VALUE,
  INVALID_LINE_END,
  TOO_MANY_HEADERS,
} from './parse-errors.ts';

const COLON = 0x3a;
const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
/** As in HAProxy. */
const LONGEST_NAME = 255;

/** What the framing and connection rules need to know, told for each field as it is read. */
export interface FieldObserver {
  /** Negative: refuse the message with that error. */
  field(lowerName: string, value: string): number;
}

/**
 * `text` from `start` up to `end` (just after the empty line's predecessor: the last field's CRLF). `base` is the
 * buffer offset of the text's first char. Gives 0, or a negative error.
 */
export function readFieldLines(
  buffer: Buffer,
  base: number,
  text: string,
  start: number,
  end: number,
  headers: HeaderList,
  maxHeaders: number,
  observer: FieldObserver,
): number {
  let at = start;
  while (at < end) {
    const nameEnd = endOfName(buffer, base + at) - base;
    if (nameEnd === at || nameEnd - at > LONGEST_NAME || buffer[base + nameEnd] !== COLON)
      return INVALID_HEADER_NAME;
    let valueStart = nameEnd + 1;
    while (isBlank(buffer[base + valueStart])) valueStart++;
    const lineEnd = endOfValue(buffer, base + valueStart) - base;
    if (buffer[base + lineEnd] !== CR) return INVALID_HEADER_VALUE;
    if (buffer[base + lineEnd + 1] !== LF) return INVALID_LINE_END;
    let valueEnd = lineEnd;
    while (valueEnd > valueStart && isBlank(buffer[base + valueEnd - 1])) valueEnd--;
    if (headers.count >= maxHeaders) return TOO_MANY_HEADERS;
    const value = text.slice(valueStart, valueEnd);
    const verdict = observer.field(headers.append(text.slice(at, nameEnd), value), value);
    if (verdict < 0) return verdict;
    at = lineEnd + 2;
  }
  headers.setBlock(text.slice(start, end));
  return 0;
}

function endOfName(buffer: Buffer, from: number): number {
  let at = from;
  while (((CLASS[buffer[at] as number] as number) & TOKEN) !== 0) at++;
  return at;
}

function endOfValue(buffer: Buffer, from: number): number {
  let at = from;
  while (((CLASS[buffer[at] as number] as number) & FIELD) !== 0) at++;
  return at;
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}

/** A line that does not end in CRLF, in a head that is not complete yet: it never will be a good one. */
export function hasBareLineFeed(buffer: Buffer, start: number, end: number): boolean {
  for (let at = buffer.indexOf(LF, start); at >= 0 && at < end; at = buffer.indexOf(LF, at + 1))
    if (at === start || buffer[at - 1] !== CR) return true;
  return false;
}
