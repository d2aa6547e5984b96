/** Samples as plain data that can cross threads, and back. */
import { parseIp } from '../base/ip-address.ts';
import { Binary, Method, typeOfSample, type Sample } from './sample.ts';

export type PlainSample =
  | { readonly type: 'as is'; readonly value: string | number | bigint | boolean }
  | { readonly type: 'bin' | 'meth' | 'ip'; readonly text: string };

export function toPlain(sample: Sample): PlainSample {
  if (typeof sample !== 'object') return { type: 'as is', value: sample };
  if (sample instanceof Binary) return { type: 'bin', text: sample.bytes };
  if (sample instanceof Method) return { type: 'meth', text: sample.name };
  return { type: 'ip', text: sample.toString() };
}

export function fromPlain(plain: PlainSample): Sample | undefined {
  switch (plain.type) {
    case 'as is':
      return plain.value;
    case 'bin':
      return new Binary(plain.text);
    case 'meth':
      return new Method(plain.text);
    case 'ip':
      return parseIp(plain.text);
  }
}

/** The name of a sample's type as the admin socket says it. */
export function typeName(sample: Sample): string {
  const type = typeOfSample(sample);
  return type === 'int' ? 'sint' : type;
}
