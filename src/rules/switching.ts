/** use_backend, use-server, force-persist and ignore-persist (manual, section 4.2): the first that matches decides. */
import { compileCondition } from '../acl/condition.ts';
import type { CompiledCondition } from '../acl/compiled.ts';
import { compileLogFormat } from '../acl/log-format.ts';
import { phaseBit } from '../acl/phase.ts';
import type { SampleContext } from '../acl/context.ts';
import type { Proxy } from '../model/proxy.ts';
import type { PlainRule, SwitchRule } from '../model/rule.ts';
import type { Condition } from '../model/word.ts';
import type { RuleEnvironment } from './environment.ts';
import { FirstMatch } from './first-match.ts';
import {
  PERSIST_FORCED,
  PERSIST_IGNORED,
  PERSIST_NORMALLY,
  type BackendSwitch,
  type PersistenceRules,
  type ServerSwitch,
} from './proxy-rules.ts';

/** Identifier of what a rule points to, or -1; fixed at load unless the name is a log format. */
type Target = (ctx: SampleContext) => number;

interface CompiledSwitch {
  readonly condition: CompiledCondition | undefined;
  readonly target: Target;
}

const SWITCH_PHASE = phaseBit('frontend use-backend rule');
const SERVER_PHASE = phaseBit('backend use-server, balance or stick-match rule');

interface Naming {
  readonly phases: number;
  readonly find: (name: string) => number | undefined;
  readonly unknown: (name: string) => string;
}

function compileSwitches(
  rules: readonly SwitchRule[],
  naming: Naming,
  env: RuleEnvironment,
): CompiledSwitch[] {
  return rules.flatMap(rule => {
    const condition = rule.condition && compileCondition(rule.condition, naming.phases, env);
    const target = compileTarget(rule, naming, env);
    if (target === undefined || (rule.condition !== undefined && condition === undefined)) return [];
    return condition?.constant === false ? [] : [{ condition, target }];
  });
}

function compileTarget(
  { target: word }: SwitchRule,
  naming: Naming,
  env: RuleEnvironment,
): Target | undefined {
  const { text, position } = word;
  if (text.includes('%')) {
    const format = compileLogFormat(text, position, naming.phases, env);
    if (format === undefined) return undefined;
    if (format.constant === undefined) return ctx => naming.find(format.render(ctx)) ?? -1;
  }
  const id = naming.find(text);
  if (id !== undefined) return () => id;
  env.report({ severity: 'alert', position, message: naming.unknown(text) });
  return undefined;
}

/** A computed name that no backend has ends the search: the default backend takes the request. */
export function compileBackendSwitch(proxy: Proxy, env: RuleEnvironment): BackendSwitch {
  const switches = compileSwitches(
    proxy.useBackends,
    {
      phases: SWITCH_PHASE,
      find: name => env.directory.backend(name)?.id,
      unknown: name =>
        `unable to find required use_backend: '${name}' in ${env.section.kind} '${env.section.name}'.`,
    },
    env,
  );
  const matcher = new FirstMatch(switches.map(({ condition }) => condition));
  const forcing = proxy.plainRules.flatMap(rule =>
    rule.keyword === 'force-be-switch' && rule.condition !== undefined ? [rule.condition] : [],
  );
  const forced = compileAnyOf(forcing, SWITCH_PHASE, env);
  return {
    forced,
    choose(ctx, eligible) {
      for (let index = matcher.next(ctx, 0); index >= 0 && index < switches.length;) {
        const backend = (switches[index] as CompiledSwitch).target(ctx);
        if (backend < 0 || eligible(backend) || forced(ctx)) return backend;
        index = matcher.next(ctx, index + 1);
      }
      return -1;
    },
  };
}

/** A server that cannot be used is passed over; a computed name that no server has ends the search. */
export function compileServerSwitch(rules: readonly SwitchRule[], env: RuleEnvironment): ServerSwitch {
  const { section } = env;
  const backend = env.directory.backend(section.name);
  const switches = compileSwitches(
    rules,
    {
      phases: SERVER_PHASE,
      find: name => (backend === undefined ? undefined : env.directory.server(backend, name)),
      unknown: name =>
        `unable to find server '${name}' in proxy '${section.name}' referenced in a 'use-server' rule.`,
    },
    env,
  );
  const matcher = new FirstMatch(switches.map(({ condition }) => condition));
  return {
    empty: switches.length === 0,
    choose(ctx, usable) {
      for (let index = matcher.next(ctx, 0); index >= 0 && index < switches.length;) {
        const server = (switches[index] as CompiledSwitch).target(ctx);
        if (server < 0 || usable(server)) return server;
        index = matcher.next(ctx, index + 1);
      }
      return -1;
    },
  };
}

export function compilePersistence(rules: readonly PlainRule[], env: RuleEnvironment): PersistenceRules {
  const persistence = rules.filter(
    ({ keyword }) => keyword === 'force-persist' || keyword === 'ignore-persist',
  );
  const answers = persistence.map(rule =>
    rule.keyword === 'force-persist' ? PERSIST_FORCED : PERSIST_IGNORED,
  );
  const matcher = new FirstMatch(
    persistence.map(rule => rule.condition && compileCondition(rule.condition, SERVER_PHASE, env)),
  );
  return {
    empty: answers.length === 0,
    decide(ctx) {
      return answers[matcher.next(ctx, 0)] ?? PERSIST_NORMALLY;
    },
  };
}

/** True when one of them holds. */
export function compileAnyOf(
  conditions: readonly Condition[],
  phases: number,
  env: RuleEnvironment,
): (ctx: SampleContext) => boolean {
  const compiled = conditions.flatMap(condition => compileCondition(condition, phases, env) ?? []);
  return ctx => compiled.some(({ test }) => test(ctx));
}
