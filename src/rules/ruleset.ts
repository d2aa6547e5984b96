/**
 * Runs one list of rules for a context and answers a verdict. No promise and no allocation: an action that waits
 * answers YIELD, and resume() calls it again; NEED_DATA means run() again from the start, as HAProxy does.
 */
import type { CompiledRule, RuleContext } from './context.ts';
import { FirstMatch, UNDECIDED } from './first-match.ts';
import { CONTINUE, NEED_DATA, YIELD, type Verdict } from './verdict.ts';

/** Those without rules, by name: most proxies have eight of them. */
const WITHOUT_RULES = new Map<string, CompiledRuleset>();

export class CompiledRuleset {
  readonly name: string;
  /** In order of evaluation, those that can never match included. */
  readonly rules: readonly CompiledRule[];
  /** One of them asks what the client says. */
  readonly readsRequest: boolean;
  readonly #live: readonly CompiledRule[];
  readonly #matcher: FirstMatch;

  static of(name: string, rules: readonly CompiledRule[]): CompiledRuleset {
    const known = rules.length === 0 ? WITHOUT_RULES.get(name) : undefined;
    if (known !== undefined) return known;
    const made = new CompiledRuleset(name, rules);
    if (rules.length === 0) WITHOUT_RULES.set(name, made);
    return made;
  }

  constructor(name: string, rules: readonly CompiledRule[]) {
    this.name = name;
    this.rules = rules;
    this.#live = rules.filter(rule => rule.condition?.constant !== false);
    this.readsRequest = this.#live.some(rule => rule.readsRequest);
    this.#matcher = FirstMatch.of(this.#live.map(rule => rule.condition));
  }

  get empty(): boolean {
    return this.#live.length === 0;
  }

  run(ctx: RuleContext): Verdict {
    ctx.softRewrites = false;
    if (ctx.trace !== undefined) return this.#runTraced(ctx, 0, false);
    return this.#runFrom(ctx, 0);
  }

  /** Calls the action that yielded again, then goes on behind it. */
  resume(ctx: RuleContext): Verdict {
    const index = ctx.resumeAt;
    const rule = this.#live[index] as CompiledRule;
    ctx.heldBy = undefined;
    if (ctx.trace !== undefined) return this.#runTraced(ctx, this.rules.indexOf(rule), true);
    const verdict = rule.action(ctx, true);
    return verdict === CONTINUE ? this.#runFrom(ctx, index + 1) : this.#end(ctx, rule, index, verdict);
  }

  #runFrom(ctx: RuleContext, from: number): Verdict {
    const live = this.#live;
    let index = from;
    for (;;) {
      index = this.#matcher.next(ctx, index);
      if (index === live.length) return CONTINUE;
      if (index === UNDECIDED) return NEED_DATA;
      const rule = live[index] as CompiledRule;
      const verdict = rule.action(ctx, false);
      if (verdict !== CONTINUE) return this.#end(ctx, rule, index, verdict);
      index++;
    }
  }

  #runTraced(ctx: RuleContext, from: number, resuming: boolean): Verdict {
    let resumed = resuming;
    for (let index = from; index < this.rules.length; index++, resumed = false) {
      const rule = this.rules[index] as CompiledRule;
      const matched = resumed || testInOrder(rule, ctx);
      if (!resumed) ctx.trace?.evaluated(rule, matched, ctx);
      if (matched === undefined) return NEED_DATA;
      if (!matched) continue;
      const verdict = rule.action(ctx, resumed);
      ctx.trace?.acted(rule, verdict, ctx);
      if (verdict !== CONTINUE) return this.#end(ctx, rule, this.#live.indexOf(rule), verdict);
    }
    return CONTINUE;
  }

  /** `redirect` lines are no final rules (manual, `last_rule_file`). */
  #end(ctx: RuleContext, rule: CompiledRule, index: number, verdict: Verdict): Verdict {
    if (verdict === YIELD) {
      ctx.heldBy = rule;
      ctx.resumeAt = index;
    } else if (this.name !== 'redirect') ctx.finalRule = rule;
    return verdict;
  }
}

function testInOrder(rule: CompiledRule, ctx: RuleContext): boolean | undefined {
  if (rule.condition === undefined) return true;
  ctx.needMoreData = false;
  if (rule.condition.test(ctx)) return true;
  return ctx.needMoreData ? undefined : false;
}
