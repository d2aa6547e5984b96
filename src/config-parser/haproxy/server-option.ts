/** The shape of the rows that read server options, and the two commonest kinds of them. */
import type { Word } from '../../model/word.ts';
import type { LineContext } from '../line-context.ts';
import type { ProxyDraft } from './proxy-draft.ts';
import { forgetOtherOption, setOtherOption, type ServerDraft } from './server-draft.ts';

/** What an option's parse function sees. */
export interface ServerOptionLine {
  readonly server: ServerDraft;
  readonly proxy: ProxyDraft;
  /** The option's own word. */
  readonly option: Word;
  /** Its values: `words` of them. */
  readonly values: readonly Word[];
  /** Everything after the option, for those of variable length. */
  readonly rest: readonly Word[];
  readonly context: LineContext;
  readonly isDefaultServer: boolean;
}

export interface ServerOption {
  readonly name: string;
  /** As in the manual. */
  readonly args: string;
  /** Number of values; -1: the parse function answers how many it took. */
  readonly words: 0 | 1 | -1;
  readonly summary: string;
  /** Not accepted on `default-server` lines. */
  readonly serverOnly?: true;
  /** Written as `name(<id>)`. */
  readonly parenthesised?: true;
  readonly parse: (line: ServerOptionLine) => number | void;
}

/** Kept by name for a later layer. */
export function keepOption(words: 0 | 1): Pick<ServerOption, 'words' | 'parse'> {
  return {
    words,
    parse: ({ server, option, values, context }) => {
      const texts = values.map(value => value.text);
      setOtherOption(server, option.text, texts);
      context.notSupportedYet(option, `server ${option.text.replace(/\(.*/, '')}`);
    },
  };
}

/** Takes back an option that `keepOption` stored. */
export function forgetOption(name: string): Pick<ServerOption, 'words' | 'parse'> {
  return { words: 0, parse: ({ server }) => forgetOtherOption(server, name) };
}
