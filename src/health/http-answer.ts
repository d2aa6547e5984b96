/** Reads the answer of an HTTP check as far as it has come (RFC 9112, section 4): status line, headers, body. */
import type { HttpAnswer } from './http-expect.ts';

const STATUS_LINE = /^HTTP\/\d\.\d ([1-9]\d\d)(?: ([^\r\n]*))?\r?\n/;
const BEGINS_LIKE_ONE = /^H(T(T(P(\/[\d. ]*[^\n]*)?)?)?)?$/;

/** `last`: nothing more comes. */
export function readAnswer(text: string, last: boolean): HttpAnswer | 'incomplete' | 'invalid' {
  const line = STATUS_LINE.exec(text);
  if (line === null) return BEGINS_LIKE_ONE.test(text) ? 'incomplete' : 'invalid';
  const end = /\r?\n\r?\n/.exec(text);
  if (end === null) return 'incomplete';
  const head = text.slice(0, end.index);
  const raw = text.slice(end.index + end[0].length);
  const status = Number(line[1]);
  if (status >= 100 && status < 200) return interim(raw, last);
  const chunked = /\ntransfer-encoding:[^\n]*chunked/i.test(head);
  const { body, complete } = chunked ? decodeChunks(raw) : plainBody(head, raw, status);
  return { status, reason: line[2] ?? '', body, complete: complete || last };
}

/** A final answer follows an interim one (RFC 9110, section 15.2). */
function interim(rest: string, last: boolean): HttpAnswer | 'incomplete' | 'invalid' {
  return rest === '' ? 'incomplete' : readAnswer(rest, last);
}

function plainBody(head: string, raw: string, status: number): { body: string; complete: boolean } {
  const length = /\ncontent-length:[ \t]*(\d+)/i.exec(head)?.[1];
  if (status === 204 || status === 304) return { body: '', complete: true };
  if (length === undefined) return { body: raw, complete: false };
  return { body: raw.slice(0, Number(length)), complete: raw.length >= Number(length) };
}

function decodeChunks(raw: string): { body: string; complete: boolean } {
  let body = '';
  for (let at = 0; ;) {
    const size = /^([0-9a-f]+)[^\n]*\n/i.exec(raw.slice(at, at + 64));
    if (size === null) return { body, complete: false };
    const length = parseInt(size[1] as string, 16);
    if (length === 0) return { body, complete: true };
    at += size[0].length;
    body += raw.slice(at, at + length);
    at += length + 2;
  }
}
