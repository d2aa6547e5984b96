/**
 * Parses the head of an HTTP/1 request (RFC 9112 sections 3 to 6). The bytes are contiguous; an incomplete head is
 * parsed anew when more has come, which is rare. What is refused is in parse-errors.ts; where HAProxy 3.4 mends
 * instead of refusing, so do we, and write the mended form out.
 */
import { latin1Slice } from '../base/latin1.ts';
import { CLASS, CR, isBlank, LF, SPACE, TARGET, TOKEN, UNSAFE_TARGET } from './char-class.ts';
import { scanFields } from './field-scanner.ts';
import type { HeadLimits } from './head-limits.ts';
import {
  H2_PREFACE,
  INVALID_LINE_END,
  INVALID_METHOD,
  INVALID_TARGET,
  INVALID_VERSION,
  TARGET_TOO_LONG,
  TOO_LARGE,
  UNSUPPORTED_VERSION,
} from './parse-errors.ts';
import { RepeatedFields } from './repeated-fields.ts';
import type { Http1RequestHead } from './request-head.ts';
import { settleFields, settleRequest } from './request-rules.ts';

const H2_PREFACE_TEXT = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

// the request line last read: methodEnd, targetStart, targetEnd relative to its start, version, its digits, and whether
// the line is exactly `method SP target SP HTTP/1.x CRLF`
const line = { methodEnd: 0, targetStart: 0, targetEnd: 0, version: 0, written: 0, regular: true };

const repeated = new RepeatedFields();

/** Bytes consumed, 0 when the head is incomplete, or a negative error of parse-errors.ts. */
export function parseRequestHead(
  buffer: Buffer,
  from: number,
  end: number,
  head: Http1RequestHead,
  limits: HeadLimits,
): number {
  let start = from;
  // RFC 9112 section 2.2: empty lines before the request line are ignored
  while (start < end && (buffer[start] === CR || buffer[start] === LF)) {
    if (buffer[start] === CR && start + 1 < end && buffer[start + 1] !== LF) return INVALID_METHOD;
    start++;
  }
  const fields = readRequestLine(buffer, start, end, limits);
  if (fields <= 0) return fields < 0 ? fields : incomplete(from, start, end, limits, TARGET_TOO_LONG);
  head.reset();
  const mayBeKnown = line.version === 11;
  const known = mayBeKnown ? repeated.recall(buffer, start, fields, end, head, limits) : 0;
  const body = known > 0 ? known : readFields(buffer, start, fields, end, head, limits);
  if (body <= 0) return body < 0 ? body : incomplete(from, start, end, limits, TOO_LARGE);
  if (body - from > limits.maxHeadBytes) return TOO_LARGE;
  const text = known > 0 ? repeated.recallText(buffer, start, fields) : undefined;
  head.headers.setSource(buffer, start, body - start, text);
  const method = methodName(head.headers.text, line.methodEnd);
  const keptLine = line.regular ? fields - start : 0;
  const version = line.version === 9 ? 10 : line.version;
  head.received(method, line.targetStart, line.targetEnd, version, keptLine, line.written);
  if (known === 0) {
    const verdict = settleFields(head, limits);
    if (verdict < 0) return verdict;
    if (mayBeKnown) repeated.remember(buffer, start, fields, body, head, limits);
  }
  const verdict = settleRequest(head, limits);
  return verdict < 0 ? verdict : body - from;
}

function readFields(
  buffer: Buffer,
  start: number,
  fields: number,
  end: number,
  head: Http1RequestHead,
  limits: HeadLimits,
): number {
  return line.version === 9 ? fields : scanFields(buffer, start, fields, end, head.headers, limits);
}

function incomplete(from: number, start: number, end: number, limits: HeadLimits, tooLong: number): number {
  return end - Math.min(from, start) >= limits.maxHeadBytes ? tooLong : 0;
}

/** Gives where the fields start, 0 when the line is incomplete, or an error. */
function readRequestLine(buffer: Buffer, start: number, end: number, limits: HeadLimits): number {
  let at = start;
  while (at < end && ((CLASS[buffer[at] as number] as number) & TOKEN) !== 0) at++;
  if (at === end) return 0;
  if (at === start || !isBlank(buffer[at])) return INVALID_METHOD;
  line.methodEnd = at - start;
  line.regular = true;
  at = skipBlanks(buffer, at, end);
  line.targetStart = at - start;
  const mask = limits.relaxed === true ? TARGET | UNSAFE_TARGET : TARGET;
  while (at < end && ((CLASS[buffer[at] as number] as number) & mask) !== 0) at++;
  if (at === end) return 0;
  line.targetEnd = at - start;
  if (line.targetEnd === line.targetStart) return INVALID_TARGET;
  if (!isBlank(buffer[at])) return lineWithoutVersion(buffer, start, at, end, limits);
  at = skipBlanks(buffer, at, end);
  if (limits.strict === true && !line.regular) return INVALID_TARGET;
  return readVersion(buffer, start, at, end, limits);
}

/** One blank is how it should be; others are mended. */
function skipBlanks(buffer: Buffer, from: number, end: number): number {
  let at = from + 1;
  while (at < end && isBlank(buffer[at])) at++;
  if (at !== from + 1 || buffer[from] !== SPACE) line.regular = false;
  return at;
}

/** `HTTP/d.d` and the end of the line. */
function readVersion(buffer: Buffer, start: number, from: number, end: number, limits: HeadLimits): number {
  if (end - from < 9) return couldBeVersion(buffer, from, end) ? 0 : INVALID_VERSION;
  if (!couldBeVersion(buffer, from, from + 8)) return INVALID_VERSION;
  const major = (buffer[from + 5] as number) - 0x30;
  const minor = (buffer[from + 7] as number) - 0x30;
  let at = from + 8;
  if (buffer[at] === CR) {
    if (++at === end) return 0;
    if (buffer[at] !== LF) return INVALID_LINE_END;
  } else {
    if (buffer[at] !== LF) return INVALID_VERSION;
    if (limits.strict === true) return INVALID_LINE_END;
    line.regular = false;
  }
  line.version = major > 1 || minor >= 1 ? 11 : 10;
  line.written = major * 10 + minor;
  if (major !== 1 || minor > 1) return otherVersion(buffer, start, at + 1, end, major, limits);
  return at + 1;
}

const VERSION = 'HTTP/d.d';

function couldBeVersion(buffer: Buffer, from: number, end: number): boolean {
  for (let at = from; at < end && at < from + VERSION.length; at++) {
    const byte = buffer[at] as number;
    const wanted = VERSION.charCodeAt(at - from);
    if (wanted === 0x64 ? byte < 0x30 || byte > 0x39 : byte !== wanted) return false;
  }
  return true;
}

/** Later versions are answered as 1.1 (RFC 9110 section 2.5), unless it is HTTP/2 that is being opened. */
function otherVersion(
  buffer: Buffer,
  start: number,
  after: number,
  end: number,
  major: number,
  limits: HeadLimits,
): number {
  if (major === 2 && latin1Slice(buffer, start, after) === 'PRI * HTTP/2.0\r\n')
    return readPreface(buffer, start, end);
  line.regular = false;
  if (major === 0) return INVALID_VERSION;
  if (limits.strict === true && major !== 1) return UNSUPPORTED_VERSION;
  return after;
}

function readPreface(buffer: Buffer, start: number, end: number): number {
  const seen = latin1Slice(buffer, start, Math.min(end, start + H2_PREFACE_TEXT.length));
  if (!H2_PREFACE_TEXT.startsWith(seen)) return INVALID_METHOD;
  return seen.length === H2_PREFACE_TEXT.length ? H2_PREFACE : 0;
}

/** HTTP/0.9: refused, or taken as an HTTP/1.0 GET with `accept-unsafe-violations`. */
function lineWithoutVersion(
  buffer: Buffer,
  start: number,
  at: number,
  end: number,
  limits: HeadLimits,
): number {
  const isLineEnd = buffer[at] === CR || buffer[at] === LF;
  if (!isLineEnd) return INVALID_TARGET;
  if (limits.relaxed !== true || latin1Slice(buffer, start, start + line.methodEnd) !== 'GET')
    return INVALID_VERSION;
  line.version = 9;
  line.written = 10;
  line.regular = false;
  if (buffer[at] === LF) return at + 1;
  if (at + 1 >= end) return 0;
  return buffer[at + 1] === LF ? at + 2 : INVALID_LINE_END;
}

/** Without making a new string for the usual ones. */
function methodName(text: string, length: number): string {
  const first = text.charCodeAt(0);
  if (length === 3 && first === 0x47 && text.charCodeAt(1) === 0x45 && text.charCodeAt(2) === 0x54)
    return 'GET';
  if (length === 4 && first === 0x50 && text.startsWith('POST')) return 'POST';
  return text.slice(0, length);
}
