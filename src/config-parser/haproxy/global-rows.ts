/** Makes the keyword rows of the `global` section, which are mostly one setting each. */
import type { Word } from '../../model/word.ts';
import { normalWords } from '../argument-shape.ts';
import type { Shape } from '../argument-shape.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext } from '../line-context.ts';
import type { GlobalDraft } from './global-draft.ts';

export type GlobalKeyword = Keyword<GlobalDraft>;

export interface RowOptions {
  /** A second time is reported and does not count. */
  readonly once?: boolean;
  readonly negatable?: boolean;
  readonly experimental?: boolean;
  readonly deprecated?: string;
}

export type Store = (
  draft: GlobalDraft,
  value: number | string,
  words: readonly Word[],
  context: LineContext,
) => void;

function isRepeated(draft: GlobalDraft, name: string, context: LineContext): boolean {
  if (!draft.said.has(name)) {
    draft.said.add(name);
    return false;
  }
  context.complain(context.position, `'${name}' already specified. Continuing.`);
  return true;
}

/** A keyword whose arguments have a shape and whose value goes to one place. */
export function setting(
  name: string,
  shape: Shape,
  summary: string,
  store: Store,
  { once = false, ...options }: RowOptions = {},
): GlobalKeyword {
  return {
    name,
    sections: ['global'],
    args: shape.args,
    arity: shape.arity,
    summary,
    ...options,
    parse: (draft, words, context) => {
      if (once && isRepeated(draft, name, context)) return;
      const given = normalWords(shape, words, name, context);
      const value = shape.read(given, name, context);
      if (value !== undefined) store(draft, value, given, context);
    },
  };
}

/** A word that switches something on, and off behind `no`. */
export function flag(name: string, summary: string, options: RowOptions = {}): GlobalKeyword {
  return {
    name,
    sections: ['global'],
    args: '',
    arity: [0, 0],
    summary,
    ...options,
    parse: (draft, _words, context) => {
      if (context.prefix === 'no') draft.flags.delete(name);
      else draft.flags.add(name);
    },
  };
}

/** Kept as written for a later layer. */
export function kept(name: string, shape: Shape, summary: string, options: RowOptions = {}): GlobalKeyword {
  const keep: Store = (draft, _value, words, { line }) =>
    void draft.otherLines.push([...line.slice(0, line.length - words.length), ...words]);
  return setting(name, shape, summary, keep, options);
}

export function removed(name: string, message: string): GlobalKeyword {
  return {
    name,
    sections: ['global'],
    args: '',
    arity: [0, 64],
    summary: 'removed',
    removed: message,
    parse: () => undefined,
  };
}
