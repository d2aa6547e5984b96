/** `cache-use` and `cache-store` (manual, sections 4.4 and 6). */
import type { ActionDefinition } from '../action-definition.ts';
import type { Action, RuleContext } from '../context.ts';
import type { RuleLine } from '../rule-line.ts';
import { CONTINUE } from '../verdict.ts';

/** `act` answers what it has done, for `lb explain`. */
function compileWith(act: (ctx: RuleContext, cache: string) => string): ActionDefinition['compile'] {
  return (line: RuleLine): Action | undefined => {
    const cache = line.take()?.text;
    if (cache === undefined) return line.error('expects a cache name');
    return ctx => {
      const outcome = act(ctx, cache);
      ctx.trace?.told?.(outcome);
      return CONTINUE;
    };
  };
}

export const CACHE_ACTIONS: readonly ActionDefinition[] = [
  {
    name: 'cache-use',
    rulesets: ['http-request'],
    args: '<name>',
    compile: compileWith((ctx, cache) => ctx.useCache(cache)),
  },
  {
    name: 'cache-store',
    rulesets: ['http-response'],
    args: '<name>',
    compile: compileWith((ctx, cache) => ctx.storeInCache(cache)),
  },
];
