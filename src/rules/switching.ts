/** use_backend, use-server, force-persist and ignore-persist (manual, section 4.2): the first that matches decides. */
import { compileCondition } from '../acl/condition.ts';
import { compileLogFormat } from '../acl/log-format.ts';
import { prefixed } from '../acl/prefixed.ts';
import { phaseBit, readsRequest } from '../acl/phase.ts';
import type { SampleContext } from '../acl/context.ts';
import type { Proxy } from '../model/proxy.ts';
import type { PlainRule, SwitchRule } from '../model/rule.ts';
import type { Condition } from '../model/word.ts';
import { ChoiceList, type Choice } from './choice-list.ts';
import type { RuleContext } from './context.ts';
import type { RuleEnvironment } from './environment.ts';
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

interface CompiledSwitch extends Choice {
  readonly target: Target;
}

const SWITCH_PHASE = phaseBit('frontend use-backend rule');
const SERVER_PHASE = phaseBit('backend use-server, balance or stick-match rule');

interface Naming {
  readonly keyword: 'use_backend' | 'use-server';
  readonly phases: number;
  readonly find: (name: string) => number | undefined;
  readonly unknown: (name: string) => string;
}

/** Where the first applicable rule leads whose target is accepted; a computed name that nothing has ends the search. */
type Switch = (ctx: RuleContext, accepts: (target: number) => boolean) => number;

function compileSwitch(switches: readonly CompiledSwitch[], phases: number, env: RuleEnvironment): Switch {
  const list = new ChoiceList(switches, env.section, phases);
  return (ctx, accepts) => {
    for (let index = list.next(ctx, 0); index >= 0; index = list.next(ctx, index + 1)) {
      const target = (switches[index] as CompiledSwitch).target(ctx);
      if (target < 0 || accepts(target)) return target;
    }
    return -1;
  };
}

function compileSwitches(
  rules: readonly SwitchRule[],
  naming: Naming,
  env: RuleEnvironment,
): CompiledSwitch[] {
  return rules.flatMap(rule => {
    const { position, target: word, condition: source } = rule;
    const condition = source && compileCondition(source, naming.phases, env);
    const target = compileTarget(rule, naming, env);
    if (target === undefined || (source !== undefined && condition === undefined)) return [];
    if (condition?.constant === false) return [];
    return [{ position, title: naming.keyword, args: [word], source, condition, target }];
  });
}

function compileTarget(
  { target: word }: SwitchRule,
  naming: Naming,
  env: RuleEnvironment,
): Target | undefined {
  const { text, position } = word;
  if (text.includes('%')) {
    const about = prefixed(env, `failed to parse ${naming.keyword} rule '${text}' : `);
    const format = compileLogFormat(text, position, naming.phases, about);
    if (format === undefined) return undefined;
    if (format.constant === undefined) return ctx => naming.find(format.render(ctx)) ?? -1;
  }
  const id = naming.find(text);
  if (id !== undefined) return () => id;
  env.report({ severity: 'alert', position, message: naming.unknown(text) });
  return undefined;
}

/** Computed names are taken for something the client says. */
function asksClient({ condition, args }: CompiledSwitch): boolean {
  const isComputed = args.some(({ text }) => text.includes('%'));
  return isComputed || (condition !== undefined && readsRequest(condition.phases));
}

/** A computed name that no backend has ends the search: the default backend takes the request. */
export function compileBackendSwitch(proxy: Proxy, env: RuleEnvironment): BackendSwitch {
  const naming: Naming = {
    keyword: 'use_backend',
    phases: SWITCH_PHASE,
    find: name => env.directory.backend(name)?.id,
    unknown: name =>
      `unable to find required use_backend: '${name}' in ${env.section.kind} '${env.section.name}'.`,
  };
  const switches = compileSwitches(proxy.useBackends, naming, env);
  const choose = compileSwitch(switches, SWITCH_PHASE, env);
  const forcing = proxy.plainRules.flatMap(rule =>
    rule.keyword === 'force-be-switch' && rule.condition !== undefined ? [rule.condition] : [],
  );
  const forced = compileAnyOf(forcing, SWITCH_PHASE, env);
  return {
    readsRequest: switches.some(asksClient),
    forced,
    choose: (ctx, eligible) => choose(ctx, backend => eligible(backend) || forced(ctx)),
  };
}

/** A server that cannot be used is passed over; a computed name that no server has ends the search. */
export function compileServerSwitch(rules: readonly SwitchRule[], env: RuleEnvironment): ServerSwitch {
  const { section } = env;
  const backend = env.directory.backend(section.name);
  const naming: Naming = {
    keyword: 'use-server',
    phases: SERVER_PHASE,
    find: name => (backend === undefined ? undefined : env.directory.server(backend, name)),
    unknown: name =>
      `unable to find server '${name}' in proxy '${section.name}' referenced in a 'use-server' rule.`,
  };
  const switches = compileSwitches(rules, naming, env);
  return { empty: switches.length === 0, choose: compileSwitch(switches, SERVER_PHASE, env) };
}

export function compilePersistence(rules: readonly PlainRule[], env: RuleEnvironment): PersistenceRules {
  const choices = rules.flatMap((rule): Choice[] => {
    const { keyword, position, args, condition } = rule;
    if (keyword !== 'force-persist' && keyword !== 'ignore-persist') return [];
    const compiled = condition && compileCondition(condition, SERVER_PHASE, env);
    if (condition !== undefined && compiled === undefined) return [];
    return [{ position, title: keyword, args, source: condition, condition: compiled }];
  });
  const list = new ChoiceList(choices, env.section, SERVER_PHASE);
  return {
    empty: choices.length === 0,
    decide(ctx) {
      const index = list.next(ctx, 0);
      if (index < 0) return PERSIST_NORMALLY;
      return choices[index]?.title === 'force-persist' ? PERSIST_FORCED : PERSIST_IGNORED;
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
