/** `compression ...` and `filter` (manual, sections 4.2 and 9). */
import type { Compression } from '../../model/proxy.ts';
import type { Word } from '../../model/word.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext, SectionKind } from '../line-context.ts';
import { readBandwidthFilter } from './bandwidth-filter.ts';
import { readTraceFilter } from './trace-filter.ts';
import { oneOf, readSize } from './argument.ts';
import type { Mutable, ProxyDraft } from './proxy-draft.ts';

const ALL: readonly SectionKind[] = ['defaults', 'frontend', 'listen', 'backend'];
const ALGORITHMS: readonly string[] = ['gzip', 'deflate', 'raw-deflate', 'identity'];

function settings(draft: ProxyDraft): Mutable<Compression> {
  draft.shared.compression ??= {
    algorithms: [],
    types: [],
    requestTypes: [],
    offload: false,
    direction: 'response',
    minSize: 0,
    minSizeRequest: 0,
  };
  return draft.shared.compression;
}

function readAlgorithms(words: readonly Word[], context: LineContext): string[] | undefined {
  const unknown = words.find(word => !ALGORITHMS.includes(word.text));
  if (unknown === undefined) return words.map(word => word.text);
  context.alert(unknown, `'compression' : '${unknown.text}' is not a supported algorithm.`);
  return undefined;
}

function parseAlgorithms(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const algorithms = readAlgorithms(words, context);
  if (algorithms === undefined) return;
  const compression = settings(draft);
  compression.algorithms = [...compression.algorithms, ...algorithms];
}

/** Requests are compressed by one algorithm, the first. */
function parseRequestAlgorithm(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const [first, second] = words;
  if (second !== undefined)
    context.warn(
      second,
      `'compression algo-req' : only '${first?.text}' counts, '${second.text}' is ignored.`,
    );
  const algorithms = readAlgorithms(words.slice(0, 1), context);
  if (algorithms?.[0] !== undefined) settings(draft).requestAlgorithm = algorithms[0];
}

function parseTypes(side: 'types' | 'requestTypes'): Keyword<ProxyDraft>['parse'] {
  return (draft, words) => {
    const compression = settings(draft);
    compression[side] = [...compression[side], ...words.map(word => word.text)];
  };
}

function parseMinSize(side: 'minSize' | 'minSizeRequest'): Keyword<ProxyDraft>['parse'] {
  return (draft, words, context) => {
    const size = readSize(words[0], 'compression minsize', context);
    if (size !== undefined) settings(draft)[side] = size;
  };
}

function parseOffload(draft: ProxyDraft, _: readonly Word[], context: LineContext): void {
  if (draft.kind === 'defaults')
    context.warn(context.position, `'compression' : 'offload' ignored in 'defaults' section.`);
  else settings(draft).offload = true;
}

function parseDirection(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const direction = oneOf(words[0], 'compression', ['request', 'response', 'both'] as const, context);
  if (direction !== undefined) settings(draft).direction = direction;
}

type Row = readonly [
  name: string,
  args: string,
  arity: readonly [number, number],
  summary: string,
  parse: Keyword<ProxyDraft>['parse'],
];

const ROWS: readonly Row[] = [
  ['algo', '<algorithm> ...', [1, 8], 'how responses are compressed', parseAlgorithms],
  ['algo-res', '<algorithm>', [1, 8], 'how responses are compressed', parseAlgorithms],
  ['algo-req', '<algorithm>', [1, 8], 'how requests are compressed', parseRequestAlgorithm],
  ['type', '<mime type> ...', [1, 256], 'which responses are compressed', parseTypes('types')],
  ['type-res', '<mime type> ...', [1, 256], 'which responses are compressed', parseTypes('types')],
  ['type-req', '<mime type> ...', [1, 256], 'which requests are compressed', parseTypes('requestTypes')],
  ['minsize-res', '<size>', [1, 1], 'smallest response compressed', parseMinSize('minSize')],
  ['minsize-req', '<size>', [1, 1], 'smallest request compressed', parseMinSize('minSizeRequest')],
  ['offload', '', [0, 0], 'servers are not asked to compress', parseOffload],
  ['direction', '<direction>', [1, 1], 'what is compressed', parseDirection],
];

/** What `filter` may name. */
export const FILTERS: readonly string[] = [
  'trace',
  'compression',
  'comp-req',
  'comp-res',
  'cache',
  'bwlim-in',
  'bwlim-out',
  'spoe',
  'fcgi-app',
  'opentracing',
];

/** Compression and caches need no filter line; their order is always the same (resolve-caches.ts). */
const WORKING: ReadonlySet<string> = new Set(['compression', 'comp-req', 'comp-res', 'cache', 'trace']);

function parseFilter(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const name = words[0] as Word;
  if (!FILTERS.includes(name.text) && !name.text.startsWith('lua.')) {
    const known = FILTERS.map(filter => `'${filter}'`).join(', ');
    context.alert(name, `'filter' : unknown filter '${name.text}' (known: ${known}).`);
    return;
  }
  if (name.text === 'cache' && words[1] === undefined) {
    context.alert(name, `'filter' : 'cache' : expects a <name> argument`);
    return;
  }
  if (name.text === 'spoe' && !namesEngineFile(words.slice(1), context)) return;
  const wrong = name.text === 'trace' ? readTraceFilter(words) : undefined;
  if (wrong !== undefined && 'error' in wrong) return context.alert(wrong.word, wrong.error);
  draft.own.filters.push(words);
  if (name.text.startsWith('bwlim-')) {
    const limit = readBandwidthFilter(words, draft.own.bandwidthLimits, context);
    if (limit !== undefined) draft.own.bandwidthLimits.push(limit);
  } else if (!WORKING.has(name.text) && !name.text.startsWith('lua.'))
    context.notSupportedYet(name, `filter ${name.text.replace(/\..*/, '')}`);
}

/** `[engine <name>] config <file>`: without its file there is nothing to leave out with a warning. */
function namesEngineFile(options: readonly Word[], context: LineContext): boolean {
  const values = new Map<string, Word>();
  for (let at = 0; at < options.length; at += 2) {
    const option = options[at] as Word;
    const value = options[at + 1];
    if (option.text !== 'engine' && option.text !== 'config') {
      context.alert(option, `'filter spoe' : unknown keyword '${option.text}' (known: 'engine', 'config').`);
      return false;
    }
    if (value === undefined) {
      context.alert(option, `'filter spoe' : '${option.text}' option without value`);
      return false;
    }
    values.set(option.text, value);
  }
  if (values.has('config')) return true;
  context.alert(context.position, "'filter spoe' : missing config file");
  return false;
}

function parseFilterSequence(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const path = oneOf(words[0], 'filter-sequence', ['request', 'response'] as const, context);
  if (path === undefined) return;
  const { text, position } = words[1] as Word;
  const names = text.split(',').filter(name => name !== '');
  const sequence = names.map(name => ({ text: name, position }));
  draft.own.filterSequence = { ...draft.own.filterSequence, [path]: sequence };
}

const PROXIES: readonly SectionKind[] = ['frontend', 'listen', 'backend'];

export const COMPRESSION_KEYWORDS: readonly Keyword<ProxyDraft>[] = [
  ...ROWS.map(([name, args, arity, summary, parse]) => ({
    name: `compression ${name}`,
    sections: ALL,
    args,
    arity,
    summary,
    parse,
  })),
  {
    name: 'filter',
    sections: PROXIES,
    args: '<name> [param*]',
    arity: [1, 64],
    summary: 'a filter over the bytes',
    parse: parseFilter,
  },
  {
    name: 'filter-sequence',
    sections: PROXIES,
    args: '{ request | response } <filter_list>',
    arity: [2, 2],
    summary: 'order of the filters',
    parse: parseFilterSequence,
  },
];
