/** `source`, the same in proxies and on servers (manual, sections 4.2 and 5.2). */
import type { SourceAddress } from '../../model/server.ts';
import type { Word } from '../../model/word.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext } from '../line-context.ts';
import { readAddress, readParsedAddress } from './address-argument.ts';
import { ignoredWithoutBackend } from './proxy-capability.ts';
import type { ProxyDraft } from './proxy-draft.ts';

interface SourceAnswer {
  readonly source?: SourceAddress;
  /** Words used, also when they were wrong. */
  readonly taken: number;
}

const HEADER = /^hdr_ip\([^,)]+(,-?\d+)?\)$/;

function checkUseSource(word: Word | undefined, context: LineContext): string | undefined {
  if (word === undefined) {
    const known = `<addr>[:<port>], 'client', or 'clientip'`;
    context.alert(context.position, `'usesrc' expects ${known} as argument.`);
    return undefined;
  }
  const dynamic = word.text === 'client' || word.text === 'clientip' || HEADER.test(word.text);
  const rules = { port: 'optional', names: false } as const;
  if (!dynamic && readAddress(word, 'usesrc', context, rules) === undefined) return undefined;
  return word.text;
}

/**
 * `words` start behind the keyword; reading stops at the first word that is not part of it. Connections take the ports
 * of a range in turn, which a server can have, not a proxy.
 */
export function readSource(
  keyword: Word,
  words: readonly Word[],
  context: LineContext,
  { portRange }: { readonly portRange: boolean },
): SourceAnswer {
  const rules = { port: 'optional', portRange, names: false } as const;
  const first = readParsedAddress(words[0], keyword.text, context, rules);
  let source: SourceAddress | undefined = first && {
    address: first.address,
    ...(first.portHigh > first.portLow ? { portHigh: first.portHigh } : {}),
  };
  let taken = 1;
  while (words[taken]?.text === 'usesrc' || words[taken]?.text === 'interface') {
    const value = words[taken + 1];
    if (words[taken]?.text === 'usesrc') {
      const usesrc = checkUseSource(value, context);
      source = source && usesrc !== undefined ? { ...source, usesrc } : source;
    } else if (value === undefined) {
      context.alert(words[taken] ?? keyword, `'${keyword.text}' : missing interface name.`);
    } else source = source && { ...source, interface: value.text };
    taken += 2;
  }
  return source === undefined ? { taken } : { source, taken };
}

function parseSource(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const keyword = context.line[0] as Word;
  ignoredWithoutBackend(draft, keyword, context);
  const { source, taken } = readSource(keyword, words, context, { portRange: false });
  const extra = words[taken];
  if (extra !== undefined)
    context.alert(extra, `'source' only supports optional keywords 'interface' and 'usesrc'.`);
  else if (source !== undefined) draft.backend.source = source;
}

export const SOURCE_KEYWORDS: readonly Keyword<ProxyDraft>[] = [
  {
    name: 'source',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '<addr>[:<port>] [usesrc { <addr2>[:<port2>] | client | clientip | hdr_ip(<hdr>[,<occ>]) }] [interface <name>]',
    arity: [1, 5],
    summary: 'source address of connections to servers',
    parse: parseSource,
  },
  {
    name: 'usesrc',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '',
    arity: [0, 64],
    summary: 'part of source',
    removed: `'usesrc' only allowed after a 'source' statement.`,
    parse: () => undefined,
  },
];
