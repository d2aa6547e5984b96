/** `cache-use` and `cache-store` (manual, sections 4.4 and 6). */
import type { ActionDefinition } from '../action-definition.ts';
import type { Action, RuleContext } from '../context.ts';
import { leavesCacheOut } from '../filter-order.ts';
import type { RuleLine } from '../rule-line.ts';
import { CONTINUE } from '../verdict.ts';

/** The name of a section; that there is one of that name was checked with the references of proxies. */
function takeCache(line: RuleLine): string | undefined {
  return line.take()?.text ?? line.error('expects a cache name');
}

function compileUse(line: RuleLine): Action | undefined {
  const cache = takeCache(line);
  if (cache === undefined) return undefined;
  return ctx => {
    const outcome = ctx.useCache(cache);
    ctx.trace?.told?.(LOOKUPS[outcome]);
    return CONTINUE;
  };
}

/** For `lb explain`, whose caches are empty. */
const LOOKUPS = {
  found: 'answered from the cache',
  'not found': 'looked up in the cache',
  'not asked': 'not looked up: the request may not be answered from a cache',
} as const;

function leaveOut(ctx: RuleContext): typeof CONTINUE {
  ctx.trace?.told?.('not stored: filter-sequence leaves the cache out');
  return CONTINUE;
}

function compileStore(line: RuleLine): Action | undefined {
  const cache = takeCache(line);
  if (cache === undefined) return undefined;
  if (leavesCacheOut(line.env.section)) return ctx => leaveOut(ctx);
  return ctx => {
    const outcome = ctx.storeInCache(cache);
    ctx.trace?.told?.(outcome);
    return CONTINUE;
  };
}

export const CACHE_ACTIONS: readonly ActionDefinition[] = [
  { name: 'cache-use', rulesets: ['http-request'], args: '<name>', compile: compileUse },
  { name: 'cache-store', rulesets: ['http-response'], args: '<name>', compile: compileStore },
];
