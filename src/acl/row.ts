/**
 * A sample fetch or a converter is one table row: it drives compile-time checks, docs/samples.md and the
 * coverage table.
 */
import type { Arguments, ArgumentSpec, Mistake } from './arguments.ts';
import type { SampleContext } from './context.ts';
import type { CompileEnvironment } from './environment.ts';
import type { Position } from '../model/diagnostic.ts';
import type { Source } from './phase.ts';
import type { SampleType, Value } from './sample.ts';

export type Getter = (ctx: SampleContext) => Value | undefined;

/** Calls `visit` with every occurrence until it answers true; answers whether one did. */
export type Each = (ctx: SampleContext, visit: (value: Value) => boolean) => boolean;

/** What a row's compile function sees besides its arguments. */
export interface CompileScope {
  readonly env: CompileEnvironment;
  readonly phases: number;
  /** Ambiguous words read the response here. */
  readonly isResponse: boolean;
  /** Where it is written; undefined: in a script. */
  readonly at?: Position;
}

export interface Fetched {
  readonly get: Getter;
  /** For ACLs: words with several occurrences (`hdr`, `cook`, `url_param`). */
  readonly each?: Each;
  /** When it depends on the arguments. */
  readonly type?: SampleType;
  readonly constant?: boolean;
}

export interface FetchRow {
  readonly name: string;
  /** The word it stands for; all else is taken from there. */
  readonly alias?: string;
  readonly args?: readonly ArgumentSpec[];
  readonly out: SampleType;
  readonly sources: readonly Source[];
  readonly summary: string;
  /** Its answer may change while bytes are still coming. */
  readonly incremental?: boolean;
  readonly compile: (args: Arguments, scope: CompileScope) => Getter | Fetched | Mistake;
}

export type Convert = (value: never, ctx: SampleContext) => Value | undefined;

export interface ConverterRow {
  readonly name: string;
  readonly args?: readonly ArgumentSpec[];
  readonly in: SampleType;
  readonly out: SampleType | 'same';
  readonly summary: string;
  /** Reads or changes more than its input: never computed at load. */
  readonly impure?: boolean;
  readonly compile: (
    args: Arguments,
    scope: CompileScope,
    inType: SampleType,
  ) => Convert | Mistake | { readonly convert: Convert; readonly out: SampleType };
}
