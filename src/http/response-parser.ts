/**
 * Parses the head of an HTTP/1 response (RFC 9112 section 4); the counterpart of request-parser.ts. Every error
 * means the same to a client: 502.
 */
import { latin1Slice } from '../base/latin1.ts';
import { CLASS, CR, FIELD, isBlank, LF, SPACE, STRICT_FIELD } from './char-class.ts';
import { readConnectionOptions } from './connection-options.ts';
import { scanFields } from './field-scanner.ts';
import type { HeadLimits } from './head-limits.ts';
import { INVALID_LINE_END, INVALID_STATUS_LINE, TOO_LARGE } from './parse-errors.ts';
import { RepeatedFields } from './repeated-fields.ts';
import type { Http1ResponseHead } from './response-head.ts';
import { reasonPhrase } from './reasons.ts';

// the status line last read; offsets relative to its start
const line = { version: 0, status: 0, reasonStart: 0, reasonEnd: 0, regular: true };

const repeated = new RepeatedFields();

/** Bytes consumed, 0 when the head is incomplete, or a negative error. */
export function parseResponseHead(
  buffer: Buffer,
  from: number,
  end: number,
  head: Http1ResponseHead,
  limits: HeadLimits,
): number {
  let start = from;
  while (start < end && (buffer[start] === CR || buffer[start] === LF)) {
    if (buffer[start] === CR && start + 1 < end && buffer[start + 1] !== LF) return INVALID_STATUS_LINE;
    start++;
  }
  const fields = readStatusLine(buffer, start, end, limits);
  if (fields < 0) return fields;
  const known = fields === 0 ? 0 : recall(buffer, start, fields, end, head, limits);
  const body =
    known > 0 || fields === 0 ? known : scanFields(buffer, start, fields, end, head.headers, limits);
  if (body < 0) return body;
  if (body === 0) return end - from >= limits.maxHeadBytes ? TOO_LARGE : 0;
  if (body - from > limits.maxHeadBytes) return TOO_LARGE;
  head.headers.setSource(buffer, start, body - start);
  const hasReason = line.reasonEnd > line.reasonStart;
  head.received(
    line.status,
    hasReason ? reasonIn(buffer, start) : reasonPhrase(line.status),
    line.version,
    line.regular && hasReason ? fields - start : 0,
  );
  if (known === 0) {
    const verdict = settleFields(head, limits);
    if (verdict < 0) return verdict;
    if (line.version === 11) repeated.remember(buffer, start, fields, body, head, limits);
  }
  if (line.status < 200 || line.status === 204) head.dropLengths();
  return body - from;
}

function recall(
  buffer: Buffer,
  start: number,
  fields: number,
  end: number,
  head: Http1ResponseHead,
  limits: HeadLimits,
): number {
  head.reset();
  return line.version === 11 ? repeated.recall(buffer, start, fields, end, head, limits) : 0;
}

/** Without making a new string for the usual ones. */
function reasonIn(buffer: Buffer, start: number): string {
  const usual = reasonPhrase(line.status);
  const from = start + line.reasonStart;
  const end = start + line.reasonEnd;
  return isText(buffer, from, end, usual) ? usual : latin1Slice(buffer, from, end);
}

function isText(buffer: Buffer, from: number, end: number, text: string): boolean {
  if (end - from !== text.length) return false;
  for (let at = 0; at < text.length; at++) if (buffer[from + at] !== text.charCodeAt(at)) return false;
  return true;
}

/** What they mean whatever the status is. */
function settleFields(head: Http1ResponseHead, limits: HeadLimits): number {
  const { fields, headers } = head;
  const verdict = fields.read(headers, limits, limits.relaxed === true);
  if (verdict < 0) return verdict;
  readConnectionOptions(headers, fields, false, head.version, limits);
  return 0;
}

/** `HTTP/d.d SP ddd [SP reason] CRLF`. Gives where the fields start, 0 when incomplete, or an error. */
function readStatusLine(buffer: Buffer, start: number, end: number, limits: HeadLimits): number {
  if (limits.relaxed === true) {
    const unsafe = readUnsafeStart(buffer, start, end);
    if (unsafe !== USUAL) return unsafe <= 0 ? unsafe : readReason(buffer, start, unsafe, end, limits);
  }
  if (!startsLikeHttp(buffer, start, end)) return INVALID_STATUS_LINE;
  // the shortest line: HTTP/1.1 200 LF
  if (end - start < 13) return 0;
  const major = (buffer[start + 5] as number) - 0x30;
  const minor = (buffer[start + 7] as number) - 0x30;
  line.version = major > 1 || minor >= 1 ? 11 : 10;
  line.regular = major === 1 && minor <= 1 && buffer[start + 8] === SPACE;
  let at = start + 9;
  while (at < end && isBlank(buffer[at])) at++;
  if (at + 3 >= end) return 0;
  line.status = threeDigits(buffer, at);
  if (line.status < 100) return INVALID_STATUS_LINE;
  if (at !== start + 9) line.regular = false;
  if (limits.strict === true && (!line.regular || line.status > 599)) return INVALID_STATUS_LINE;
  return readReason(buffer, start, at + 3, end, limits);
}

/** The line is like those without the option. */
const USUAL = -1_000_000;
const LONGEST_START = 64;
const MOST_STATUS = 0xffff;

/**
 * With `accept-unsafe-violations-in-http-response`: other protocols (`RTSP/1.0`), versions of several digits, statuses
 * of more than three that fit 16 bits. Gives where the reason starts, 0 when the line is incomplete, or an error.
 */
function readUnsafeStart(buffer: Buffer, start: number, end: number): number {
  const text = latin1Slice(buffer, start, Math.min(end, start + LONGEST_START));
  const match = /^([A-Z]+\/\d+\.\d+)[ \t]+(\d+)(?=[ \t\r\n])/.exec(text);
  if (match === null) {
    const couldBecome = /^[A-Z]*(?:\/\d*(?:\.\d*(?:[ \t]+\d*)?)?)?$/.test(text);
    return couldBecome && text.length < LONGEST_START ? 0 : INVALID_STATUS_LINE;
  }
  const [whole, version = '', digits = ''] = match;
  if (/^HTTP\/\d\.\d$/.test(version) && digits.length === 3) return USUAL;
  line.status = Number(digits);
  if (digits.length < 3 || line.status < 100 || line.status > MOST_STATUS) return INVALID_STATUS_LINE;
  const isNew = version.length === 8 && (version.charAt(5) > '1' || version.slice(5) >= '1.1');
  line.version = isNew ? 11 : 10;
  line.regular = false;
  return start + whole.length;
}

function readReason(buffer: Buffer, start: number, from: number, end: number, limits: HeadLimits): number {
  let at = from;
  while (at < end && isBlank(buffer[at])) at++;
  line.reasonStart = at - start;
  if (at !== from + 1 || buffer[from] !== SPACE) line.regular = false;
  const allowed = limits.strict === true ? STRICT_FIELD : FIELD;
  while (at < end && ((CLASS[buffer[at] as number] as number) & allowed) !== 0) at++;
  line.reasonEnd = at - start;
  if (at + 1 > end - 1 && buffer[at] !== LF) return at < end && buffer[at] !== CR ? INVALID_STATUS_LINE : 0;
  if (at >= end) return 0;
  if (line.reasonEnd > line.reasonStart && line.reasonStart === from - start) return INVALID_STATUS_LINE;
  if (buffer[at] === CR) return buffer[at + 1] === LF ? at + 2 : INVALID_LINE_END;
  if (buffer[at] !== LF) return INVALID_STATUS_LINE;
  line.regular = false;
  return limits.strict === true ? INVALID_LINE_END : at + 1;
}

function threeDigits(buffer: Buffer, from: number): number {
  let number = 0;
  for (let at = from; at < from + 3; at++) {
    const digit = (buffer[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

const VERSION = 'HTTP/d.d ';

function startsLikeHttp(buffer: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end && at < start + VERSION.length; at++) {
    const byte = buffer[at] as number;
    const wanted = VERSION.charCodeAt(at - start);
    if (wanted === 0x64) {
      if (byte < 0x30 || byte > 0x39) return false;
    } else if (byte !== wanted && !(wanted === SPACE && isBlank(byte))) return false;
  }
  return start + 5 >= end || buffer[start + 5] !== 0x30;
}
