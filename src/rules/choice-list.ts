/**
 * Conditions of which the first that holds decides, outside of rulesets: use_backend, use-server, force-persist,
 * ignore-persist. While `lb explain` listens, each is evaluated by itself and told.
 */
import type { CompiledCondition } from '../acl/compiled.ts';
import type { Condition, Word } from '../model/word.ts';
import type { Position } from '../model/diagnostic.ts';
import type { Proxy } from '../model/proxy.ts';
import type { RuleContext, WrittenRule } from './context.ts';
import { FirstMatch, UNDECIDED } from './first-match.ts';

export interface Choice {
  readonly position: Position;
  readonly title: string;
  readonly args: readonly Word[];
  readonly source: Condition | undefined;
  readonly condition: CompiledCondition | undefined;
}

export class ChoiceList {
  readonly length: number;
  readonly #choices: readonly Choice[];
  readonly #matcher: FirstMatch;
  readonly #section: Proxy;
  readonly #phases: number;

  constructor(choices: readonly Choice[], section: Proxy, phases: number) {
    this.length = choices.length;
    this.#choices = choices;
    this.#matcher = FirstMatch.of(choices.map(({ condition }) => condition));
    this.#section = section;
    this.#phases = phases;
  }

  /** Index of the first at or after `from` that applies, or -1. */
  next(ctx: RuleContext, from: number): number {
    if (ctx.trace !== undefined) return this.#nextTraced(ctx, from);
    const index = this.#matcher.next(ctx, from);
    return index === UNDECIDED || index === this.length ? -1 : index;
  }

  #nextTraced(ctx: RuleContext, from: number): number {
    for (let index = from; index < this.length; index++) {
      const { position, title, args, source, condition } = this.#choices[index] as Choice;
      const matched = condition === undefined || condition.test(ctx);
      const written: WrittenRule = {
        position,
        title,
        args,
        source,
        section: this.#section,
        phases: this.#phases,
      };
      ctx.trace?.evaluated(written, matched, ctx);
      if (matched) return index;
    }
    return -1;
  }
}
