/**
 * The grammar of the Forwarded header (RFC 7239, section 4) as far as it can be trusted: the four parameters the
 * RFC defines, each at most once. Used by `option forwarded` and by the rfc7239_* converters.
 */
import { parseIpv4, parseIpv6, type IpAddress } from '../base/ip-address.ts';
import { endOfListItem, trimBlanks } from './list-items.ts';

export type ForwardedField = 'proto' | 'host' | 'for' | 'by';

interface ForwardedNode {
  readonly name: string | IpAddress;
  readonly port: string | number | undefined;
}

const OBFUSCATED = /^_[A-Za-z0-9._-]+$/;

/** `node` of section 6; brackets and ports only stand within quotes. */
export function parseNode(text: string, isQuoted: boolean): ForwardedNode | undefined {
  const match = /^(\[[0-9A-Za-z:]+\]|[^:[\]]+)(?::(.+))?$/.exec(text);
  if (match === null || (!isQuoted && (match[2] !== undefined || text.startsWith('[')))) return undefined;
  const name = parseNodeName(match[1] as string);
  if (name === undefined) return undefined;
  if (match[2] === undefined) return { name, port: undefined };
  const port = parseNodePort(match[2]);
  return port === undefined ? undefined : { name, port };
}

export function parseNodeName(text: string): string | IpAddress | undefined {
  if (text === 'unknown' || OBFUSCATED.test(text)) return text;
  if (text.startsWith('[') && text.endsWith(']')) return parseIpv6(text.slice(1, -1));
  return parseIpv4(text);
}

export function parseNodePort(text: string): string | number | undefined {
  if (OBFUSCATED.test(text)) return text;
  const port = /^[0-9]{1,6}$/.test(text) ? Number(text) : 0;
  return port > 0 && port <= 65535 ? port : undefined;
}

export function isForwardedHost(text: string, isQuoted: boolean): boolean {
  const match = /^(\[[0-9A-Za-z:]+\]|[A-Za-z0-9.]*)(?::([0-9]+))?$/.exec(text);
  if (match === null) return false;
  if (!isQuoted && (text.includes(':') || text.startsWith('['))) return false;
  if (match[1]?.startsWith('[') === true && parseIpv6(match[1].slice(1, -1)) === undefined) return false;
  return match[2] === undefined || (Number(match[2]) > 0 && Number(match[2]) <= 65535);
}

/** The parameters of one element; undefined when anything is wrong. */
export function parseForwarded(text: string): Map<ForwardedField, string> | undefined {
  const fields = new Map<ForwardedField, string>();
  if (text === '') return undefined;
  for (const pair of text.split(';')) {
    const match = /^(for|by|host|proto)=("?)([^"]*)\2$/.exec(pair);
    if (match === null) return undefined;
    const [, field, quote, value] = match as unknown as [string, ForwardedField, string, string];
    if (fields.has(field) || !isValid(field, value, quote !== '')) return undefined;
    fields.set(field, value);
  }
  return fields;
}

function isValid(field: ForwardedField, value: string, isQuoted: boolean): boolean {
  if (field === 'proto') return !isQuoted && (value === 'http' || value === 'https');
  if (field === 'host') return value === '' ? isQuoted : isForwardedHost(value, isQuoted);
  return parseNode(value, isQuoted) !== undefined;
}

/** Every element of a header's list is well formed. */
export function isForwardedList(value: string): boolean {
  for (let start = 0; start <= value.length;) {
    const end = endOfListItem(value, start);
    if (parseForwarded(trimBlanks(value, start, end)) === undefined) return false;
    start = end + 1;
  }
  return true;
}

/** A name or port of one's own, behind an underscore (section 6.3). */
export function obfuscate(text: string): string | undefined {
  return /^[A-Za-z0-9._-]+$/.test(text) ? `_${text}` : undefined;
}
