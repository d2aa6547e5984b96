/** Match methods (`-m`) by name: which type they take and the index that answers them. */
import type { Int, SampleType, Value } from '../sample.ts';
import { createAddressIndex, type AddressOf } from './address.ts';
import { createPrefixIndex, createSuffixIndex } from './affix.ts';
import { createBinaryIndex, createExactIndex, createHttpMethodIndex } from './exact.ts';
import { createNumberIndex } from './number.ts';
import type { PatternIndex } from './pattern.ts';
import { createRegularIndex } from './regular.ts';
import { createSubstringIndex } from './substring.ts';
import { createDirectoryIndex, createDomainIndex } from './words.ts';

export type MatchMethod =
  | 'found'
  | 'bool'
  | 'int'
  | 'dotted'
  | 'ip'
  | 'bin'
  | 'len'
  | 'str'
  | 'meth'
  | 'beg'
  | 'sub'
  | 'dir'
  | 'dom'
  | 'end'
  | 'reg'
  | 'regm';

/** The type samples are cast to. */
export const METHOD_TYPES: Readonly<Record<MatchMethod, SampleType>> = {
  found: 'int',
  bool: 'int',
  int: 'int',
  dotted: 'int',
  ip: 'addr',
  bin: 'bin',
  len: 'str',
  str: 'str',
  meth: 'str',
  beg: 'str',
  sub: 'str',
  dir: 'str',
  dom: 'str',
  end: 'str',
  reg: 'str',
  regm: 'str',
};

/** Words behind `-m`; regm is for maps only. */
export function findMethod(word: string): MatchMethod | undefined {
  return word in METHOD_TYPES && word !== 'dotted' && word !== 'meth' ? (word as MatchMethod) : undefined;
}

const valueItself = (value: Value): Int => value as Int;
const lengthOf = (value: Value): Int => (value as string).length;

/** `addressOf`: of host names among addresses. */
export function createIndex(method: MatchMethod, ignoreCase: boolean, addressOf?: AddressOf): PatternIndex {
  switch (method) {
    case 'int':
      return createNumberIndex(valueItself);
    case 'dotted':
      return createNumberIndex(valueItself, true);
    case 'len':
      return createNumberIndex(lengthOf);
    case 'ip':
      return createAddressIndex(addressOf);
    case 'bin':
      return createBinaryIndex();
    case 'meth':
      return createHttpMethodIndex(ignoreCase);
    case 'beg':
      return createPrefixIndex(ignoreCase);
    case 'end':
      return createSuffixIndex(ignoreCase);
    case 'sub':
      return createSubstringIndex(ignoreCase);
    case 'dir':
      return createDirectoryIndex(ignoreCase);
    case 'dom':
      return createDomainIndex(ignoreCase);
    case 'reg':
    case 'regm':
      return createRegularIndex(ignoreCase);
    case 'str':
    case 'found':
    case 'bool':
      return createExactIndex(ignoreCase);
  }
}

/** Method an ACL takes when none is named, by the type of its sample. */
export function defaultMethod(type: SampleType): MatchMethod | undefined {
  switch (type) {
    case 'bool':
      return 'bool';
    case 'int':
      return 'int';
    case 'addr':
    case 'ipv4':
    case 'ipv6':
      return 'ip';
    case 'str':
      return 'str';
    case 'bin':
    case 'meth':
    case 'any':
      return undefined;
  }
}
