/** Reads `filter bwlim-in` and `filter bwlim-out` (manual, section 9.7). */
import type { BandwidthLimit } from '../../model/bandwidth-limit.ts';
import type { Word } from '../../model/word.ts';
import type { LineContext } from '../line-context.ts';
import { readSize, readTime } from './argument.ts';

type Draft = { -readonly [Key in keyof BandwidthLimit]: BandwidthLimit[Key] };

const OWN: readonly string[] = ['default-limit', 'default-period'];
const SHARED: readonly string[] = ['limit', 'key', 'table'];

export function readBandwidthFilter(
  words: readonly Word[],
  known: readonly BandwidthLimit[],
  context: LineContext,
): BandwidthLimit | undefined {
  const [kind, name, ...options] = words as [Word, Word | undefined, ...Word[]];
  if (name === undefined) {
    context.alert(kind, `'filter' : '${kind.text}' : a name is expected as first argument`);
    return undefined;
  }
  if (known.some(one => one.name === name.text)) {
    context.alert(name, `'filter' : bwlim filter '${name.text}' already declared`);
    return undefined;
  }
  const draft: Draft = {
    name: name.text,
    position: kind.position,
    direction: kind.text === 'bwlim-in' ? 'in' : 'out',
    limit: 0,
    periodMs: 0,
    minSize: 0,
  };
  const said = readOptions(draft, options, kind, context);
  return said !== undefined && isComplete(said, kind, context) ? draft : undefined;
}

function readOptions(
  draft: Draft,
  options: readonly Word[],
  kind: Word,
  context: LineContext,
): ReadonlySet<string> | undefined {
  const said = new Set<string>();
  for (let at = 0; at < options.length; at += 2) {
    const option = options[at] as Word;
    const value = options[at + 1];
    if (value === undefined) {
      context.alert(option, `'filter' : '${kind.text}' : the value is missing for '${option.text}' option`);
      return undefined;
    }
    if (!readOption(draft, option, value, context)) return undefined;
    said.add(option.text);
  }
  return said;
}

function readOption(draft: Draft, option: Word, value: Word, context: LineContext): boolean {
  switch (option.text) {
    case 'default-limit':
    case 'limit':
      draft.limit = readPositive(value, option, context, readSize);
      return draft.limit > 0;
    case 'default-period':
      draft.periodMs = readPositive(value, option, context, readTime);
      return draft.periodMs > 0;
    case 'min-size':
      draft.minSize = readSize(value, option.text, context) ?? 0;
      return true;
    case 'key':
      draft.key = value;
      return true;
    case 'table':
      draft.table = value.text;
      return true;
    default:
      context.alert(option, `'filter' : unknown option '${option.text}' of a bwlim filter`);
      return false;
  }
}

/** 0 when it is not positive, which was told. */
function readPositive(value: Word, option: Word, context: LineContext, read: typeof readSize): number {
  const number = read(value, option.text, context);
  if (number === 0) context.alert(value, `'filter' : '${option.text}' must be greater than 0`);
  return number ?? 0;
}

/** Limits of a stream's own and shared ones are said with different words. */
function isComplete(said: ReadonlySet<string>, kind: Word, context: LineContext): boolean {
  const isShared = SHARED.some(word => said.has(word));
  if (isShared && OWN.some(word => said.has(word))) {
    context.alert(kind, `'filter' : '${kind.text}' : cannot mix per-stream and shared parameter`);
    return false;
  }
  const needed = isShared ? ['key', 'limit'] : OWN;
  const missing = needed.find(word => !said.has(word));
  if (missing !== undefined)
    context.alert(kind, `'filter' : '${kind.text}' : <${missing}> option is missing`);
  return missing === undefined;
}
