/** `option forwardfor`, `originalto` and `forwarded`: headers that tell the server about the client (manual, section 4.2). */
import { isIPv4, isIPv6 } from 'node:net';
import type { ForwardFor } from '../../model/proxy.ts';
import type { Word } from '../../model/word.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext } from '../line-context.ts';
import { fullNetwork } from '../short-ipv4.ts';
import { ignoredWithoutBackend } from './proxy-capability.ts';
import type { ProxyDraft } from './proxy-draft.ts';

type Name = 'forwardfor' | 'originalto';

function isMask(text: string | undefined, bits: number): boolean {
  if (text === undefined) return true;
  if (bits === 32 && isIPv4(text)) return true;
  return /^\d{1,3}$/.test(text) && Number(text) <= bits;
}

/** `<address>[/<mask>]`, IPv4 masks also dotted. */
function isNetwork(text: string): boolean {
  const [host = '', mask, ...rest] = text.split('/');
  if (rest.length > 0) return false;
  return isIPv4(host) ? isMask(mask, 32) : isIPv6(host) && isMask(mask, 128);
}

interface HeaderArguments {
  header: string;
  except?: string;
  ifNone: boolean;
}

/** The arguments in any order; undefined after an error. */
function readArguments(
  name: Name,
  words: readonly Word[],
  header: string,
  context: LineContext,
): HeaderArguments | undefined {
  const answer: HeaderArguments = { header, ifNone: false };
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as Word;
    const value = words[index + 1];
    if (word.text === 'if-none' && name === 'forwardfor') answer.ifNone = true;
    else if (word.text === 'except') {
      const network = fullNetwork(value?.text ?? '');
      if (value === undefined || !isNetwork(network)) {
        context.alert(value ?? word, `'option ${name} except' expects <address>[/mask] as argument.`);
        return undefined;
      }
      answer.except = network;
      index++;
    } else if (word.text === 'header') {
      if (value === undefined) {
        context.alert(word, `'option ${name} header' expects <header_name> as argument.`);
        return undefined;
      }
      answer.header = value.text;
      index++;
    } else {
      const known = name === 'forwardfor' ? `'except', 'header' and 'if-none'` : `'except' and 'header'`;
      context.alert(word, `'option ${name}' only supports optional values: ${known}.`);
      return undefined;
    }
  }
  return answer;
}

function parseForwardFor(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const read = readArguments('forwardfor', words, 'X-Forwarded-For', context);
  if (read !== undefined) draft.shared.forwardfor = read satisfies ForwardFor;
}

function parseOriginalTo(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const read = readArguments('originalto', words, 'X-Original-To', context);
  if (read === undefined) return;
  const { header, except } = read;
  draft.shared.originalto = except === undefined ? { header } : { header, except };
}

const FORWARDED_WITH_VALUE: readonly string[] = [
  'host-expr',
  'by-expr',
  'by_port-expr',
  'for-expr',
  'for_port-expr',
];
const FORWARDED_ALONE: readonly string[] = ['proto', 'host', 'by', 'by_port', 'for', 'for_port'];

/** RFC 7239; the default is `proto for`. */
function parseForwarded(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  if (context.prefix !== undefined) {
    draft.shared.forwarded = undefined;
    return;
  }
  if (ignoredWithoutBackend(draft, 'option forwarded', context)) return;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as Word;
    if (FORWARDED_ALONE.includes(word.text)) continue;
    if (!FORWARDED_WITH_VALUE.includes(word.text)) {
      const known = [...FORWARDED_ALONE, ...FORWARDED_WITH_VALUE].map(name => `'${name}'`).join(', ');
      context.alert(word, `'option forwarded' only supports optional values: ${known}.`);
      return;
    }
    index++;
    if (words[index] === undefined) {
      context.alert(word, `'option forwarded ${word.text}' expects an expression as argument.`);
      return;
    }
  }
  draft.shared.forwarded = words;
}

export const FORWARD_OPTION_KEYWORDS: readonly Keyword<ProxyDraft>[] = [
  {
    name: 'option forwardfor',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '[ except <network> ] [ header <name> ] [ if-none ]',
    arity: [0, 64],
    summary: 'adds the client address in a header',
    parse: parseForwardFor,
  },
  {
    name: 'option originalto',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '[ except <network> ] [ header <name> ]',
    arity: [0, 64],
    summary: 'adds the address the client asked for in a header',
    parse: parseOriginalTo,
  },
  {
    name: 'option forwarded',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '[ proto ] [ host | host-expr <host_expr> ] [ by | by-expr <by_expr> ] [ by_port | by_port-expr <by_port_expr>] [ for | for-expr <for_expr> ] [ for_port | for_port-expr <for_port_expr>]',
    arity: [0, 64],
    summary: 'adds a Forwarded header (RFC 7239)',
    negatable: true,
    parse: parseForwarded,
  },
];
