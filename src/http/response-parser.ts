/** Parses the head of an HTTP/1 response (RFC 9112 section 4); the counterpart of request-parser.ts. */
import { latin1Slice } from '../base/latin1.ts';
import { CLASS, FIELD } from './char-class.ts';
import { hasBareLineFeed, readFieldLines } from './field-lines.ts';
import { INVALID_LENGTH, INVALID_LINE_END, INVALID_STATUS_LINE, TOO_LARGE } from './parse-errors.ts';
import type { HeadLimits } from './request-parser.ts';
import type { Http1ResponseHead } from './response-head.ts';

const END_OF_HEAD = '\r\n\r\n';
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([^\r\n]*))?\r\n/;

/** Bytes consumed, 0 when the head is incomplete, or a negative error. */
export function parseResponseHead(
  buffer: Buffer,
  start: number,
  end: number,
  head: Http1ResponseHead,
  limits: HeadLimits,
): number {
  if (!startsLikeHttp(buffer, start, end)) return INVALID_STATUS_LINE;
  const close = buffer.indexOf(END_OF_HEAD, start, 'latin1');
  if (close < 0 || close + 4 > end) return rejectEarly(buffer, start, end, limits);
  if (close + 4 - start > limits.maxHeadBytes) return TOO_LARGE;
  head.reset();
  const text = latin1Slice(buffer, start, close + 2);
  const fields = readStatusLine(text, head);
  if (fields < 0) return fields;
  const verdict = readFieldLines(
    buffer,
    start,
    text,
    fields,
    text.length,
    head.headers,
    limits.maxHeaders,
    head.fields,
  );
  if (verdict < 0) return verdict;
  if (head.fields.conflicting || (head.fields.chunked && head.version < 11)) return INVALID_LENGTH;
  if (head.fields.lengthRepeated) head.headers.set('Content-Length', String(head.contentLength));
  return close + 4 - start;
}

function readStatusLine(text: string, head: Http1ResponseHead): number {
  const match = STATUS_LINE.exec(text);
  if (match === null) return INVALID_STATUS_LINE;
  const reason = match[3] ?? '';
  for (let at = 0; at < reason.length; at++)
    if (((CLASS[reason.charCodeAt(at)] as number) & FIELD) === 0) return INVALID_STATUS_LINE;
  head.version = match[1] === '1' ? 11 : 10;
  head.status = Number(match[2]);
  head.reason = reason;
  return match[0].length;
}

function startsLikeHttp(buffer: Buffer, start: number, end: number): boolean {
  const length = Math.min(end - start, 5);
  for (let at = 0; at < length; at++) if (buffer[start + at] !== 'HTTP/'.charCodeAt(at)) return false;
  return true;
}

/** An incomplete head that cannot become a good one is refused without waiting for its end. */
function rejectEarly(buffer: Buffer, start: number, end: number, limits: HeadLimits): number {
  if (end - start >= limits.maxHeadBytes) return TOO_LARGE;
  return hasBareLineFeed(buffer, start, end) ? INVALID_LINE_END : 0;
}
