/** Values of HTTP/2 fields on their way into lines of HTTP/1: nothing in them may end the line (RFC 9113 section 8.2.1). */
import { writeLatin1 } from '../base/latin1.ts';
import { COLON, CR, LF, SPACE } from '../http/char-class.ts';

/** Above this, a call to V8 is cheaper than a loop. */
const LONGEST_LOOP = 48;
const TAB = 0x09;

/** Writes `name: value CRLF`, blanks around the value left out. Gives where it ends; -1: a byte is forbidden. */
export function writeField(buffer: Buffer, at: number, name: string, value: string): number {
  const start = writeLatin1(buffer, name, at);
  buffer[start] = COLON;
  buffer[start + 1] = SPACE;
  const end = writeValue(buffer, start + 2, value);
  return end < 0 ? -1 : endLine(buffer, end);
}

export function endLine(buffer: Buffer, at: number): number {
  buffer[at] = CR;
  buffer[at + 1] = LF;
  return at + 2;
}

function writeValue(buffer: Buffer, at: number, value: string): number {
  const { length } = value;
  if (length === 0) return at;
  if (isBlankCode(value.charCodeAt(0)) || isBlankCode(value.charCodeAt(length - 1)))
    return writeValue(buffer, at, withoutBlanks(value));
  if (length > LONGEST_LOOP) return hasForbidden(value) ? -1 : writeLatin1(buffer, value, at);
  for (let index = 0; index < length; index++) {
    const code = value.charCodeAt(index);
    if (code <= CR && (code === CR || code === LF || code === 0)) return -1;
    buffer[at + index] = code;
  }
  return at + length;
}

/** Without spaces and tabs around it, as HAProxy takes it; in one pass, however many there are in it. */
export function withoutBlanks(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlankCode(value.charCodeAt(start))) start++;
  while (end > start && isBlankCode(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function hasForbidden(value: string): boolean {
  return /[\0\r\n]/.test(value);
}

function isBlankCode(code: number): boolean {
  return code === SPACE || code === TAB;
}
