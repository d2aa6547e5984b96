/** `capture` and `declare capture`: what goes into logs beside the usual fields (manual, section 4.2). */
import type { Word } from '../../model/word.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext } from '../line-context.ts';
import { readInteger } from './argument.ts';
import { ignoredWithoutFrontend } from './proxy-capability.ts';
import type { ProxyDraft } from './proxy-draft.ts';

interface NamedLength {
  readonly name: string;
  readonly len: number;
}

/** `<name> len <length>` */
function readNamedLength(
  words: readonly Word[],
  keyword: string,
  context: LineContext,
): NamedLength | undefined {
  const [name, len, length] = words;
  if (name === undefined || len?.text !== 'len' || length === undefined) {
    context.alert(len ?? context.position, `'${keyword}' expects <name> 'len' <len>.`);
    return undefined;
  }
  const value = readInteger(length, 'len', context, { min: 0, leading: true });
  return value === undefined ? undefined : { name: name.text, len: value };
}

/** The number of the slot that a line makes: as many were made above it. */
export function nextSlot({ own }: ProxyDraft, side: 'request' | 'response'): number {
  const headers = side === 'request' ? own.requestCaptures : own.responseCaptures;
  const declared = own.declaredCaptures.filter(capture => capture.side === side);
  const byRules = side === 'request' ? own.rules.filter(rule => rule.captureSlot !== undefined) : [];
  return headers.length + declared.length + byRules.length;
}

function parseHeader(side: 'request' | 'response'): Keyword<ProxyDraft>['parse'] {
  return (draft, words, context) => {
    ignoredWithoutFrontend(draft, 'capture', context);
    const capture = readNamedLength(words, `capture ${side} header`, context);
    if (capture === undefined) return;
    const list = side === 'request' ? draft.own.requestCaptures : draft.own.responseCaptures;
    list.push({ header: capture.name, len: capture.len, slot: nextSlot(draft, side) });
  };
}

function parseCookie(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  ignoredWithoutFrontend(draft, 'capture', context);
  const capture = readNamedLength(words, 'capture cookie', context);
  if (capture !== undefined) draft.own.cookieCapture = { name: capture.name, len: capture.len };
}

function parseDeclare(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const [side, len, length] = words;
  if (side?.text !== 'request' && side?.text !== 'response') {
    const expects = `requires a direction ('request' or 'response')`;
    context.alert(side ?? context.position, `'declare capture' ${expects}`);
    return;
  }
  if (len?.text !== 'len') {
    context.alert(len ?? side, `'declare capture' requires a capture length ('len')`);
    return;
  }
  const value = readInteger(length, 'declare capture', context, { min: 1 });
  if (value !== undefined)
    draft.own.declaredCaptures.push({ side: side.text, len: value, slot: nextSlot(draft, side.text) });
}

export const CAPTURE_KEYWORDS: readonly Keyword<ProxyDraft>[] = [
  {
    name: 'capture cookie',
    sections: ['frontend', 'listen', 'backend'],
    args: '<name> len <length>',
    arity: [0, 3],
    summary: 'logs a cookie',
    parse: parseCookie,
  },
  {
    name: 'capture request header',
    sections: ['frontend', 'listen', 'backend'],
    args: '<name> len <length>',
    arity: [0, 3],
    summary: 'logs a request header',
    parse: parseHeader('request'),
  },
  {
    name: 'capture response header',
    sections: ['frontend', 'listen', 'backend'],
    args: '<name> len <length>',
    arity: [0, 3],
    summary: 'logs a response header',
    parse: parseHeader('response'),
  },
  {
    name: 'declare capture',
    sections: ['frontend', 'listen'],
    args: '{ request | response } len <length>',
    arity: [0, 3],
    summary: 'a slot that rules fill',
    parse: parseDeclare,
  },
];
