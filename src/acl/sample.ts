/**
 * What a sample is at run time. Under a static type the value stands alone (nothing is allocated for it):
 *
 *   bool boolean · int number, or bigint beyond 2^53 · ipv4 ipv6 addr IpAddress · str bin meth string (latin1)
 *
 * Where the type is known only at run time (`any`: variables, json_query, ...) the value tells its own type:
 * then, and only then, bytes and methods are wrapped in Binary and Method. An absent sample is undefined.
 */
import { IpAddress } from '../base/ip-address.ts';

export type SampleType = 'any' | 'bool' | 'int' | 'addr' | 'ipv4' | 'ipv6' | 'str' | 'bin' | 'meth';

/** Signed 64 bits: a bigint only when it does not fit a number exactly. */
export type Int = number | bigint;

/** A value whose static type is known. */
export type Value = boolean | Int | IpAddress | string | Binary | Method;

/** A self-describing value, as variables hold it. */
export type Sample = boolean | Int | IpAddress | string | Binary | Method;

export class Binary {
  /** One char a byte. */
  readonly bytes: string;
  constructor(bytes: string) {
    this.bytes = bytes;
  }
}

export class Method {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** The type a self-describing value has; never `any` nor `addr`. */
export function typeOfSample(sample: Sample): SampleType {
  if (typeof sample === 'string') return 'str';
  if (typeof sample === 'number' || typeof sample === 'bigint') return 'int';
  if (typeof sample === 'boolean') return 'bool';
  if (sample instanceof IpAddress) return sample.family === 4 ? 'ipv4' : 'ipv6';
  return sample instanceof Binary ? 'bin' : 'meth';
}
