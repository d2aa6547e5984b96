/**
 * Keyword rows of the sections that are kept as written (model OtherSection): their lines are checked here, their
 * meaning is given by the layer that uses them.
 */
import type { Word } from '../../model/word.ts';
import { parseAddress } from '../address.ts';
import type { AddressRules } from '../address.ts';
import { normalWords } from '../argument-shape.ts';
import type { Shape } from '../argument-shape.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext, SectionKind } from '../line-context.ts';

export interface OtherDraft {
  readonly lines: (readonly Word[])[];
  /** Names said in the section, by keyword, to find repetitions. */
  readonly names: Map<string, Word>;
}

export type OtherKeyword = Keyword<OtherDraft>;

/** More than the arguments' shape: answers false after reporting an error. */
export type LineCheck = (draft: OtherDraft, words: readonly Word[], context: LineContext) => boolean;

type RowMaker = (
  name: string,
  shape: Shape,
  summary: string,
  check?: LineCheck,
  options?: Partial<Pick<OtherKeyword, 'negatable' | 'removed' | 'experimental'>>,
) => OtherKeyword;

/** Rows of one section. */
export function rowsOf(section: SectionKind): RowMaker {
  return (name, shape, summary, check, options = {}) => ({
    name,
    sections: [section],
    args: shape.args,
    arity: shape.arity,
    summary,
    ...options,
    parse: (draft, words, context) => {
      const given = normalWords(shape, words, name, context);
      if (shape.read(given, name, context) === undefined) return;
      if (check !== undefined && !check(draft, given, context)) return;
      draft.lines.push([...context.line.slice(0, context.line.length - words.length), ...given]);
    },
  });
}

/** The word at `index` is an address. */
export function addressAt(index: number, rules: AddressRules): LineCheck {
  return (_draft, words, context) => {
    const word = words[index];
    if (word === undefined) return true;
    const address = parseAddress(word.text, { ...rules, environment: context.environment });
    if (address.error === undefined) return true;
    context.alert(word, `'${context.line[0]?.text}' : ${address.error}`);
    return false;
  };
}

/** The first word is a name that may be said once for this keyword. */
export function uniqueName(keyword: string): LineCheck {
  return (draft, [name], context) => {
    const key = `${keyword} ${name?.text}`;
    const first = draft.names.get(key);
    draft.names.set(key, name as Word);
    if (first === undefined) return true;
    const where = `${first.position.file}:${first.position.line}`;
    context.alert(
      name as Word,
      `${keyword} '${name?.text}' has same name as another ${keyword} (declared at ${where}).`,
    );
    return false;
  };
}
