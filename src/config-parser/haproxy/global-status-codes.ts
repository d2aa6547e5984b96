/** `http-err-codes` and `http-fail-codes` (manual, section 3.1): sets of statuses, replaced, extended or reduced. */
import type { StatusRanges } from '../../model/global.ts';
import type { Word } from '../../model/word.ts';
import type { LineContext } from '../line-context.ts';
import type { GlobalDraft } from './global-draft.ts';
import type { GlobalKeyword } from './global-rows.ts';

const LOWEST = 100;
const HIGHEST = 599;

type Range = StatusRanges[number];

export function statusCodes(
  name: string,
  summary: string,
  field: 'httpErrCodes' | 'httpFailCodes',
): GlobalKeyword {
  return {
    name,
    sections: ['global'],
    args: '[+-]<range>[,...] [...]',
    arity: [1, 64],
    summary,
    parse: (draft: GlobalDraft, words, context) => {
      for (const word of words) {
        const changed = change(draft[field], word, name, context);
        if (changed === undefined) return;
        draft[field] = changed;
      }
    },
  };
}

/** Undefined after an error. */
function change(
  known: StatusRanges,
  word: Word,
  name: string,
  context: LineContext,
): StatusRanges | undefined {
  const sign = /^[+-]/.exec(word.text)?.[0] ?? '';
  const ranges = word.text.slice(sign.length).split(',').map(parseRange);
  if (!ranges.every(range => range !== undefined)) {
    const form = 'Ranges must be in the form [+-]{low[-{high}]}[,...].';
    context.alert(word, `Invalid status codes range '${word.text}' in '${name}'. ${form}`);
    return undefined;
  }
  if (ranges.some(([first, last]) => first < LOWEST || last > HIGHEST || last < first)) {
    const rule = `Codes must be between ${LOWEST} and ${HIGHEST} and ranges in ascending order.`;
    context.alert(word, `Invalid status codes range '${word.text}' in '${name}'. ${rule}`);
    return undefined;
  }
  if (sign === '+') return [...known, ...ranges];
  return sign === '-' ? ranges.reduce(without, known) : ranges;
}

function parseRange(text: string): Range | undefined {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2] ?? match[1])];
}

function without(ranges: StatusRanges, [low, high]: Range): StatusRanges {
  return ranges.flatMap(([first, last]): readonly Range[] => {
    const below: Range = [first, Math.min(last, low - 1)];
    const above: Range = [Math.max(first, high + 1), last];
    return [below, above].filter(([from, to]) => from <= to);
  });
}
