/**
 * Ways a value is written under its flags. A writer is built once for an item; it answers '' when it has
 * nothing to say (then JSON and CBOR write their null).
 */
import type { Int } from '../sample.ts';
import {
  CBOR_ARRAY,
  CBOR_BREAK,
  CBOR_BYTES,
  CBOR_FALSE,
  CBOR_TEXT,
  CBOR_TRUE,
  cborBytes,
  cborInt,
  cborText,
  toHex,
} from './cbor.ts';
import type { OutputFlags } from './flags.ts';

export type TypeCast = 'str' | 'sint' | 'bool' | 'raw' | undefined;

/** Bytes that are written as an escape character and two hexadecimal digits. */
interface EscapeSet {
  readonly character: string;
  readonly bytes: RegExp;
  /** 1 for each of them. */
  readonly special: Uint8Array;
}

function escapeSet(character: string, bytes: RegExp): EscapeSet {
  const special = Uint8Array.from({ length: 256 }, (_, byte) => {
    bytes.lastIndex = 0;
    return bytes.test(String.fromCharCode(byte)) ? 1 : 0;
  });
  return { character, bytes, special };
}

export const HEADER_ESCAPES: EscapeSet = escapeSet('#', /[\x00-\x1f"#{|}\x7f-\xff]/g);
export const URL_ESCAPES: EscapeSet = escapeSet('#', /[\x00-\x1f"#\x7f-\xff]/g);
const HTTP_ESCAPES: EscapeSet = escapeSet('%', /[\x00-\x08\x0a-\x1f\x7f]/g);
export const NO_ESCAPES: EscapeSet = escapeSet('', /(?!)/g);

const escapeByte = (byte: string, character: string): string =>
  character + byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');

function escapeBytes(text: string, { character, bytes, special }: EscapeSet): string {
  for (let at = 0; at < text.length; at++)
    if (special[text.charCodeAt(at) & 0xff] === 1)
      return text.replace(bytes, byte => escapeByte(byte, character));
  return text;
}

/** Backslashes in front of what the flags protect. */
function protect(text: string, flags: OutputFlags): string {
  if (flags.encoding === 'json') return text.replace(/["\\]/g, '\\$&');
  return flags.escape ? text.replace(/["\\\]]/g, '\\$&') : text;
}

function emitBytes(bytes: string, flags: OutputFlags): string {
  return flags.binary ? bytes : toHex(bytes);
}

/** C strings: up to the first NUL. */
function cText(text: string): string {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** A text value: quoted, or `-` when it is empty and must not be. */
export function textWriter(flags: OutputFlags): (text: string | undefined) => string {
  if (flags.encoding === 'cbor')
    return text => (text === undefined || text === '' ? '' : emitBytes(cborText(cText(text)), flags));
  if (flags.quote || flags.encoding === 'json')
    return text => (text === undefined ? '""' : `"${protect(cText(text), flags)}"`);
  const empty = flags.mandatory ? '-' : '';
  if (flags.escape) return text => (text === undefined || text === '' ? empty : protect(cText(text), flags));
  // names of proxies and servers, addresses: often the one before
  let [last, written] = ['', empty];
  return text => {
    if (text === undefined) return empty;
    if (text !== last) {
      last = text;
      written = text === '' ? empty : cText(text);
    }
    return written;
  };
}

/** A text that is never quoted by `+Q`, nor replaced by `-`. */
export function rawWriter(flags: OutputFlags): (text: string) => string {
  if (flags.encoding === 'cbor') return text => emitBytes(cborText(text), flags);
  if (flags.encoding === 'json') return text => `"${protect(text, flags)}"`;
  return text => protect(text, flags);
}

export function intWriter(flags: OutputFlags, cast: TypeCast): (value: Int) => string {
  if (flags.encoding === 'none') return String;
  if (cast === 'bool') return value => boolWriter(flags)(value != 0);
  if (flags.encoding === 'cbor') return value => emitBytes(cborInt(BigInt(value)), flags);
  return cast === 'str' ? value => `"${value}"` : String;
}

export function boolWriter(flags: OutputFlags): (value: boolean) => string {
  if (flags.encoding === 'cbor') return value => emitBytes(value ? CBOR_TRUE : CBOR_FALSE, flags);
  return String;
}

/** Parts of a text: literal marks and values with their escapes. */
export type Part = string | { readonly value: string };

/** A text put together of parts (`%r`, `%hr`, ...): quotes stand around the whole. */
export function partsWriter(flags: OutputFlags, escapes: EscapeSet): (parts: readonly Part[]) => string {
  if (flags.encoding === 'cbor')
    return parts =>
      emitBytes(CBOR_TEXT, flags) +
      parts.map(part => cborPart(part, escapes, flags)).join('') +
      emitBytes(CBOR_BREAK, flags);
  const mark = flags.quote || flags.encoding === 'json' ? '"' : '';
  return parts => {
    let text = mark;
    for (const part of parts)
      text += typeof part === 'string' ? part : protectEscaped(part.value, escapes, flags);
    return text + mark;
  };
}

function protectEscaped(value: string, escapes: EscapeSet, flags: OutputFlags): string {
  return protect(escapeBytes(value, escapes), flags);
}

/** One chunk for every run of plain bytes and one for every escape. */
function cborPart(part: Part, { character, bytes }: EscapeSet, flags: OutputFlags): string {
  if (typeof part === 'string') return Array.from(part, char => emitBytes(cborText(char), flags)).join('');
  return part.value
    .split(new RegExp(`(${bytes.source})`))
    .map((piece, index) => (index % 2 === 1 ? escapeByte(piece, character) : piece))
    .filter(piece => piece !== '')
    .map(piece => emitBytes(cborText(piece), flags))
    .join('');
}

/** Header lists (`%hrl`): each a text of its own. */
export function listWriter(flags: OutputFlags): (items: readonly (string | undefined)[]) => string {
  const write = partsWriter(flags, HEADER_ESCAPES);
  const missing: readonly Part[] = flags.quote ? [] : ['-'];
  const one = (item: string | undefined): string => write(item === undefined ? missing : [{ value: item }]);
  if (flags.encoding === 'json') return items => `[${items.map(one).join(', ')}]`;
  if (flags.encoding === 'cbor')
    return items => emitBytes(CBOR_ARRAY, flags) + items.map(one).join('') + emitBytes(CBOR_BREAK, flags);
  return items => items.map(one).join(' ');
}

/** In headers and URLs: forbidden bytes are percent-encoded, quotes and `-` are never added. */
export function httpWriter(flags: OutputFlags): (text: string | undefined) => string {
  return text => (text === undefined ? '' : protectEscaped(text, HTTP_ESCAPES, flags));
}

/** Bytes as they are. */
export function bytesWriter(flags: OutputFlags): (bytes: string | undefined) => string {
  if (flags.encoding !== 'cbor') return bytes => protect(bytes ?? '', flags);
  return bytes =>
    bytes === undefined
      ? ''
      : emitBytes(CBOR_BYTES, flags) +
        (bytes === '' ? '' : emitBytes(cborBytes(bytes), flags)) +
        emitBytes(CBOR_BREAK, flags);
}
