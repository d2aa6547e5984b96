/** What rules know of scripts (`lua-load`): the functions they have registered. lua/ implements it. */
import type { CompileEnvironment, ScriptSamples } from '../acl/environment.ts';
import type { RulesetName } from '../model/rule.ts';
import type { Action, RuleContext } from './context.ts';
import type { ScriptFilter } from './script-filter.ts';
import type { ServiceWire } from './service-wire.ts';

export interface ScriptProgram extends ScriptSamples {
  /** Undefined: there is none of that name for this ruleset. */
  action(name: string, ruleset: RulesetName): ScriptAction | undefined;
  /** What a `filter` line makes of the filter of that name; undefined: it ignores the line; a text: what is wrong. */
  filter(name: string, words: readonly string[], place: FilterPlace): ScriptFilter | string | undefined;
  /** What a service of that name serves. */
  service(name: string): ScriptService | undefined;
}

export interface ScriptAction {
  /** Words it takes from the line. */
  readonly words: number;
  compile(words: readonly string[], place: ScriptPlace): Action;
}

export interface ScriptService {
  readonly mode: 'http' | 'tcp';
  begin(ctx: RuleContext, place: ScriptPlace, wire: ServiceWire): void;
}

/** The proxy whose streams a filter sees. */
export interface FilterPlace {
  readonly env: CompileEnvironment;
  /** Of samples that it asks for. */
  readonly phases: { readonly request: number; readonly response: number };
}

/** The rule that calls it. */
export interface ScriptPlace {
  readonly env: CompileEnvironment;
  readonly phases: number;
  readonly onResponse: boolean;
  /** Of content rules: `inspect-delay`; undefined: other rules, which may take as long as they like. */
  readonly delayMs: number | undefined;
  readonly mayWait: boolean;
}
