/**
 * Makes a received head what is to be sent, where it lies: lines that were taken out are closed up from the front,
 * so that the head and the body behind it stay one slice and nothing is rendered or copied
 * (bench/micro/http-exchange.ts).
 *
 *   [GET / HTTP/1.1␍␊Host: a␍␊Connection: close␍␊Accept: *␍␊␍␊]body
 *                     [GET / HTTP/1.1␍␊Host: a␍␊Accept: *␍␊␍␊]body
 */
import { CR } from './char-class.ts';
import { SPAN } from './field-table.ts';
import { LINE_END, type HeaderList } from './header-list.ts';

/**
 * Where the head starts now in the memory it came in; -1, and nothing has happened, when a line is to be written
 * anew. `keptLine`: bytes of the start line, which stays.
 */
export function squeeze(headers: HeaderList, keptLine: number): number {
  const { source, sourceStart: base, length } = headers;
  const end = length - 2;
  if (keptLine === 0 || source === undefined || source[base + end] !== CR) return -1;
  const gaps = gapsOf(headers, keptLine, end);
  if (gaps <= 0) return gaps < 0 ? -1 : base;
  return base + closeGaps(headers, source, keptLine, end);
}

/** How often lines are missing between those that are there; -1 when they cannot stay as they are. */
function gapsOf(headers: HeaderList, keptLine: number, end: number): number {
  const { table, spansAt, count } = headers;
  const last = spansAt + count * SPAN;
  let gaps = 0;
  let at = keptLine;
  for (let slot = spansAt; slot < last; slot += SPAN) {
    const start = table[slot] as number;
    const lineEnd = table[slot + LINE_END] as number;
    if (lineEnd < 0 || start < at) return -1;
    if (start > at) gaps++;
    at = lineEnd;
  }
  if (at > end) return -1;
  return at < end ? gaps + 1 : gaps;
}

/** From the last line to the first, runs of lines move up to what stands behind them. */
function closeGaps(headers: HeaderList, source: Buffer, keptLine: number, end: number): number {
  const { table, spansAt, count, sourceStart: base } = headers;
  let to = end;
  let runStart = end;
  let runEnd = end;
  for (let slot = spansAt + (count - 1) * SPAN; slot >= spansAt - SPAN; slot -= SPAN) {
    const start = slot < spansAt ? 0 : (table[slot] as number);
    const lineEnd = slot < spansAt ? keptLine : (table[slot + LINE_END] as number);
    if (lineEnd !== runStart) {
      to = moveUp(source, base, runStart, runEnd, to);
      runEnd = lineEnd;
    }
    runStart = start;
  }
  return moveUp(source, base, runStart, runEnd, to);
}

function moveUp(source: Buffer, base: number, start: number, end: number, to: number): number {
  const target = to - (end - start);
  if (target !== start) source.copyWithin(base + target, base + start, base + end);
  return target;
}
