/**
 * Scans the field lines of a head (RFC 9112 section 5), bytes to offsets, every byte checked once. Used for
 * requests, responses and trailers alike; bench/micro/http-parse.ts measures it.
 *
 * As HAProxy does, it mends what has one meaning only: a bare LF ends a line, and a folded line (RFC 9112 section
 * 5.2) becomes one line, its line end overwritten with blanks in place. Mended lines are written out anew, never
 * passed on. Of control characters in values it refuses NUL only. `tune.http.strict on` refuses them all.
 */
import {
  CLASS,
  COLON,
  CR,
  FIELD,
  isBlank,
  LF,
  LOWER_TOKEN,
  SPACE,
  STRICT_FIELD,
  UNSAFE_FIELD,
} from './char-class.ts';
import { SPAN } from './field-table.ts';
import type { HeadLimits } from './head-limits.ts';
import {
  HASH,
  LINE_END,
  NAME_END,
  VALUE_END,
  VALUE_START,
  WRITTEN_ANEW,
  type HeaderList,
} from './header-list.ts';
import { knownFieldIn } from './known-fields.ts';
import {
  FOLDED_LINE,
  INVALID_HEADER_NAME,
  INVALID_HEADER_VALUE,
  INVALID_LINE_END,
  TOO_MANY_HEADERS,
} from './parse-errors.ts';

/** As in HAProxy. */
const LONGEST_NAME = 255;

/**
 * From `from`, the start of a line, to the end of the empty line. `base` is what offsets are kept relative to.
 * Gives where the body starts, 0 when the lines are incomplete, or a negative error.
 */
export function scanFields(
  buffer: Buffer,
  base: number,
  from: number,
  end: number,
  headers: HeaderList,
  limits: HeadLimits,
): number {
  // an imported table is fetched anew at each use
  const lower = LOWER_TOKEN;
  const classes = CLASS;
  const allowed = contentAllowed(limits);
  headers.makeRoom(limits.maxHeaders);
  const { table, firstsAt, spansAt } = headers;
  const most = spansAt + (limits.maxHeaders - 1) * SPAN;
  let slot = spansAt + headers.count * SPAN;
  let seen = 0;
  let repeated = 0;
  let at = from;
  for (;;) {
    const nameStart = at;
    let hash = 0;
    let code = 0;
    while (at < end && (code = lower[buffer[at] as number] as number) !== 0) {
      hash = ((hash << 5) - hash + code) | 0;
      at++;
    }
    if (at >= end) return 0;
    let named = true;
    if (buffer[at] !== COLON || at === nameStart || at - nameStart > LONGEST_NAME) {
      if (at === nameStart && isLineEnd(buffer[at])) {
        headers.scanned((slot - spansAt) / SPAN, seen, repeated);
        return endOfFields(buffer, at, end, limits);
      }
      at = unsafeName(buffer, nameStart, at, end, limits);
      if (at <= 0) return at;
      named = false;
    }
    const nameEnd = at++;
    while (at < end && isBlank(buffer[at])) at++;
    const valueStart = at;
    while (at < end && ((classes[buffer[at] as number] as number) & allowed) !== 0) at++;
    let next = at + 2;
    if (next >= end || buffer[at] !== CR || buffer[at + 1] !== LF || isBlank(buffer[next])) {
      next = mendLineEnd(buffer, at, end, limits);
      if (next <= 0) return next;
      at = mended.lineEnd;
    }
    if (slot >= most) return TOO_MANY_HEADERS;
    if (named) {
      table[slot] = nameStart - base;
      table[slot + NAME_END] = nameEnd - base;
      table[slot + VALUE_START] = valueStart - base;
      table[slot + VALUE_END] = at - base;
      table[slot + LINE_END] = next - base;
      table[slot + HASH] = hash;
      // what is not exactly `name: value CRLF` is written anew
      if (
        valueStart !== nameEnd + 2 ||
        buffer[nameEnd + 1] !== SPACE ||
        next !== at + 2 ||
        isBlank(buffer[at - 1]) ||
        mended.isFolded
      )
        trimLine(buffer, base, table, slot);
      slot += SPAN;
      const known = knownFieldIn(buffer, nameStart, nameEnd, hash);
      if (known !== 0) {
        if ((seen & (1 << known)) === 0) table[firstsAt + known] = (slot - spansAt) / SPAN - 1;
        else repeated |= 1 << known;
        seen |= 1 << known;
      }
    }
    at = next;
  }
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === CR || byte === LF;
}

/** The class of bytes that values may consist of. */
function contentAllowed(limits: HeadLimits): number {
  if (limits.relaxed === true) return UNSAFE_FIELD;
  return limits.strict === true ? STRICT_FIELD : FIELD;
}

function endOfValue(buffer: Buffer, from: number, end: number, limits: HeadLimits): number {
  const mask = contentAllowed(limits);
  let at = from;
  while (at < end && ((CLASS[buffer[at] as number] as number) & mask) !== 0) at++;
  return at;
}

const mended = { lineEnd: 0, isFolded: false };

/**
 * The value does not end in CRLF with another line behind it. Gives where the next line starts, 0 when that has
 * not come yet, or an error; `mended.lineEnd` is where this line's text ends.
 */
function mendLineEnd(buffer: Buffer, from: number, end: number, limits: HeadLimits): number {
  mended.isFolded = false;
  for (let at = from; ;) {
    mended.lineEnd = at;
    if (at >= end) return 0;
    if (!isLineEnd(buffer[at])) return INVALID_HEADER_VALUE;
    const lf = buffer[at] === CR ? at + 1 : at;
    if (lf >= end) return 0;
    if (buffer[lf] !== LF || (lf === at && limits.strict === true)) return INVALID_LINE_END;
    if (lf + 1 >= end) return 0;
    if (!isBlank(buffer[lf + 1])) return lf + 1;
    if (limits.strict === true) return FOLDED_LINE;
    buffer.fill(SPACE, at, lf + 1);
    mended.isFolded = true;
    at = endOfValue(buffer, lf + 1, end, limits);
  }
}

/** Takes the blanks around a value off, and decides whether the line can be passed on as it came. */
function trimLine(buffer: Buffer, base: number, table: Int32Array, slot: number): void {
  mended.isFolded = false;
  table[slot + LINE_END] = WRITTEN_ANEW;
  let start = (table[slot + VALUE_START] as number) + base;
  let end = (table[slot + VALUE_END] as number) + base;
  while (start < end && isBlank(buffer[start])) start++;
  while (end > start && isBlank(buffer[end - 1])) end--;
  table[slot + VALUE_START] = start - base;
  table[slot + VALUE_END] = end - base;
}

/** The empty line. */
function endOfFields(buffer: Buffer, at: number, end: number, limits: HeadLimits): number {
  if (buffer[at] === LF) return limits.strict === true ? INVALID_LINE_END : at + 1;
  if (at + 1 >= end) return 0;
  return buffer[at + 1] === LF ? at + 2 : INVALID_LINE_END;
}

/**
 * A name with other bytes than a name's: refused, or with `accept-unsafe-violations` the whole field is left out.
 * Gives where its colon is.
 */
function unsafeName(buffer: Buffer, start: number, from: number, end: number, limits: HeadLimits): number {
  if (limits.relaxed !== true || buffer[start] === COLON || from - start > LONGEST_NAME)
    return INVALID_HEADER_NAME;
  for (let at = from; at < end; at++) {
    if (buffer[at] === COLON) return at;
    if (buffer[at] === LF) return INVALID_HEADER_NAME;
  }
  return 0;
}
