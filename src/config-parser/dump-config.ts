/**
 * `-dC`: configuration files as they are read, without comments and with one indentation; lines are cut into words
 * but not judged. With a key, names and addresses are replaced by hashes and lines end before anything confidential,
 * so that the text may be shown to others (management guide, `-dC`, `set anon`).
 */
import { isIPv4, isIPv6 } from 'node:net';
import { anonymised } from '../base/anonymity.ts';
import type { Word } from '../model/word.ts';
import { parseAddress } from './address.ts';
import { Environment } from './environment.ts';
import type { ConfigFile } from './file-reader.ts';
import { SECTIONS } from './haproxy/sections.ts';
import { readWords } from './words.ts';

export interface DumpWishes {
  /** 0: as it is. */
  readonly key: number;
  readonly lineNumbers: boolean;
}

/** The text, or what is wrong with a line. */
export function dumpConfig(
  files: readonly ConfigFile[],
  { key, lineNumbers }: DumpWishes,
  variables: Readonly<Record<string, string | undefined>>,
): string {
  const environment = new Environment(variables);
  const lines: string[] = [];
  for (const { path, text } of files)
    for (const [index, raw] of text
      .replace(/^\uFEFF/, '')
      .split('\n')
      .entries()) {
      const source = { file: path, line: index + 1, text: raw };
      const { words, fault } = readWords(source, name => environment.lookup(name));
      const prefix = lineNumbers ? `${index + 1}\t` : '';
      if (fault !== undefined) lines.push(`${prefix}# ${fault.message.split('\n')[0]}`);
      else if (words.length > 0) lines.push(prefix + renderLine(words, key));
    }
  return `${lines.join('\n')}\n`;
}

function renderLine(words: readonly Word[], key: number): string {
  const texts = words.map(word => word.text);
  const [first = ''] = texts;
  if (SECTIONS.has(first)) {
    if (key === 0) return texts.join(' ');
    return texts.length > 1 ? `${first} ${hashedName(texts[1] as string, key)}` : first;
  }
  return `\t${(key === 0 ? texts : anonymous(texts, key)).join(' ')}`;
}

/**
 * What may be seen of a line: `w` a word as it is, `n` a name, `a` an address, `p` a path, `h` something secret;
 * what follows is left out. The longest entry that fits counts.
 */
const SHAPES: Readonly<Record<string, string>> = {
  acl: 'wnw',
  anonkey: 'w',
  bind: 'wa',
  cookie: 'wnw',
  default_backend: 'wn',
  errorfile: 'wwp',
  filter: 'ww',
  'http-after-response': 'ww',
  'http-request': 'ww',
  'http-response': 'ww',
  log: 'wa',
  'log global': 'ww',
  maxconn: 'ww',
  mode: 'ww',
  nameserver: 'wna',
  peer: 'wna',
  'redirect location': 'wwp',
  'redirect prefix': 'wwp',
  server: 'wna',
  source: 'wa',
  'stats auth': 'wwh',
  'stats maxconn': 'www',
  'stats socket': 'wwa',
  'stats timeout': 'www',
  timeout: 'www',
  use_backend: 'wn',
  user: 'wn',
};

const OTHERS = 'www';

function anonymous(texts: readonly string[], key: number): string[] {
  const [first = '', second = ''] = texts;
  const shape = SHAPES[`${first} ${second}`] ?? (Object.hasOwn(SHAPES, first) ? SHAPES[first] : OTHERS);
  const shown = (shape as string)
    .split('')
    .slice(0, texts.length)
    .map((kind, index) => {
      const text = texts[index] as string;
      if (kind === 'n') return hashedName(text, key);
      if (kind === 'a') return hashedAddress(text, key);
      if (kind === 'p') return `PATH(${anonymised(text, key)})`;
      return kind === 'h' ? anonymised(text, key) : text;
    });
  return texts.length > shown.length ? [...shown, '[...]'] : shown;
}

function hashedName(name: string, key: number): string {
  return name === '' ? name : `ID(${anonymised(name, key)})`;
}

/** Addresses of this host tell nothing about anybody. */
function hashedAddress(text: string, key: number): string {
  if (/^(?:localhost|stdout|stderr)$|^(?:fd|sockpair)@/.test(text)) return text;
  const { value } = parseAddress(text, {
    port: 'optional',
    portRange: true,
    portOffset: true,
    accepts: ['stream', 'datagram'],
  });
  if (value?.address.kind !== 'ip') return anonymised(text, key);
  const { host } = value.address;
  if (host === '::1' || /^(?:127|255|0)/.test(host)) return text;
  const kind = isIPv4(host) ? 'IPV4' : isIPv6(host) ? 'IPV6' : 'ID';
  return `${kind}(${anonymised(host, key)})${value.portLow > 0 ? `:${value.portLow}` : ''}`;
}
