/**
 * Makes a received head what is to be sent, where it lies, so that the head and the body behind it stay one slice and
 * nothing else is rendered or copied (bench/micro/http-exchange.ts). Lines that were taken out are closed up towards the
 * body; lines that were added are written behind the others, which make room for them towards the front.
 *
 *   [        GET / HTTP/1.1␍␊Host: a␍␊Connection: close␍␊Accept: *␍␊␍␊]body
 *   [                           GET / HTTP/1.1␍␊Host: a␍␊Accept: *␍␊␍␊]body
 *   [             GET / HTTP/1.1␍␊Host: a␍␊Accept: *␍␊X-Real-IP: ::1␍␊␍␊]body
 */
import { writeLatin1 } from '../base/latin1.ts';
import { CR } from './char-class.ts';
import { SPAN } from './field-table.ts';
import { LINE_END, type HeaderList } from './header-list.ts';

/**
 * Where the head starts now in the memory it came in; -1, and nothing has happened, when that is impossible. `keptLine`:
 * bytes of the start line, which stays. `lastLine` follows all others.
 */
export function squeeze(headers: HeaderList, keptLine: number, lastLine: string): number {
  const { source, sourceStart: base, length, headroom } = headers;
  const end = length - 2;
  if (keptLine === 0 || source === undefined || source[base + end] !== CR) return -1;
  const kept = headers.kept;
  const size = kept < 0 ? -1 : keptSize(headers, kept, keptLine, end);
  if (size < 0) return -1;
  const added = headers.sizeFrom(kept) + lastLine.length;
  const start = end - added - size;
  if (start < -headroom) return -1;
  if (size === end) {
    if (added > 0) source.copyWithin(base + start, base, base + end);
  } else {
    moveTowardsBody(headers, source, kept, keptLine, end - added);
    if (added > 0) moveTowardsFront(headers, source, kept, keptLine, start);
  }
  if (added > 0) {
    headers.writeFrom(kept, source, base + end - added);
    writeLatin1(source, lastLine, base + end - lastLine.length);
  }
  return base + start;
}

/** Bytes of the start line and the lines that stay; -1 when they are not in the order in which they came. */
function keptSize({ table, spansAt }: HeaderList, kept: number, keptLine: number, end: number): number {
  const last = spansAt + kept * SPAN;
  let size = keptLine;
  let at = keptLine;
  for (let slot = spansAt; slot < last; slot += SPAN) {
    const start = table[slot] as number;
    if (start < at) return -1;
    at = table[slot + LINE_END] as number;
    size += at - start;
  }
  return at > end ? -1 : size;
}

/** From the last line to the first, runs of lines move up to what stands behind them, where that is further on. */
function moveTowardsBody(
  headers: HeaderList,
  source: Buffer,
  kept: number,
  keptLine: number,
  end: number,
): void {
  const { table, spansAt, sourceStart: base } = headers;
  let to = end;
  let runStart = end;
  let runEnd = end;
  for (let slot = spansAt + (kept - 1) * SPAN; slot >= spansAt - SPAN; slot -= SPAN) {
    const start = slot < spansAt ? 0 : (table[slot] as number);
    const lineEnd = slot < spansAt ? keptLine : (table[slot + LINE_END] as number);
    if (lineEnd !== runStart || runEnd === runStart) {
      to -= runEnd - runStart;
      if (to > runStart) source.copyWithin(base + to, base + runStart, base + runEnd);
      runEnd = lineEnd;
    }
    runStart = start;
  }
  to -= runEnd - runStart;
  if (to > runStart) source.copyWithin(base + to, base + runStart, base + runEnd);
}

/** The others, from the first line to the last, down to what stands before them. */
function moveTowardsFront(
  headers: HeaderList,
  source: Buffer,
  kept: number,
  keptLine: number,
  start: number,
): void {
  const { table, spansAt, sourceStart: base } = headers;
  const last = spansAt + kept * SPAN;
  let to = start;
  let runStart = 0;
  let runEnd = keptLine;
  for (let slot = spansAt; slot <= last; slot += SPAN) {
    const lineStart = slot < last ? (table[slot] as number) : -1;
    if (lineStart !== runEnd) {
      if (to < runStart) source.copyWithin(base + to, base + runStart, base + runEnd);
      to += runEnd - runStart;
      runStart = lineStart;
    }
    if (slot < last) runEnd = table[slot + LINE_END] as number;
  }
}
