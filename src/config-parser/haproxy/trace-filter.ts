/** Reads `filter trace [name <name>] [random-forwarding] [max-fwd <max>] [hexdump] [quiet]` (manual, section 9.1). */
import type { Word } from '../../model/word.ts';
import { nearestName } from '../nearest.ts';

export interface TraceFilterSettings {
  readonly name: string;
  readonly isQuiet: boolean;
  readonly isRandom: boolean;
  readonly dumps: boolean;
  /** Bytes that go on at a time; 0: any number. */
  readonly mostBytes: number;
}

interface TraceFilterMistake {
  readonly word: Word;
  readonly error: string;
}

type Draft = { -readonly [Key in keyof TraceFilterSettings]: TraceFilterSettings[Key] };

const SWITCHES: Readonly<Record<string, (draft: Draft) => void>> = {
  quiet: draft => void (draft.isQuiet = true),
  'random-forwarding': draft => void (draft.isRandom = true),
  hexdump: draft => void (draft.dumps = true),
};

const KNOWN = ['name', 'max-fwd', ...Object.keys(SWITCHES)];

export function readTraceFilter([first, ...options]: readonly Word[]):
  TraceFilterSettings | TraceFilterMistake {
  const draft: Draft = { name: 'TRACE', isQuiet: false, isRandom: false, dumps: false, mostBytes: 0 };
  for (let at = 0; at < options.length; at++) {
    const option = options[at] as Word;
    const turnOn = Object.hasOwn(SWITCHES, option.text) ? SWITCHES[option.text] : undefined;
    const error = turnOn === undefined ? takeValue(draft, option.text, options[++at]?.text) : undefined;
    turnOn?.(draft);
    if (error !== undefined) return { word: option, error: `'filter' : '${first?.text}' : ${error}` };
  }
  return draft;
}

function takeValue(draft: Draft, option: string, value: string | undefined): string | undefined {
  if (!KNOWN.includes(option)) {
    const near = nearestName(option, KNOWN);
    return `unknown keyword '${option}'${near === undefined ? '.' : `, did you mean '${near}'?`}`;
  }
  if (value === undefined) return `'${option}' option without value.`;
  if (option === 'name') draft.name = value;
  else if (/^\d{1,9}$/.test(value)) draft.mostBytes = Number(value);
  else return `'max-fwd' expects a number of bytes, found '${value}'.`;
  return undefined;
}
