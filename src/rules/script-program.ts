/** What rules know of scripts (`lua-load`): the functions they have registered. lua/ implements it. */
import type { CompileEnvironment, ScriptSamples } from '../acl/environment.ts';
import type { RulesetName } from '../model/rule.ts';
import type { Action, RuleContext } from './context.ts';
import type { ServiceWire } from './service-wire.ts';

export interface ScriptProgram extends ScriptSamples {
  /** Undefined: there is none of that name for this ruleset. */
  action(name: string, ruleset: RulesetName): ScriptAction | undefined;
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

/** The rule that calls it. */
export interface ScriptPlace {
  readonly env: CompileEnvironment;
  readonly phases: number;
  readonly onResponse: boolean;
  /** Of content rules: `inspect-delay`; undefined: other rules, which may take as long as they like. */
  readonly delayMs: number | undefined;
  readonly mayWait: boolean;
}
