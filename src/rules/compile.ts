/**
 * Compiles all rules of a proxy. Called by proxy/runtime/frontend-service.ts and proxy/runtime/backend-service.ts in each thread, and by
 * proxy/runtime/check-rules.ts when a configuration is checked.
 */
import type { Proxy } from '../model/proxy.ts';
import type { PlainRule, Rule, RulesetName } from '../model/rule.ts';
import { compileRule, compileWith } from './compile-rule.ts';
import { compileFilters } from './compile-filters.ts';
import type { CompiledRule } from './context.ts';
import type { RuleEnvironment } from './environment.ts';
import { compileErrorPages } from './error-pages.ts';
import { phasesOfRuleset } from './phases.ts';
import type { ProxyRules } from './proxy-rules.ts';
import { compileRedirect } from './redirect.ts';
import { CompiledRuleset } from './ruleset.ts';
import { compileSticking } from './sticking.ts';
import { compileStatsRules } from './stats-rules.ts';
import { compileAnyOf, compileBackendSwitch, compilePersistence, compileServerSwitch } from './switching.ts';

/** Mistakes are reported to `env.report`; rules with mistakes are missing from the result. */
export function compileProxyRules(proxy: Proxy, env: RuleEnvironment): ProxyRules {
  const ruleset = (name: RulesetName): CompiledRuleset => compileRuleset(name, proxy.rules, env);
  const requestPhases = phasesOfRuleset('http-request', proxy.kind);
  const serves = proxy.kind !== 'backend';
  const balances = proxy.kind !== 'frontend';
  const rules: ProxyRules = {
    tcpRequestConnection: ruleset('tcp-request connection'),
    tcpRequestSession: ruleset('tcp-request session'),
    tcpRequestContent: ruleset('tcp-request content'),
    tcpResponseContent: ruleset('tcp-response content'),
    httpRequest: ruleset('http-request'),
    redirects: compileRedirects(proxy.plainRules, requestPhases, env),
    httpResponse: ruleset('http-response'),
    httpAfterResponse: ruleset('http-after-response'),
    backendSwitch: compileBackendSwitch(serves ? proxy : { ...proxy, useBackends: [], plainRules: [] }, env),
    serverSwitch: compileServerSwitch(balances ? proxy.useServers : [], env),
    persistence: compilePersistence(balances ? proxy.plainRules : [], env),
    sticking: compileSticking(balances ? proxy.plainRules : [], env),
    monitorFails: compileAnyOf(proxy.monitorFail, requestPhases, env),
    statsRequest: CompiledRuleset.of('stats http-request', compileStatsRules(proxy, requestPhases, env)),
    statsAdmin: compileAnyOf(proxy.stats?.admin ?? [], requestPhases, env),
    errorPages: compileErrorPages(proxy.errorFiles, env),
    captures: env.captures,
    filters: compileFilters(proxy, env),
  };
  // What is wrong with an ACL is told even when nothing uses it.
  env.acls.compileUnused(env, requestPhases);
  if (env.section.defaultsAcls.length > 0) env.defaultsAcls.compileUnused(inDefaults(env), requestPhases);
  return rules;
}

function compileRuleset(name: RulesetName, rules: readonly Rule[], env: RuleEnvironment): CompiledRuleset {
  const phases = phasesOfRuleset(name, env.section.kind);
  // A ruleset that this kind of section never runs was warned about when it was read.
  const own = phases === 0 ? [] : rules.filter(rule => rule.ruleset === name);
  const ofDefaults = own.some(rule => rule.fromDefaults === true) ? inDefaults(env) : env;
  return CompiledRuleset.of(
    name,
    own.flatMap((rule, index) => {
      const seen = rule.fromDefaults === true ? ofDefaults : env;
      return compileRule(rule, own[index + 1], phases, seen) ?? [];
    }),
  );
}

/** A rule of the defaults section sees the ACLs that stand there, and no others (manual, section 4.1). */
function inDefaults(env: RuleEnvironment): RuleEnvironment {
  const { section, defaultsAcls } = env;
  return { ...env, acls: defaultsAcls, section: { ...section, acls: section.defaultsAcls } };
}

function compileRedirects(
  rules: readonly PlainRule[],
  phases: number,
  env: RuleEnvironment,
): CompiledRuleset {
  const redirects = rules.filter(({ keyword }) => keyword === 'redirect');
  return CompiledRuleset.of(
    'redirect',
    redirects.flatMap(rule => compilePlainRedirect(rule, phases, env) ?? []),
  );
}

function compilePlainRedirect(
  rule: PlainRule,
  phases: number,
  env: RuleEnvironment,
): CompiledRule | undefined {
  const { position, args, condition } = rule;
  const source = { kind: 'redirect', action: 'redirect', position, args } as const;
  return compileWith(line => compileRedirect(line, false), source, condition, phases, env);
}
