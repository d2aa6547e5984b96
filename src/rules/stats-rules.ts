/** `stats http-request { allow | deny | auth }` (manual, section 4.2): who may see the statistics page. */
import type { Rule } from '../model/rule.ts';
import { findAction } from './action-table.ts';
import { compileWith } from './compile-rule.ts';
import type { CompiledRule } from './context.ts';
import type { RuleEnvironment } from './environment.ts';

const ALLOWED: readonly string[] = ['allow', 'deny', 'auth'];

export function compileStatsRule(rule: Rule, phases: number, env: RuleEnvironment): CompiledRule | undefined {
  const definition = ALLOWED.includes(rule.action) ? findAction(rule.action, 'http-request') : undefined;
  if (definition !== undefined)
    return compileWith(
      definition.compile,
      { ...rule, kind: 'stats http-request' },
      rule.condition,
      phases,
      env,
    );
  const message = `'stats http-request' expects 'allow', 'deny', 'auth', but got '${rule.action}'.`;
  env.report({ severity: 'alert', position: rule.position, message });
  return undefined;
}
