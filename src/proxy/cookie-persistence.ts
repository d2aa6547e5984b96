/**
 * Persistence by cookie (manual, `cookie`): which server a request's cookie names, and what the response says so
 * that the next request comes back. The two letters of the log's cookie state are set here (manual, section 8.5).
 *
 *   insert   our cookie beside the application's            NAME=server
 *   rewrite  the application sets NAME, we put our value in  NAME=server
 *   prefix   the application's value, our server before it   NAME=server~value
 */
import type { Headers } from '../http/head.ts';
import type { CookiePersistence } from '../model/proxy.ts';

interface CookieFound {
  /** The server's cookie value. */
  readonly value: string;
  /** `maxidle` or `maxlife` are over. */
  readonly expired: 'E' | 'O' | undefined;
  /** Date of its first insertion, as it stood in the cookie. */
  readonly firstDate: string | undefined;
}

/** Dates in cookies as HAProxy writes them: units of four seconds, 30 bits, five base64 digits. */
const DATE_UNIT_MS = 4000;
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function encodeDate(ms: number): string {
  const units = Math.floor(ms / DATE_UNIT_MS) & 0x3fffffff;
  return [24, 18, 12, 6, 0].map(shift => DIGITS[(units >> shift) & 63]).join('');
}

function decodeDate(text: string): number {
  let units = 0;
  for (const digit of text.slice(0, 5)) {
    const value = DIGITS.indexOf(digit);
    if (value < 0) return Number.NaN;
    units = units * 64 + value;
  }
  return units * DATE_UNIT_MS;
}

/** Finds and, where the server is not to see it, takes out the persistence cookie of a request. */
export function readRequestCookie(
  settings: CookiePersistence,
  headers: Headers,
  nowMs: number,
): CookieFound | undefined {
  for (let index = headers.find('cookie'); index >= 0; index = headers.find('cookie', index + 1)) {
    const parts = headers.valueAt(index).split(';');
    const at = parts.findIndex(part => nameOf(part) === settings.name);
    if (at < 0) continue;
    const value = valueOf(parts[at] as string);
    const kept = forwarded(settings, value);
    if (kept === undefined) parts.splice(at, 1);
    else parts[at] = `${at > 0 ? ' ' : ''}${settings.name}=${kept}`;
    const rest = parts.map(part => part.trim()).join('; ');
    if (rest === '') headers.removeAt(index);
    else if (kept !== value) headers.setValueAt(index, rest);
    return interpret(settings, value, nowMs);
  }
  return undefined;
}

/** What the server sees of the cookie; undefined: nothing. */
function forwarded(settings: CookiePersistence, value: string): string | undefined {
  if (settings.mode === 'prefix') return value.slice(value.indexOf('~') + 1);
  return settings.mode === 'insert' && settings.indirect ? undefined : value;
}

function interpret(settings: CookiePersistence, value: string, nowMs: number): CookieFound | undefined {
  if (settings.mode === 'prefix') {
    const end = value.indexOf('~');
    return end < 0 ? undefined : { value: value.slice(0, end), expired: undefined, firstDate: undefined };
  }
  const [server = '', last, first] = value.split('|');
  return {
    value: server,
    expired: settings.mode === 'insert' ? expiry(settings, last, first, nowMs) : undefined,
    firstDate: first,
  };
}

function expiry(
  settings: CookiePersistence,
  last: string | undefined,
  first: string | undefined,
  nowMs: number,
): 'E' | 'O' | undefined {
  if (settings.maxIdleMs > 0 && isOver(last, settings.maxIdleMs, nowMs)) return 'E';
  if (settings.maxLifeMs > 0 && isOver(first, settings.maxLifeMs, nowMs)) return 'O';
  return undefined;
}

function isOver(date: string | undefined, limitMs: number, nowMs: number): boolean {
  if (date === undefined || date === '') return false;
  const then = decodeDate(date);
  return Number.isNaN(then) || nowMs - then > limitMs;
}

/** What the request's cookie was worth. */
interface CookieRequest {
  readonly method: string;
  /** It named the server that served the request. */
  readonly valid: boolean;
  readonly firstDate: string | undefined;
}

/** Adds or changes the response's cookie; gives the second letter of the cookie state. */
export function writeResponseCookie(
  settings: CookiePersistence,
  headers: Headers,
  server: string,
  request: CookieRequest,
  nowMs: number,
): string {
  const own = findSetCookie(settings.name, headers);
  if (settings.mode === 'insert') return insert(settings, headers, server, own, request, nowMs);
  if (own < 0) return 'N';
  const value = headers.valueAt(own);
  const start = value.indexOf('=') + 1;
  const end = value.includes(';') ? value.indexOf(';') : value.length;
  const next = settings.mode === 'prefix' ? `${server}~${value.slice(start, end)}` : server;
  headers.setValueAt(own, value.slice(0, start) + next + value.slice(end));
  return 'R';
}

function insert(
  settings: CookiePersistence,
  headers: Headers,
  server: string,
  own: number,
  request: CookieRequest,
  nowMs: number,
): string {
  if (own >= 0 && settings.preserve) return 'P';
  if (own >= 0 && settings.indirect) headers.removeAt(own);
  const dated = settings.maxIdleMs > 0 || settings.maxLifeMs > 0;
  if (request.valid && !dated) return own >= 0 && settings.indirect ? 'D' : 'N';
  if (settings.postonly && request.method !== 'POST') return 'N';
  headers.add(
    'Set-Cookie',
    setCookie(settings, server, dated, request.valid ? request.firstDate : undefined, nowMs),
  );
  if (settings.nocache) headers.add('Cache-Control', 'private');
  return request.valid ? 'U' : 'I';
}

function setCookie(
  settings: CookiePersistence,
  server: string,
  dated: boolean,
  firstDate: string | undefined,
  nowMs: number,
): string {
  const date = encodeDate(nowMs);
  let text = `${settings.name}=${server}${dated ? `|${date}|${firstDate ?? date}` : ''}; path=/`;
  for (const domain of settings.domains) text += `; domain=${domain}`;
  if (settings.httponly) text += '; HttpOnly';
  if (settings.secure) text += '; Secure';
  for (const attr of settings.attrs) text += `; ${attr}`;
  return text;
}

function findSetCookie(name: string, headers: Headers): number {
  let index = headers.find('set-cookie');
  while (index >= 0 && nameOf(headers.valueAt(index)) !== name) index = headers.find('set-cookie', index + 1);
  return index;
}

function nameOf(pair: string): string {
  const end = pair.indexOf('=');
  return end < 0 ? '' : pair.slice(0, end).trim();
}

function valueOf(pair: string): string {
  return pair.slice(pair.indexOf('=') + 1).trim();
}
