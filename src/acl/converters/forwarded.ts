/** The Forwarded header (RFC 7239) checked, taken apart and built (manual, section 7.3.1). */
import { IpAddress, parseIpv4, parseIpv6 } from '../../base/ip-address.ts';
import { castSample } from '../cast.ts';
import type { ConverterRow } from '../row.ts';
import type { Sample } from '../sample.ts';

interface Node {
  readonly name: string | IpAddress;
  readonly port: string | number | undefined;
}

const OBFUSCATED = /^_[A-Za-z0-9._-]+$/;

/** `node` of section 6; brackets and ports only stand within quotes. */
function parseNode(text: string, isQuoted: boolean): Node | undefined {
  const match = /^(\[[0-9A-Za-z:]+\]|[^:[\]]+)(?::(.+))?$/.exec(text);
  if (match === null || (!isQuoted && (match[2] !== undefined || text.startsWith('[')))) return undefined;
  const name = parseNodeName(match[1] as string);
  if (name === undefined) return undefined;
  if (match[2] === undefined) return { name, port: undefined };
  const port = parseNodePort(match[2]);
  return port === undefined ? undefined : { name, port };
}

function parseNodeName(text: string): string | IpAddress | undefined {
  if (text === 'unknown' || OBFUSCATED.test(text)) return text;
  if (text.startsWith('[')) return parseIpv6(text.slice(1, -1));
  return parseIpv4(text);
}

function parseNodePort(text: string): string | number | undefined {
  if (OBFUSCATED.test(text)) return text;
  const port = /^[0-9]{1,6}$/.test(text) ? Number(text) : 0;
  return port > 0 && port <= 65535 ? port : undefined;
}

function isHost(text: string, isQuoted: boolean): boolean {
  const match = /^(\[[0-9A-Za-z:]+\]|[A-Za-z0-9.]*)(?::([0-9]+))?$/.exec(text);
  if (match === null) return false;
  if (!isQuoted && (text.includes(':') || text.startsWith('['))) return false;
  if (match[1]?.startsWith('[') === true && parseIpv6(match[1].slice(1, -1)) === undefined) return false;
  return match[2] === undefined || (Number(match[2]) > 0 && Number(match[2]) <= 65535);
}

type Field = 'proto' | 'host' | 'for' | 'by';

/** The parameters of one element, each at most once; undefined when anything is wrong. */
function parseHeader(text: string): Map<Field, string> | undefined {
  const fields = new Map<Field, string>();
  if (text === '') return undefined;
  for (const pair of text.split(';')) {
    const match = /^(for|by|host|proto)=("?)([^"]*)\2$/.exec(pair);
    if (match === null) return undefined;
    const [, field, quote, value] = match as unknown as [string, Field, string, string];
    if (fields.has(field) || !isValid(field, value, quote !== '')) return undefined;
    fields.set(field, value);
  }
  return fields;
}

function isValid(field: Field, value: string, isQuoted: boolean): boolean {
  if (field === 'proto') return !isQuoted && (value === 'http' || value === 'https');
  if (field === 'host') return value !== '' && isHost(value, isQuoted);
  return parseNode(value, isQuoted) !== undefined;
}

/** A name or port of one's own, behind an underscore. */
function obfuscate(text: string): string | undefined {
  return /^[A-Za-z0-9._-]+$/.test(text) ? `_${text}` : undefined;
}

export const FORWARDED_CONVERTERS: readonly ConverterRow[] = [
  {
    name: 'rfc7239_is_valid',
    in: 'str',
    out: 'bool',
    summary: 'the Forwarded header is well formed',
    compile: () => (text: string) => parseHeader(text) !== undefined,
  },
  {
    name: 'rfc7239_field',
    args: ['field:str'],
    in: 'str',
    out: 'str',
    summary: 'one field of a Forwarded header: proto, host, for or by',
    compile: args => {
      const field = args[0]?.text ?? '';
      if (!/^(proto|host|for|by)$/.test(field)) return () => undefined;
      return (text: string) => parseHeader(text)?.get(field as Field);
    },
  },
  {
    name: 'rfc7239_n2nn',
    in: 'str',
    out: 'any',
    summary: 'name of a Forwarded node: an address, unknown or an obfuscated name',
    compile: () => (text: string) => parseNode(text, true)?.name,
  },
  {
    name: 'rfc7239_n2np',
    in: 'str',
    out: 'any',
    summary: 'port of a Forwarded node',
    compile: () => (text: string) => parseNode(text, true)?.port,
  },
  {
    name: 'rfc7239_nn',
    in: 'any',
    out: 'str',
    summary: 'node name for a Forwarded header',
    compile: () => (value: Sample) => {
      if (value instanceof IpAddress) return value.family === 4 ? value.toString() : `[${value.toString()}]`;
      const text = castSample(value, 'str') as string | undefined;
      if (text === undefined) return undefined;
      return text === '' ? 'unknown' : obfuscate(text);
    },
  },
  {
    name: 'rfc7239_np',
    in: 'any',
    out: 'str',
    summary: 'node port for a Forwarded header',
    compile: () => (value: Sample) => {
      if (typeof value === 'number' || typeof value === 'bigint')
        return String(BigInt.asUintN(32, BigInt(value)));
      const text = castSample(value, 'str') as string | undefined;
      return text === undefined || text === '' ? undefined : obfuscate(text);
    },
  },
];
