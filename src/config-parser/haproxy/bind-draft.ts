/** A `bind` line while its options are read, and the shape of the rows that read them. */
import type { Bind, BindTls } from '../../model/bind.ts';
import type { Word } from '../../model/word.ts';
import type { LineContext } from '../line-context.ts';

export type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The settings that all listeners of one line share. */
export interface BindDraft {
  settings: Mutable<Omit<Bind, 'position' | 'id' | 'address' | 'written' | 'ssl'>>;
  id: number | undefined;
  useSsl: boolean;
  tls: Mutable<BindTls>;
  otherOptions: Map<string, readonly string[]>;
  /** How many listeners the line's address makes. */
  readonly listeners: number;
}

export interface BindOptionLine {
  readonly bind: BindDraft;
  readonly option: Word;
  readonly value: Word | undefined;
  readonly context: LineContext;
}

export interface BindOption {
  readonly name: string;
  readonly args: string;
  readonly words: 0 | 1;
  readonly summary: string;
  readonly parse: (line: BindOptionLine) => void;
}

/** Kept by name for a later layer, with the warning that it has no effect yet. */
export function keepOption(words: 0 | 1): Pick<BindOption, 'words' | 'parse'> {
  return {
    words,
    parse: ({ bind, option, value, context }) => {
      bind.otherOptions.set(option.text, value === undefined ? [] : [value.text]);
      context.notSupportedYet(option, `bind ${option.text}`);
    },
  };
}
