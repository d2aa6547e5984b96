/**
 * Parses the head of an HTTP/1 request (RFC 9112 sections 3 to 6). The bytes are contiguous; an incomplete head is
 * parsed anew when more has come, which is rare.
 */
import { latin1Slice } from '../base/latin1.ts';
import { CLASS, OBS_TEXT, TARGET, TOKEN } from './char-class.ts';
import { hasBareLineFeed, readFieldLines } from './field-lines.ts';
import {
  CONNECT_WITH_BODY,
  H2_PREFACE,
  INVALID_HOST,
  INVALID_LENGTH,
  INVALID_LINE_END,
  INVALID_METHOD,
  INVALID_TARGET,
  INVALID_VERSION,
  TOO_LARGE,
  WEBSOCKET_WITHOUT_KEY,
} from './parse-errors.ts';
import type { Http1RequestHead } from './request-head.ts';
import { authorityMatches, isStrictHost, isTarget } from './authority.ts';

export interface HeadLimits {
  /** Bytes of a whole head. */
  readonly maxHeadBytes: number;
  readonly maxHeaders: number;
  /** `option accept-unsafe-violations-in-http-request`: targets and Host are not looked at closely. */
  readonly relaxed?: boolean;
  /** `tune.http.strict`: what HAProxy tolerates in Host and targets is refused too (RFC 9112 section 3.2). */
  readonly strict?: boolean;
}

const SPACE = 0x20;
const CR = 0x0d;
const END_OF_HEAD = '\r\n\r\n';

/** Bytes consumed, 0 when the head is incomplete, or a negative error of parse-errors.ts. */
export function parseRequestHead(
  buffer: Buffer,
  from: number,
  end: number,
  head: Http1RequestHead,
  limits: HeadLimits,
): number {
  let start = from;
  // RFC 9112 section 2.2: at least one empty line before the request line is ignored
  while (start + 1 < end && buffer[start] === 0x0d && buffer[start + 1] === 0x0a) start += 2;
  const close = buffer.indexOf(END_OF_HEAD, start, 'latin1');
  if (close < 0 || close + 4 > end) return rejectEarly(buffer, start, end, limits);
  if (close + 4 - from > limits.maxHeadBytes) return TOO_LARGE;
  head.reset();
  const text = latin1Slice(buffer, start, close + 2);
  const relaxed = limits.relaxed === true;
  const fields = readRequestLine(buffer, start, text, head, relaxed);
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
  const conflict = settle(head, relaxed);
  if (conflict === 0 && limits.strict === true && !isStrictlyNamed(head)) return INVALID_HOST;
  return conflict < 0 ? conflict : close + 4 - from;
}

/** The request line: `method SP target SP HTTP/d.d CRLF`. Gives where the fields start, or an error. */
function readRequestLine(
  buffer: Buffer,
  base: number,
  text: string,
  head: Http1RequestHead,
  relaxed: boolean,
): number {
  const methodEnd = run(buffer, base, TOKEN) - base;
  if (methodEnd === 0 || buffer[base + methodEnd] !== SPACE) return INVALID_METHOD;
  const targetEnd = run(buffer, base + methodEnd + 1, relaxed ? TARGET | OBS_TEXT : TARGET) - base;
  if (targetEnd === methodEnd + 1) return INVALID_TARGET;
  head.method = text.slice(0, methodEnd);
  head.target = text.slice(methodEnd + 1, targetEnd);
  if (buffer[base + targetEnd] !== SPACE || !(relaxed || isTarget(head.method, head.target)))
    return INVALID_TARGET;
  const version = text.slice(targetEnd + 1, targetEnd + 11);
  if (version === 'HTTP/1.1\r\n') head.version = 11;
  else if (version === 'HTTP/1.0\r\n') head.version = 10;
  else if (head.method === 'PRI' && head.target === '*') return H2_PREFACE;
  else return INVALID_VERSION;
  return targetEnd + 11;
}

/** Decides framing, persistence and Host once all fields are known. */
function settle(head: Http1RequestHead, relaxed: boolean): number {
  const { fields } = head;
  if (fields.conflicting) return INVALID_LENGTH;
  // RFC 9112 section 6.1: a transfer coding from an HTTP/1.0 client is not to be trusted
  if (fields.chunked && head.version < 11) return INVALID_LENGTH;
  if (head.method === 'CONNECT' && (fields.chunked || fields.contentLength > 0)) return CONNECT_WITH_BODY;
  head.framing = fields.chunked ? 'chunked' : fields.contentLength > 0 ? 'length' : 'none';
  head.keepAlive = fields.persistent(head.version);
  if (fields.lengthRepeated) head.headers.set('Content-Length', String(fields.contentLength));
  if (!relaxed && head.wantsUpgrade && lacksWebsocketKey(head)) return WEBSOCKET_WITHOUT_KEY;
  return checkHost(head, relaxed);
}

/** RFC 6455 section 4.1. */
function lacksWebsocketKey({ headers }: Http1RequestHead): boolean {
  return headers.get('upgrade')?.toLowerCase() === 'websocket' && !headers.has('sec-websocket-key');
}

function checkHost(head: Http1RequestHead, relaxed: boolean): number {
  const index = head.headers.find('host');
  head.hostIndex = index;
  if (index < 0) return 0;
  if (head.headers.find('host', index + 1) >= 0) return INVALID_HOST;
  return relaxed || authorityMatches(head.method, head.target, head.headers.valueAt(index))
    ? 0
    : INVALID_HOST;
}

/** Exactly one Host in HTTP/1.1, with a port that is a number; `*` for OPTIONS alone. */
function isStrictlyNamed({ method, target, version, headers, hostIndex }: Http1RequestHead): boolean {
  if (target === '*' && method !== 'OPTIONS') return false;
  return hostIndex < 0 ? version < 11 : isStrictHost(headers.valueAt(hostIndex));
}

/** An incomplete head that cannot become a good one is refused without waiting for its end. */
function rejectEarly(buffer: Buffer, start: number, end: number, limits: HeadLimits): number {
  if (end - start >= limits.maxHeadBytes) return TOO_LARGE;
  // nothing yet, or half of an empty line
  if (start >= end || (end - start === 1 && buffer[start] === CR)) return 0;
  const methodEnd = Math.min(run(buffer, start, TOKEN), end);
  if (methodEnd === end) return methodEnd - start > 64 ? INVALID_METHOD : 0;
  if (methodEnd === start || buffer[methodEnd] !== SPACE) return INVALID_METHOD;
  return hasBareLineFeed(buffer, start, end) ? INVALID_LINE_END : 0;
}

function run(buffer: Buffer, from: number, kind: number): number {
  let at = from;
  while (((CLASS[buffer[at] ?? 0] as number) & kind) !== 0) at++;
  return at;
}
