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
  readonly dates: CookieDates;
}

/** In milliseconds since the epoch; 0: none. */
export interface CookieDates {
  readonly first: number;
  readonly last: number;
}

export const NO_DATES: CookieDates = { first: 0, last: 0 };

/** Dates in cookies as HAProxy writes them: units of four seconds, rounded up, 30 bits, five base64 digits. */
const DATE_UNIT_MS = 4000;
/** What lies so far in the future is no date of ours. */
const DAY_MS = 86_400_000;
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function encodeDate(ms: number): string {
  const units = Math.ceil(Math.floor(ms / 1000) / (DATE_UNIT_MS / 1000)) & 0x3fffffff;
  return [24, 18, 12, 6, 0].map(shift => DIGITS[(units >> shift) & 63]).join('');
}

/** What is none counts as if nothing stood there. */
function decodeDate(text: string | undefined): number {
  if (text === undefined || text.length < DATE_DIGITS) return 0;
  let units = 0;
  for (const digit of text.slice(0, DATE_DIGITS)) {
    const value = DIGITS.indexOf(digit);
    if (value < 0) return 0;
    units = units * 64 + value;
  }
  return units * DATE_UNIT_MS;
}

const DATE_DIGITS = 5;

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
    return end < 0 ? undefined : { value: value.slice(0, end), expired: undefined, dates: NO_DATES };
  }
  const [server = '', last, first] = value.split('|');
  if (settings.mode !== 'insert') return { value: server, expired: undefined, dates: NO_DATES };
  const dates = { first: decodeDate(first), last: decodeDate(last) };
  const expired = expiry(settings, dates, nowMs);
  return { value: server, expired, dates: expired === undefined ? dates : NO_DATES };
}

function expiry(
  settings: CookiePersistence,
  { first, last }: CookieDates,
  nowMs: number,
): 'E' | 'O' | undefined {
  if (isOver(first, settings.maxLifeMs, nowMs)) return 'O';
  return isOver(last, settings.maxIdleMs, nowMs) ? 'E' : undefined;
}

function isOver(date: number, limitMs: number, nowMs: number): boolean {
  return date > 0 && limitMs > 0 && (nowMs - date > limitMs || date - nowMs > DAY_MS);
}

/** What the request's cookie was worth. */
interface CookieRequest {
  readonly method: string;
  /** It named the server that served the request. */
  readonly valid: boolean;
  readonly dates: CookieDates;
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
  if (request.valid && !isStale(settings, request.dates, nowMs))
    return own >= 0 && settings.indirect ? 'D' : 'N';
  if (settings.postonly && request.method !== 'POST') return 'N';
  headers.add('Set-Cookie', setCookie(settings, server, request.valid ? request.dates.first : 0, nowMs));
  if (settings.nocache) headers.add('Cache-Control', 'private');
  return request.valid ? 'U' : 'I';
}

/** A date has to be said again, for the first time, or no more. */
function isStale(
  { maxIdleMs, maxLifeMs }: CookiePersistence,
  { first, last }: CookieDates,
  nowMs: number,
): boolean {
  const toldBefore = last < Math.floor(nowMs / 1000) * 1000;
  return ((maxIdleMs > 0 || last > 0) && toldBefore) || maxLifeMs > 0 !== first > 0;
}

function setCookie(settings: CookiePersistence, server: string, firstMs: number, nowMs: number): string {
  const { maxIdleMs, maxLifeMs } = settings;
  const last = maxIdleMs > 0 || maxLifeMs > 0 ? `|${encodeDate(nowMs)}` : '';
  const first = maxLifeMs > 0 ? `|${encodeDate(firstMs || nowMs)}` : '';
  let text = `${settings.name}=${server}${last}${first}; path=/`;
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
