/**
 * Persistence by cookie (manual, `cookie`): which server a request's cookie names, and what the response says so
 * that the next request comes back. The two letters of the log's cookie state are set here (manual, section 8.5).
 *
 *   insert   our cookie beside the application's            NAME=server
 *   rewrite  the application sets NAME, we put our value in  NAME=server
 *   prefix   the application's value, our server before it   NAME=server~value
 */
import { cookiePair, editCookies, endOfCookie } from '../../http/cookie-field.ts';
import type { Headers } from '../../http/head.ts';
import { isUnsafe } from '../../http-cache/request-caching.ts';
import { mayBeKept } from '../../http-cache/response-caching.ts';
import type { CookiePersistence } from '../../model/proxy.ts';

export interface CookieFound {
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

/** Dates that a later cookie of the same request does not say stay known. */
export function newerDates(known: CookieDates, said: CookieDates): CookieDates {
  if (said.first === 0 && said.last === 0) return known;
  return { first: said.first || known.first, last: said.last || known.last };
}

/** Tells every persistence cookie of a request, and takes it out where the server is not to see it. */
export function readRequestCookies(
  settings: CookiePersistence,
  headers: Headers,
  nowMs: number,
  tell: (found: CookieFound) => void,
): void {
  let index = headers.find('cookie');
  while (index >= 0) {
    const field = headers.valueAt(index);
    const rest = readField(settings, field, nowMs, tell);
    if (rest === undefined) headers.removeAt(index);
    else if (rest !== field) headers.setValueAt(index, rest);
    index = headers.find('cookie', rest === undefined ? index : index + 1);
  }
}

/** What is left of it for the server; undefined: nothing. */
function readField(
  settings: CookiePersistence,
  field: string,
  nowMs: number,
  tell: (found: CookieFound) => void,
): string | undefined {
  return editCookies(field, (name, value) => {
    if (name !== settings.name) return value;
    tell(interpret(settings, value, nowMs));
    return forwarded(settings, value);
  });
}

/** What the server sees of the cookie; undefined: nothing. */
function forwarded(settings: CookiePersistence, value: string): string | undefined {
  if (settings.mode === 'prefix') return value.slice(value.indexOf('~') + 1);
  return settings.mode === 'insert' && settings.indirect ? undefined : value;
}

function interpret(settings: CookiePersistence, value: string, nowMs: number): CookieFound {
  if (settings.mode === 'prefix') {
    const end = value.indexOf('~');
    return { value: end < 0 ? value : value.slice(0, end), expired: undefined, dates: NO_DATES };
  }
  const [server = '', last, first] = value.split('|');
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

/** What the response's cookie depends on. */
interface CookieResponse {
  /** The cookie of the server; undefined: it has none. */
  readonly server: string | undefined;
  readonly method: string;
  readonly status: number;
  readonly ignored: boolean;
  /** The request, or a rule, named the server that served it. */
  readonly direct: boolean;
  readonly dates: CookieDates;
  readonly nowMs: number;
}

/** Adds or changes the response's cookie; gives the second letter of the cookie state. */
export function writeResponseCookie(
  settings: CookiePersistence,
  headers: Headers,
  response: CookieResponse,
): string {
  if (response.ignored) return 'N';
  const found = changeOwn(settings, headers, response);
  if (settings.mode !== 'insert' || found === 'P' || !mustInsert(settings, response)) return found;
  const isCacheable = settings.nocache && mayBeKept(!isUnsafe(response.method), response.status, headers);
  headers.add('Set-Cookie', setCookie(settings, response));
  if (isCacheable) headers.add('Cache-Control', 'private');
  return response.direct && response.server !== undefined ? 'U' : 'I';
}

/** Cookies of that name that the application sets: taken out, changed, or left alone. */
function changeOwn(settings: CookiePersistence, headers: Headers, response: CookieResponse): string {
  let letter = 'N';
  let own = findSetCookie(settings.name, headers);
  while (own >= 0) {
    letter = changeOne(settings, headers, own, response);
    own = findSetCookie(settings.name, headers, letter === 'D' ? own : own + 1);
  }
  return letter;
}

function changeOne(
  { mode, preserve, indirect }: CookiePersistence,
  headers: Headers,
  own: number,
  { server, direct }: CookieResponse,
): string {
  if (preserve) return 'P';
  if (mode === 'insert' || (indirect && direct)) {
    headers.removeAt(own);
    return 'D';
  }
  if (mode === 'passive' || server === undefined) return 'P';
  const field = headers.valueAt(own);
  const end = endOfCookie(field, 0, false);
  const { name, value } = cookiePair(field.slice(0, end)) ?? { name: '', value: '' };
  const next = mode === 'prefix' ? `${server}~${value}` : server;
  headers.setValueAt(own, `${name}=${next}${field.slice(end)}`);
  return 'R';
}

function mustInsert(settings: CookiePersistence, { direct, dates, nowMs, method }: CookieResponse): boolean {
  if (direct && !isStale(settings, dates, nowMs)) return false;
  return !settings.postonly || method === 'POST';
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

/** A server without a cookie (a backup, most often) has the client forget the one it has. */
function setCookie(settings: CookiePersistence, response: CookieResponse): string {
  const { name } = settings;
  const { server } = response;
  const value =
    server === undefined ? '; Expires=Thu, 01-Jan-1970 00:00:01 GMT' : server + datesOf(settings, response);
  let text = `${name}=${value}; path=/`;
  for (const domain of settings.domains) text += `; domain=${domain}`;
  if (settings.httponly) text += '; HttpOnly';
  if (settings.secure) text += '; Secure';
  for (const attr of settings.attrs) text += `; ${attr}`;
  return text;
}

function datesOf(
  { maxIdleMs, maxLifeMs }: CookiePersistence,
  { direct, dates, nowMs }: CookieResponse,
): string {
  const last = maxIdleMs > 0 || maxLifeMs > 0 ? `|${encodeDate(nowMs)}` : '';
  const known = direct ? dates.first : 0;
  return maxLifeMs > 0 ? `${last}|${encodeDate(known || nowMs)}` : last;
}

function findSetCookie(name: string, headers: Headers, from = 0): number {
  let index = headers.find('set-cookie', from);
  while (index >= 0 && cookiePair(headers.valueAt(index))?.name !== name)
    index = headers.find('set-cookie', index + 1);
  return index;
}
