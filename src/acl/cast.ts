/** HAProxy's implicit conversions between sample types (manual, section 7.1.3; its table of casts). */
import { IpAddress, ipToBytes, parseIpv6, parseLeadingIpv4, toIpv4, toIpv6 } from '../base/ip-address.ts';
import { Binary, Method, typeOfSample } from './sample.ts';
import type { Int, Sample, SampleType, Value } from './sample.ts';
import { intToBytes, parseLeadingInt } from './integer.ts';

type Cast = (value: Value) => Value | undefined;

const none: Cast = value => value;
const boolToInt: Cast = value => (value === true ? 1 : 0);
const intToBool: Cast = value => value != 0;
const intToString: Cast = value => (value as Int).toString();
const boolToString: Cast = value => (value === true ? '1' : '0');
const intToIp: Cast = value => IpAddress.v4(Number(BigInt.asUintN(32, BigInt(value as Int))));
const intToIpv6: Cast = value => toIpv6(intToIp(value) as IpAddress);
const intToBin: Cast = value => intToBytes(value as Int);
const boolToBin: Cast = value => intToBytes(value === true ? 1 : 0);
const ipToInt: Cast = value => (value as IpAddress).w3;
const ipToString: Cast = value => (value as IpAddress).toString();
const ipToBin: Cast = value => ipToBytes(value as IpAddress);
const toV4: Cast = value => toIpv4(value as IpAddress);
const toV6: Cast = value => toIpv6(value as IpAddress);
const stringToInt: Cast = value => (value === '' ? undefined : parseLeadingInt(value as string));
const stringToBool: Cast = value => (value === '' ? undefined : parseLeadingInt(value as string) != 0);
const stringToIpv4: Cast = value => parseLeadingIpv4(value as string);
const stringToIp: Cast = value => parseLeadingIpv4(value as string) ?? parseIpv6(value as string);
const stringToIpv6: Cast = value => parseIpv6(value as string);
const binToString: Cast = value => {
  const end = (value as string).indexOf('\0');
  return end < 0 ? value : (value as string).slice(0, end);
};

type Row = Readonly<Partial<Record<SampleType, Cast>>>;

const CASTS: Readonly<Record<Exclude<SampleType, 'any'>, Row>> = {
  bool: { bool: none, int: boolToInt, str: boolToString, bin: boolToBin },
  int: {
    bool: intToBool,
    int: none,
    addr: intToIp,
    ipv4: intToIp,
    ipv6: intToIpv6,
    str: intToString,
    bin: intToBin,
  },
  addr: { addr: none, ipv4: toV4, ipv6: toV6, str: ipToString, bin: ipToBin },
  ipv4: { int: ipToInt, addr: none, ipv4: none, ipv6: toV6, str: ipToString, bin: ipToBin },
  ipv6: { addr: none, ipv4: toV4, ipv6: none, str: ipToString, bin: ipToBin },
  str: {
    bool: stringToBool,
    int: stringToInt,
    addr: stringToIp,
    ipv4: stringToIpv4,
    ipv6: stringToIpv6,
    str: none,
    bin: none,
    meth: none,
  },
  bin: { str: binToString, bin: none, meth: none },
  meth: { str: none, bin: none, meth: none },
};

/** The cast between two static types; undefined when there is none. Values under `any` describe themselves. */
export function castBetween(from: SampleType, to: SampleType): Cast | undefined {
  if (from === 'any') return to === 'any' ? none : value => castSample(value, to);
  if (to === 'any') return toSelfDescribing(from);
  return CASTS[from][to];
}

/** Nothing is done to the value: HAProxy counts such a step as free when it works out a chain's output type. */
export function isFreeCast(from: SampleType, to: SampleType): boolean {
  return to === 'any' || (from === to && from !== 'addr') || FREE_CASTS.has(`${from}>${to}`);
}

const FREE_CASTS = new Set(['bool>int', 'int>bool', 'str>bin', 'ipv4>addr', 'ipv6>addr']);

export function castSample(sample: Sample, to: SampleType): Value | undefined {
  const bare = bareValue(sample);
  if (to === 'any') return sample;
  const cast = castBetween(typeOfSample(sample), to);
  return cast === undefined ? undefined : cast(bare);
}

/** Unwraps bytes and methods. */
export function bareValue(sample: Sample): Value {
  if (sample instanceof Binary) return sample.bytes;
  if (sample instanceof Method) return sample.name;
  return sample;
}

function toSelfDescribing(from: SampleType): Cast {
  if (from === 'bin') return value => new Binary(value as string);
  if (from === 'meth') return value => new Method(value as string);
  return none;
}
