/**
 * The trailer section of a chunked body (RFC 9112 section 7.1.2): checked as strictly as nothing else, since no
 * reader needs to be lenient here, and without the fields that must not come so late (RFC 9110 section 6.5.1).
 */
import { latin1Slice, latin1Write } from '../base/latin1.ts';
import { scanFields } from './field-scanner.ts';
import type { HeadLimits } from './head-limits.ts';
import { HeaderList } from './header-list.ts';

const LIMITS: HeadLimits = { maxHeadBytes: 8192, maxHeaders: 101, strict: true };

/** They say where a message ends, whom it is for, or who may ask for it. */
const FORBIDDEN = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const fields = new HeaderList();

/** Where the section that starts at `from` ends, 0 when it is incomplete, negative when it is not one. */
export function findTrailerEnd(buffer: Buffer, from: number, end: number): number {
  fields.clear();
  const after = scanFields(buffer, from, from, end, fields, LIMITS);
  const length = (after > 0 ? after : end) - from;
  return after >= 0 && length > LIMITS.maxHeadBytes ? -1 : after;
}

/** Those of the section findTrailerEnd() has just found that may come so late; valid until it is called again. */
export function foundTrailers(buffer: Buffer, from: number, after: number): HeaderList {
  fields.setText(latin1Slice(buffer, from, after));
  for (let index = fields.count - 1; index >= 0; index--)
    if (FORBIDDEN.has(fields.lowerNameAt(index))) fields.discardAt(index);
  return fields;
}

/**
 * Writes the section findTrailerEnd() has just found at `out`, at or before where it lies, with its empty line.
 * Gives where it ends.
 */
export function moveTrailers(
  buffer: Buffer,
  out: number,
  from: number,
  after: number,
  drop: boolean,
): number {
  let text = '';
  if (!drop && fields.count > 0) {
    text = foundTrailers(buffer, from, after).render('', 0);
    if (text.length + 2 > after - from) text = text.replaceAll(': ', ':');
  }
  return out + latin1Write(buffer, `${text}\r\n`, out);
}
