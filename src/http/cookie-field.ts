/**
 * The cookies of a Cookie or Set-Cookie field. The first syntax of cookies (RFC 2109) lives on: values may be quoted, a comma
 * ends a cookie as a semicolon does, blanks may stand around the equal sign, and names that begin with a dollar are attributes
 * of the cookie in front of them.
 */
import { trimBlanks } from './list-items.ts';

export interface CookiePair {
  readonly name: string;
  readonly value: string;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;

/**
 * Where the cookie that starts at `from` ends: at a delimiter outside the quotes of its value, or with the field. Names may have
 * commas unless the field is a list (a request's).
 */
export function endOfCookie(field: string, from: number, isList: boolean): number {
  for (let at = from; at < field.length; at++) {
    const code = field.charCodeAt(at);
    if (code === EQUALS) return endOfValue(field, at + 1);
    if (code === SEMICOLON || (code === COMMA && isList)) return at;
  }
  return field.length;
}

function endOfValue(field: string, from: number): number {
  let isQuoted = false;
  for (let at = from; at < field.length; at++) {
    const code = field.charCodeAt(at);
    if (isQuoted && code === BACKSLASH) at++;
    else if (code === QUOTE) isQuoted = !isQuoted;
    else if (!isQuoted && (code === SEMICOLON || code === COMMA)) return at;
  }
  return field.length;
}

/** Without blanks; undefined where no equal sign stands. */
export function cookiePair(text: string): CookiePair | undefined {
  const equals = text.indexOf('=');
  if (equals < 0) return undefined;
  return { name: trimBlanks(text, 0, equals), value: trimBlanks(text, equals + 1, text.length) };
}

/**
 * The field with what `edit` makes of each cookie's value (undefined: the cookie goes, and its attributes with it).
 * Undefined: nothing is left.
 */
export function editCookies(
  field: string,
  edit: (name: string, value: string) => string | undefined,
): string | undefined {
  let kept = '';
  let hasOther = false;
  let isDropping = false;
  for (let start = 0; start <= field.length;) {
    const end = endOfCookie(field, start, true);
    const text = field.slice(start, end);
    const delimiter = start === 0 ? '' : field.charAt(start - 1);
    start = end + 1;
    const pair = cookiePair(text);
    const isAttribute = text.trimStart().startsWith('$');
    if (isAttribute && isDropping) continue;
    const value = pair === undefined || isAttribute ? '' : edit(pair.name, pair.value);
    if (value === undefined) {
      isDropping = true;
      continue;
    }
    hasOther ||= !isAttribute;
    const edited = pair === undefined || isAttribute ? text : inBlanks(text, `${pair.name}=${value}`);
    kept = isDropping ? joined(kept, delimiter, edited.trimStart()) : kept + delimiter + edited;
    isDropping = false;
  }
  return isDropping && !hasOther ? undefined : kept;
}

/** Behind cookies that were taken out. */
function joined(kept: string, delimiter: string, cookie: string): string {
  return kept === '' ? cookie : `${kept.trimEnd()}${delimiter} ${cookie}`;
}

/** With the blanks that stand around the cookie in `text`. */
function inBlanks(text: string, cookie: string): string {
  const start = text.length - text.trimStart().length;
  return text.slice(0, start) + cookie + text.slice(text.trimEnd().length);
}
