/** Parses and writes heads given as text, for the tests of http/. */
import type { HeadLimits } from '../../src/http/head-limits.ts';
import { PARSE_ERRORS } from '../../src/http/parse-errors.ts';
import { Http1RequestHead } from '../../src/http/request-head.ts';
import { parseRequestHead } from '../../src/http/request-parser.ts';
import { Http1ResponseHead } from '../../src/http/response-head.ts';
import { parseResponseHead } from '../../src/http/response-parser.ts';

export const LENIENT: HeadLimits = { maxHeadBytes: 15360, maxHeaders: 101 };
export const STRICT: HeadLimits = { ...LENIENT, strict: true };
export const UNSAFE: HeadLimits = { ...LENIENT, relaxed: true };

/** Lines joined as a head: each gets CRLF, and an empty line follows. */
export function lines(...text: readonly string[]): string {
  return `${text.join('\r\n')}\r\n\r\n`;
}

interface Parsed<H> {
  readonly head: H;
  /** As the parser gives it. */
  readonly result: number;
}

export function parseRequest(text: string, limits: HeadLimits = LENIENT): Parsed<Http1RequestHead> {
  const head = new Http1RequestHead();
  const buffer = Buffer.from(text, 'latin1');
  return { head, result: parseRequestHead(buffer, 0, buffer.length, head, limits) };
}

export function parseResponse(text: string, method = 'GET', limits = LENIENT): Parsed<Http1ResponseHead> {
  const head = new Http1ResponseHead();
  const buffer = Buffer.from(text, 'latin1');
  const result = parseResponseHead(buffer, 0, buffer.length, head, limits);
  if (result > 0) head.resolveFraming(method, 11);
  return { head, result };
}

/** `ok`, `incomplete`, or the text of the error. */
export function verdictOf(result: number): string {
  if (result > 0) return 'ok';
  return result === 0 ? 'incomplete' : (PARSE_ERRORS.get(result)?.text ?? `unknown error ${result}`);
}

export function requestVerdict(text: string, limits: HeadLimits = LENIENT): string {
  return verdictOf(parseRequest(text, limits).result);
}

export function responseVerdict(text: string, limits: HeadLimits = LENIENT): string {
  return verdictOf(parseResponse(text, 'GET', limits).result);
}

const out = Buffer.alloc(32768);

/** The head as a server gets it, without its final empty line. */
export function writeRequest(head: Http1RequestHead, close = false): string {
  const length = head.renderInto(out, 0, { close });
  return out.toString('latin1', 0, length).replace(/\r\n\r\n$/, '');
}

export function writeResponse(head: Http1ResponseHead, connection: '' | 'close' | 'keep-alive' = ''): string {
  const length = head.renderInto(out, 0, { connection });
  return out.toString('latin1', 0, length).replace(/\r\n\r\n$/, '');
}

/** Parsed and written again, or the text of the error. */
export function forwardRequest(text: string, limits: HeadLimits = LENIENT): string {
  const { head, result } = parseRequest(text, limits);
  return result > 0 ? writeRequest(head) : verdictOf(result);
}

export function forwardResponse(text: string, method = 'GET', limits: HeadLimits = LENIENT): string {
  const { head, result } = parseResponse(text, method, limits);
  return result > 0 ? writeResponse(head) : verdictOf(result);
}
