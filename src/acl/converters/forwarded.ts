/** The Forwarded header (RFC 7239) checked, taken apart and built (manual, section 7.3.1). */
import { IpAddress } from '../../base/ip-address.ts';
import { obfuscate, parseForwarded, parseNode, type ForwardedField } from '../../http/forwarded.ts';
import { castSample } from '../cast.ts';
import type { ConverterRow } from '../row.ts';
import type { Sample } from '../sample.ts';

export const FORWARDED_CONVERTERS: readonly ConverterRow[] = [
  {
    name: 'rfc7239_is_valid',
    in: 'str',
    out: 'bool',
    summary: 'the Forwarded header is well formed',
    compile: () => (text: string) => parseForwarded(text) !== undefined,
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
      return (text: string) => parseForwarded(text)?.get(field as ForwardedField);
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
