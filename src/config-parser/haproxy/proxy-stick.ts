/** `stick-table` and `stick ...` (manual, section 4.2, 11.1): checked here, made into tables by stick-tables.ts. */
import type { Word } from '../../model/word.ts';
import { parseCondition } from '../condition.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext, SectionKind } from '../line-context.ts';
import { didYouMean } from '../nearest.ts';
import { parseSize } from '../units.ts';
import { oneOf, readInteger, readTime } from './argument.ts';
import { ignoredWithoutBackend } from './proxy-capability.ts';
import type { ProxyDraft } from './proxy-draft.ts';
import { conflictIn, parseStore, splitStores } from './stick-store.ts';

const TYPES = ['ip', 'ipv4', 'ipv6', 'integer', 'string', 'binary'] as const;

/** Each answers how many words after the argument's name it took; undefined after an error. */
type ArgumentReader = (words: readonly Word[], context: LineContext) => number | undefined;

function readType(words: readonly Word[], context: LineContext): number | undefined {
  const type = oneOf(words[0], 'stick-table type', TYPES, context);
  if (type === undefined) return undefined;
  if ((type !== 'string' && type !== 'binary') || words[1]?.text !== 'len') return 1;
  return readInteger(words[2], 'len', context, { min: 1 }) === undefined ? undefined : 3;
}

function readTableSize(words: readonly Word[], context: LineContext): number | undefined {
  const size = parseSize(words[0]?.text ?? '');
  if (size.error === undefined && size.value > 0) return 1;
  const wrong = size.error === undefined ? 'missing size.' : `${size.error} in argument of 'size'.`;
  context.alert(words[0] ?? context.position, `stick-table: ${wrong}`);
  return undefined;
}

/** False after an error. */
function checkStore(text: string, word: Word, context: LineContext): boolean {
  const store = parseStore(text);
  if ('type' in store) return true;
  context.alert(word, `stick-table: ${store.error}`, store.hint);
  return false;
}

function readStore(words: readonly Word[], context: LineContext): number | undefined {
  const word = words[0];
  if (word === undefined) {
    context.alert(context.position, `stick-table: missing argument after 'store'.`);
    return undefined;
  }
  return splitStores(word.text).every(store => checkStore(store, word, context)) ? 1 : undefined;
}

function named(name: string): ArgumentReader {
  return (words, context) => {
    if (words[0] !== undefined) return 1;
    context.alert(context.position, `stick-table: missing argument after '${name}'.`);
    return undefined;
  };
}

const ARGUMENTS: Readonly<Record<string, ArgumentReader>> = {
  type: readType,
  size: readTableSize,
  expire: (words, context) => (readTime(words[0], 'expire', context) === undefined ? undefined : 1),
  nopurge: () => 0,
  'recv-only': () => 0,
  peers: named('peers'),
  'write-to': named('write-to'),
  srvkey: (words, context) =>
    oneOf(words[0], 'srvkey', ['name', 'addr'] as const, context) === undefined ? undefined : 1,
  'brates-factor': (words, context) =>
    readInteger(words[0], 'brates-factor', context, { min: 1, max: 1024 }) === undefined ? undefined : 1,
  store: readStore,
};

/** The arguments of a table, in a proxy or a peers section. False after an error. */
export function checkStickTable(words: readonly Word[], context: LineContext): boolean {
  const seen = new Set<string>();
  for (let index = 0; index < words.length;) {
    const word = words[index] as Word;
    const reader = Object.hasOwn(ARGUMENTS, word.text) ? ARGUMENTS[word.text] : undefined;
    if (reader === undefined) {
      const hint = didYouMean(word.text, Object.keys(ARGUMENTS));
      context.alert(word, `stick-table: unknown argument '${word.text}'`, hint);
      return false;
    }
    const taken = reader(words.slice(index + 1), context);
    if (taken === undefined) return false;
    seen.add(word.text);
    index += 1 + taken;
  }
  for (const needed of ['size', 'type']) {
    if (seen.has(needed)) continue;
    context.alert(context.position, `stick-table: missing ${needed}.`);
    return false;
  }
  return !conflicts(words, context);
}

/** Types that cannot be stored together; a second mention of one is passed over. */
function conflicts(words: readonly Word[], context: LineContext): boolean {
  const types = new Set<string>();
  for (const [index, { text }] of words.entries()) {
    const list = words[index + 1];
    if (text !== 'store' || list === undefined) continue;
    for (const store of splitStores(list.text)) {
      const type = store.replace(/\(.*/, '');
      if (types.has(type))
        context.warn(list, `stick-table: store option '${type}' already enabled, ignored.`);
      types.add(type);
    }
  }
  const conflict = conflictIn(types);
  if (conflict !== undefined) context.alert(context.position, `stick-table: ${conflict}`);
  return conflict !== undefined;
}

function parseStickTable(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  if (!checkStickTable(words, context)) return;
  if (draft.own.stickTable === undefined) draft.own.stickTable = words;
  else {
    const where = `conflicts with table declared in ${draft.kind} '${draft.name}'`;
    context.alert(context.position, `stick-table name '${draft.name}' ${where}`);
  }
}

/** `<pattern> [table <table>] [{if|unless} <cond>]`: a pattern is one word and converters behind it. */
function parseStick(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const rule = context.line[1]?.text ?? '';
  if (ignoredWithoutBackend(draft, 'stick', context)) return;
  const [pattern, ...rest] = words;
  if (pattern === undefined) {
    context.alert(context.position, `'stick' expects a fetch method.`);
    return;
  }
  const after = rest[0]?.text === 'table' ? 2 : 0;
  const next = rest[after];
  const entry = {
    position: context.position,
    keyword: `stick ${rule}`,
    args: [pattern, ...rest.slice(0, after)],
  };
  if (next === undefined) {
    draft.own.plainRules.push(entry);
    return;
  }
  if (next.text !== 'if' && next.text !== 'unless') {
    context.alert(next, `'stick': unknown keyword '${next.text}'.`);
    return;
  }
  const condition = parseCondition(rest.slice(after), context, `sticking condition`);
  if (condition !== undefined) draft.own.plainRules.push({ ...entry, condition });
}

const PROXIES: readonly SectionKind[] = ['frontend', 'listen', 'backend'];

function stickKeyword(name: string, summary: string): Keyword<ProxyDraft> {
  return {
    name: `stick ${name}`,
    sections: PROXIES,
    args: '<pattern> [table <table>] [{if | unless} <condition>]',
    arity: [0, Number.MAX_SAFE_INTEGER],
    summary,
    parse: parseStick,
  };
}

export const STICK_KEYWORDS: readonly Keyword<ProxyDraft>[] = [
  {
    name: 'stick-table',
    sections: PROXIES,
    args: 'type <type> size <size> [expire <expire>] [nopurge] [recv-only] [write-to <wtable>] [srvkey <srvkey>] [store <data_type>]* [brates-factor <factor>] [peers <peersect>]',
    arity: [1, 256],
    summary: 'a table of keys and counters',
    parse: parseStickTable,
  },
  stickKeyword('match', 'uses the server stored for a key'),
  stickKeyword('on', 'stores and uses the server of a key'),
  stickKeyword('store-request', 'stores the server under a key of the request'),
  stickKeyword('store', 'stores the server under a key of the request'),
  stickKeyword('store-response', 'stores the server under a key of the response'),
];
