/** What a keyword's parse function can do besides changing its draft: report, and read the line's surroundings. */
import type { Position } from '../model/diagnostic.ts';
import type { Word } from '../model/word.ts';

export type SectionKind = 'global' | 'defaults' | 'frontend' | 'listen' | 'backend';

export interface LineContext {
  readonly section: SectionKind;
  /** `no` or `default` stood before the keyword. */
  readonly prefix?: 'no' | 'default';
  /** The whole line, keyword first. */
  readonly line: readonly Word[];
  readonly position: Position;
  alert(at: Word | Position, message: string, hint?: string): void;
  warn(at: Word | Position, message: string): void;
  /** For words that are understood but whose effect this version does not have yet. */
  notSupportedYet(at: Word, what: string): void;
}
