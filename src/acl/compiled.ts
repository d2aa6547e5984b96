/**
 * What the compile functions of acl/ hand out: closures over the context, all text and names already resolved.
 *
 *   expression.ts    compileExpression   `req.hdr(host),lower`
 *   condition.ts     compileCondition    `if`/`unless` of a rule
 *   log-format.ts    compileLogFormat    `%ci:%cp [%tr] ...`
 *
 * Each reports diagnostics and answers undefined when the text is wrong, or legal in none of the phases asked for.
 */
import type { ByteLine } from '../base/byte-line.ts';
import type { IpAddress } from '../base/ip-address.ts';
import type { SampleContext } from './context.ts';
import type { Literal } from './match/literal.ts';
import type { Int, Sample, SampleType } from './sample.ts';

/**
 * A fetch and its converters. Every accessor applies HAProxy's implicit cast from `type`; undefined: absent
 * or not castable. The ones for the expression's own type allocate nothing beyond the value.
 */
export interface CompiledExpression {
  /** As written, for messages. */
  readonly text: string;
  /** Static output type; `any` when only known at run time. */
  readonly type: SampleType;
  /** Phases (bits) where it is legal. */
  readonly phases: number;
  /** Needs a parsed HTTP message. */
  readonly needsHttp: boolean;
  /** Same answer for every context. */
  readonly constant: boolean;
  readonly sample: (ctx: SampleContext) => Sample | undefined;
  readonly bool: (ctx: SampleContext) => boolean | undefined;
  readonly int: (ctx: SampleContext) => Int | undefined;
  readonly ip: (ctx: SampleContext) => IpAddress | undefined;
  /** Text, latin1. Binary samples give their bytes up to the first NUL, as HAProxy's cast does. */
  readonly string: (ctx: SampleContext) => string | undefined;
  /** Bytes, one char each; integers as 8 bytes big endian, addresses as 4 or 16. */
  readonly binary: (ctx: SampleContext) => string | undefined;
}

export type Test = (ctx: SampleContext) => boolean;

/** `if`/`unless` already applied. */
export interface CompiledCondition {
  /** False also when undecided: then `ctx.needMoreData` is raised. */
  readonly test: Test;
  /** Set when the answer never changes. */
  readonly constant: boolean | undefined;
  /** Set when the condition only asks whether one sample is one of some exact strings. */
  readonly keyed: KeyedTest | undefined;
  /** Where none of these is met the condition does not hold, and asking it would do nothing; undefined: unknown. */
  readonly needs: readonly TextNeed[] | undefined;
  readonly phases: number;
  readonly needsHttp: boolean;
}

/**
 * `{ hdr(host) -i a b }` and the like. A run of rules with equal `key` can become one hash lookup over
 * `values`: evaluate `each`, look every value up, take the rule that comes first.
 */
export interface KeyedTest {
  /** Equal for equal fetches with equal case folding and match method. */
  readonly key: string;
  readonly ignoreCase: boolean;
  /** Exact values; folded to lower case when `ignoreCase`. */
  readonly values: () => readonly string[];
  /** Calls back after they changed (the admin socket, rules). */
  readonly watch: (changed: () => void) => void;
  /** Calls `visit` with every occurrence, already folded, until it answers true. */
  readonly each: (ctx: SampleContext, visit: (value: string) => boolean) => void;
}

/** `{ path_beg /a /b }` and the like hold only where one of some texts stands in the sample. */
export interface TextNeed {
  /** Equal for equal samples. */
  readonly sample: string;
  /** Undefined: one of its patterns is met by anything. */
  readonly literals: () => readonly Literal[] | undefined;
  /** Calls back after the literals changed (the admin socket, rules). */
  readonly watch: (changed: () => void) => void;
  /** Makes a function that hands every occurrence of a context's sample to `visit`. */
  readonly reader: (visit: (value: string) => void) => (ctx: SampleContext) => void;
}

export interface CompiledLogFormat {
  readonly text: string;
  readonly render: (ctx: SampleContext) => string;
  /** The same, as bytes behind those of a line. */
  readonly append: (ctx: SampleContext, line: ByteLine) => void;
  readonly phases: number;
  readonly needsHttp: boolean;
  /** Set when it has no variable part. */
  readonly constant: string | undefined;
}

export interface LogFormatOptions {
  /**
   * `log`: `-` stands for what is empty, blanks side by side are one. `http`: bytes that a header or URL may
   * not hold are percent-encoded. `id`: both merged blanks and encoded bytes (`unique-id-format`).
   */
  readonly style?: 'log' | 'http' | 'id' | 'plain';
  /** `option logasap`: what is not final yet gets a plus sign. */
  readonly isEarly?: boolean;
  /** Captured headers: how many there can be. Without any, `%hr` and `%hs` write nothing, and cost nothing. */
  readonly captures?: { readonly request: readonly unknown[]; readonly response: readonly unknown[] };
  /** `tune.http.logurilen`: longest request line kept, by default 1024 with its end mark. */
  readonly uriLength?: number;
}
