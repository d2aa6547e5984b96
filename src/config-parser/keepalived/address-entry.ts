/** One line of `virtual_ipaddress` and its kin: `ADDR[/MASK] [brd ADDR] [dev IF] [scope S] [label L] ...`. */
import type { AddressScope, IpAddressEntry } from '../../model/ip-entry.ts';
import type { Word } from '../../model/word.ts';
import type { Statement } from './block.ts';
import type { Scope } from './scope.ts';
import { familyOf, interfaceNameOf } from './values.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const SCOPES: ReadonlyMap<string, AddressScope> = new Map(
  Object.entries<AddressScope>({
    global: 'global',
    '0': 'global',
    site: 'site',
    '200': 'site',
    link: 'link',
    '253': 'link',
    host: 'host',
    '254': 'host',
    nowhere: 'nowhere',
    '255': 'nowhere',
  }),
);

type Flag = 'home' | 'mngtmpaddr' | 'noprefixroute' | 'autojoin' | 'noTrack';

const FLAGS: ReadonlyMap<string, Flag> = new Map(
  Object.entries<Flag>({
    home: 'home',
    mngtmpaddr: 'mngtmpaddr',
    noprefixroute: 'noprefixroute',
    autojoin: 'autojoin',
    no_track: 'noTrack',
  }),
);

/** What every IPv6 address has, said or not; IPv4 has nothing of the kind. */
const ALWAYS: ReadonlySet<string> = new Set(['-nodad', 'nodad']);

/** As written; address-vmacs.ts places it. */
export interface AddressLine extends IpAddressEntry {
  readonly wantsVmac: boolean;
}

type Draft = Mutable<AddressLine>;

/** Options with a value: true when the value was fine. */
const VALUES: ReadonlyMap<string, (draft: Draft, word: Word, scope: Scope) => boolean> = new Map(
  Object.entries<(draft: Draft, word: Word, scope: Scope) => boolean>({
    dev: (draft, word, scope) => {
      const name = interfaceNameOf(word, scope);
      if (name !== undefined) draft.dev = name;
      return true;
    },
    brd: setBroadcast,
    broadcast: setBroadcast,
    scope: (draft, word) => {
      const scope = SCOPES.get(word.text);
      if (scope !== undefined) draft.scope = scope;
      return scope !== undefined;
    },
    label: (draft, word) => {
      if (word.text.length > 15) return false;
      draft.label = word.text;
      return true;
    },
    peer: (draft, word) => {
      const peer = parsePrefix(word.text);
      if (peer === undefined || peer.family !== draft.family) return false;
      draft.peer = { address: peer.address, prefixLength: peer.prefixLength };
      return true;
    },
    preferred_lft: (draft, word) => {
      const value = word.text === 'forever' ? Infinity : /^\d+$/.test(word.text) ? Number(word.text) : NaN;
      if (!Number.isNaN(value)) draft.preferredLftSec = value;
      return !Number.isNaN(value);
    },
    track_group: () => true,
  }),
);

function setBroadcast(draft: Draft, word: Word): boolean {
  const known = word.text === '+' || word.text === '-' || familyOf(word.text) === 4;
  if (known) draft.broadcast = word.text;
  return known && draft.family === 4;
}

/** `ADDR/LEN` or `ADDR/MASK` or `ADDR` (a host), or `default`, `any`, `all`. */
export function parsePrefix(
  text: string,
): { readonly family: 4 | 6; readonly address: string; readonly prefixLength: number } | undefined {
  const [address = '', mask] = text.split('/');
  const family = familyOf(address);
  if (family === undefined) return undefined;
  const longest = family === 4 ? 32 : 128;
  if (mask === undefined) return { family, address, prefixLength: longest };
  const prefixLength = /^\d+$/.test(mask) ? Number(mask) : family === 4 ? maskLength(mask) : NaN;
  return prefixLength >= 0 && prefixLength <= longest ? { family, address, prefixLength } : undefined;
}

/** 255.255.252.0 -> 22; NaN when the bits are not in one piece. */
export function maskLength(mask: string): number {
  if (familyOf(mask) !== 4) return NaN;
  const bits = mask
    .split('.')
    .map(octet => Number(octet).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(bits) ? bits.replaceAll('0', '').length : NaN;
}

/** An address whose prefix is too long is kept, as one of its own. */
function withoutPrefix({ name, position }: Statement, { report }: Scope): ReturnType<typeof parsePrefix> {
  const [address = '', mask = ''] = name.split('/');
  const alone = /^\d+$/.test(mask) ? parsePrefix(address) : undefined;
  if (alone !== undefined)
    report.warn(position, `Invalid prefix length ${mask} of ${address} - using ${alone.prefixLength}`);
  return alone;
}

/** One of `static_ipaddress`. */
export function parseStaticAddress(statement: Statement, scope: Scope): IpAddressEntry | undefined {
  const line = parseAddressEntry(statement, scope);
  if (line === undefined) return undefined;
  const { wantsVmac, ...entry } = line;
  if (wantsVmac) scope.report.warn(statement.position, "Unknown address option 'use_vmac'");
  return entry;
}

export function parseAddressEntry(statement: Statement, scope: Scope): AddressLine | undefined {
  const prefix = parsePrefix(statement.name) ?? withoutPrefix(statement, scope);
  if (prefix === undefined) {
    scope.report.warn(statement.position, `'${statement.name}' is not an IP address - ignoring it`);
    return undefined;
  }
  const draft: Draft = {
    position: statement.position,
    ...prefix,
    home: false,
    mngtmpaddr: false,
    noprefixroute: false,
    autojoin: false,
    noTrack: false,
    wantsVmac: false,
  };
  for (let index = 0; index < statement.words.length; index++)
    index = readOption(draft, statement.words, index, scope);
  if (draft.wantsVmac && draft.dev === undefined) {
    scope.report.warn(statement.position, 'use_vmac for a address requires an interface');
    draft.wantsVmac = false;
  }
  return draft;
}

/** Returns the index of the last word it used. */
function readOption(draft: Draft, words: readonly Word[], index: number, scope: Scope): number {
  const word = words[index] as Word;
  if (ALWAYS.has(word.text)) return index;
  const flag = FLAGS.get(word.text);
  if (flag !== undefined) {
    draft[flag] = true;
    return index;
  }
  if (word.text === 'use_vmac') {
    draft.wantsVmac = true;
    return index;
  }
  const setter = VALUES.get(word.text);
  const value = words[index + 1];
  if (setter === undefined) scope.report.warn(word.position, `Unknown address option '${word.text}'`);
  else if (value === undefined)
    scope.report.warn(word.position, `Address option '${word.text}' needs a value`);
  else if (!setter(draft, value, scope))
    scope.report.warn(
      value.position,
      `Invalid ${word.text} '${value.text}' for ${draft.address} - ignoring it`,
    );
  return setter === undefined ? index : index + 1;
}
