/** `stats http-request { allow | deny | auth }`, `stats auth` (manual, section 4.2): who may see the statistics page. */
import { authenticatedUser } from '../acl/fetches/authentication.ts';
import type { CompiledCondition } from '../acl/compiled.ts';
import type { Userlist } from '../model/config.ts';
import type { Proxy, StatsSettings } from '../model/proxy.ts';
import type { Word } from '../model/word.ts';
import type { Rule } from '../model/rule.ts';
import { findAction } from './action-table.ts';
import { compileWith } from './compile-rule.ts';
import type { CompiledRule } from './context.ts';
import type { RuleEnvironment } from './environment.ts';

const ALLOWED: readonly string[] = ['allow', 'deny', 'auth'];

export function compileStatsRules(
  { stats, position }: Proxy,
  phases: number,
  env: RuleEnvironment,
): CompiledRule[] {
  if (stats === undefined) return [];
  const rules = stats.httpRequest.flatMap(rule => compileStatsRule(rule, phases, env) ?? []);
  if (rules.length > 0 || (stats.auths.length === 0 && stats.realm === undefined)) return rules;
  return compilePasswordRule(stats, position, phases, env);
}

/** `stats auth`: a password is asked for until one of those given is right. */
function compilePasswordRule(
  stats: StatsSettings,
  position: Rule['position'],
  phases: number,
  env: RuleEnvironment,
): CompiledRule[] {
  const definition = findAction('auth', 'http-request');
  if (definition === undefined) return [];
  const word = (text: string): Word => ({ text, position });
  const args = stats.realm === undefined ? [] : [word('realm'), word(stats.realm)];
  const source = { kind: 'stats http-request', action: 'auth', position, args } as const;
  const rule = compileWith(definition.compile, source, undefined, phases, env);
  return rule === undefined ? [] : [{ ...rule, condition: unlessKnown(stats, position, phases) }];
}

function unlessKnown(stats: StatsSettings, position: Rule['position'], phases: number): CompiledCondition {
  const users = stats.auths.map(({ user: name, password }) => ({
    name,
    password,
    secure: false,
    groups: [],
  }));
  const list: Userlist = { name: 'statistics', position, groups: [], users };
  return {
    test: ctx => typeof authenticatedUser(ctx, list) !== 'string',
    constant: undefined,
    keyed: undefined,
    needs: undefined,
    phases,
    needsHttp: true,
  };
}

function compileStatsRule(rule: Rule, phases: number, env: RuleEnvironment): CompiledRule | undefined {
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
