/** What a keyword's parse function can do besides changing its draft: report, and read the line's surroundings. */
import type { Position } from '../model/diagnostic.ts';
import type { Word } from '../model/word.ts';
import type { Environment, Lookup } from './environment.ts';

export type SectionKind =
  | 'global'
  | 'defaults'
  | 'frontend'
  | 'listen'
  | 'backend'
  | 'userlist'
  | 'http-errors'
  | 'peers'
  | 'resolvers'
  | 'mailers'
  | 'ring'
  | 'log-forward'
  | 'log-profile'
  | 'cache'
  | 'crt-store'
  | 'acme'
  | 'traces'
  | 'healthcheck'
  | 'namespace_list'
  | 'fcgi-app';

/** Answers the content of a file a configuration names (error pages, header maps, ...), or why it cannot be read. */
export type FileReader = (path: string) => { readonly text: string } | { readonly error: string };

export interface LineContext {
  readonly section: SectionKind;
  /** `no` or `default` stood before the keyword. */
  readonly prefix?: 'no' | 'default';
  /** The whole line, keyword first. */
  readonly line: readonly Word[];
  readonly position: Position;
  /** Reads an environment variable as it is at this line. */
  readonly environment: Lookup;
  /** For `setenv` and its kind. */
  readonly variables: Environment;
  /** Reads a file, relative to `default-path`; bytes as latin1. */
  readonly readFile: FileReader;
  /** The path as `default-path` makes it here. */
  readonly resolvePath: (path: string) => string;
  /** TLS settings of the global section as far as they stand above this line (`ssl-default-bind-…`). */
  readonly globalTls: ReadonlyMap<string, readonly string[]>;
  /** Whether `expose-experimental-directives` was said above this line, which needs it. */
  readonly useExperimental: () => boolean;
  alert(at: Word | Position, message: string, hint?: string): void;
  /** An alert that does not stop the load: `already specified. Continuing.` */
  complain(at: Word | Position, message: string): void;
  warn(at: Word | Position, message: string): void;
  /** For words that are understood but whose effect this version does not have yet. */
  notSupportedYet(at: Word, what: string): void;
}
