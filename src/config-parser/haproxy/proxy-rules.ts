/** The rulesets, inspect delays, backend and server choice, redirects and persistence rules (manual, sections 4.2, 4.4). */
import type { Rule, RulesetName } from '../../model/rule.ts';
import type { Condition, Word } from '../../model/word.ts';
import { parseCondition } from '../condition.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext } from '../line-context.ts';
import { readTime } from './argument.ts';
import { ignoredWithoutBackend, ignoredWithoutFrontend } from './proxy-capability.ts';
import { proxyLabel, type ProxyDraft } from './proxy-draft.ts';
import { findRuleAction } from './rule-actions.ts';
import { nextSlot } from './proxy-captures.ts';
import { readRule, splitCondition } from './rule-line.ts';
import { noteRulePhase } from './rule-order.ts';

/** Rules and ACLs of an anonymous defaults section could be meant for nobody. */
export function refusedInAnonymousDefaults(draft: ProxyDraft, name: string, context: LineContext): boolean {
  if (draft.kind !== 'defaults' || draft.name !== '') return false;
  context.alert(
    context.line[0] ?? context.position,
    `'${name}' not allowed in anonymous 'defaults' section.`,
  );
  return true;
}

/** HTTP rules after one that ends the ruleset for everybody are never reached. */
function warnUnreachable(draft: ProxyDraft, ruleset: RulesetName, context: LineContext): void {
  if (!ruleset.startsWith('http-')) return;
  const last = draft.own.rules.findLast(rule => rule.ruleset === ruleset);
  if (last === undefined || last.condition !== undefined) return;
  if (findRuleAction(last.action, ruleset)?.final !== true) return;
  const what = `previous '${ruleset}' action is final and has no condition attached`;
  context.warn(context.position, `${what}, further entries are NOOP.`);
}

function addRule(draft: ProxyDraft, rule: Rule, context: LineContext): void {
  if (rule.ruleset !== 'http-after-response') noteRulePhase(draft, rule.ruleset, context);
  const makesSlot = rule.action === 'capture' && rule.args.some(word => word.text === 'len');
  const isOwn = draft.kind !== 'defaults';
  draft.own.rules.push(makesSlot && isOwn ? { ...rule, captureSlot: nextSlot(draft, 'request') } : rule);
}

function ruleset(name: RulesetName): Keyword<ProxyDraft>['parse'] {
  return (draft, words, context) => {
    if (refusedInAnonymousDefaults(draft, name, context)) return;
    warnUnreachable(draft, name, context);
    const rule = readRule(name, words, context);
    if (rule !== undefined) addRule(draft, rule, context);
  };
}

function inspectDelay(side: 'request' | 'response'): Keyword<ProxyDraft>['parse'] {
  return (draft, words, context) => {
    const name = `tcp-${side} inspect-delay`;
    if (refusedInAnonymousDefaults(draft, name, context)) return;
    const delay = readTime(words[0], name, context);
    if (delay === undefined) return;
    if (draft.own.inspectDelaySaid[side]) {
      context.warn(context.position, `ignoring ${name} (was already defined) in ${proxyLabel(draft)}`);
      return;
    }
    draft.own.inspectDelaySaid[side] = true;
    draft.shared.inspectDelayMs[side] = delay;
  };
}

/** `{ if | unless } <condition>` and nothing else. */
export function requiredCondition(
  words: readonly Word[],
  name: string,
  context: LineContext,
): Condition | undefined {
  if (words[0]?.text === 'if' || words[0]?.text === 'unless')
    return parseCondition(words, context, `a '${name}' rule`);
  const where = words[0] ?? context.position;
  context.alert(where, `'${name}' requires either 'if' or 'unless' followed by a condition.`);
  return undefined;
}

function parseUseBackend(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  ignoredWithoutFrontend(draft, 'use_backend', context);
  const [target, ...rest] = words;
  if (target === undefined) return;
  const next = rest[0];
  if (next !== undefined && next.text !== 'if' && next.text !== 'unless') {
    const known = `only 'if' and 'unless' are allowed.`;
    context.alert(next, `unexpected keyword '${next.text}' after switching rule, ${known}`);
    return;
  }
  const condition = next && parseCondition(rest, context, 'switching rule');
  if (next !== undefined && condition === undefined) return;
  const rule = { position: target.position, target };
  draft.own.useBackends.push(condition === undefined ? rule : { ...rule, condition });
  noteRulePhase(draft, 'use_backend', context);
}

function parseUseServer(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  ignoredWithoutBackend(draft, 'use-server', context);
  const [target, ...rest] = words;
  const condition = requiredCondition(rest, 'use-server', context);
  if (target === undefined || condition === undefined) return;
  draft.own.useServers.push({ position: target.position, target, condition });
  noteRulePhase(draft, 'use-server', context);
}

function parseDefaultBackend(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  ignoredWithoutFrontend(draft, 'default_backend', context);
  draft.frontend.defaultBackend = words[0];
}

/** `redirect location|prefix|scheme <to>` and options, in any order: the words are kept as written. */
function parseRedirect(draft: ProxyDraft, _: readonly Word[], context: LineContext): void {
  const split = splitCondition(context.line.slice(1), 2, 'redirect rule', context);
  if (split === undefined) return;
  const rule = { position: context.position, keyword: 'redirect', args: split.args };
  draft.own.plainRules.push(split.condition === undefined ? rule : { ...rule, condition: split.condition });
  noteRulePhase(draft, 'redirect', context);
}

/** `force-persist`, `ignore-persist` and `force-be-switch`. */
function persistRule(name: string, side: 'frontend' | 'backend'): Keyword<ProxyDraft>['parse'] {
  return (draft, words, context) => {
    if (side === 'backend') ignoredWithoutBackend(draft, name, context);
    const condition = requiredCondition(words, name, context);
    if (condition === undefined) return;
    draft.own.plainRules.push({ position: context.position, keyword: name, args: [], condition });
  };
}

const REDIRECT_ARGS = '[code <code>] <option> [{if | unless} <condition>]';

const RULESETS: readonly Keyword<ProxyDraft>[] = [
  {
    name: 'http-request',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '<action> [options...] [ { if | unless } <condition> ]',
    arity: [0, Number.MAX_SAFE_INTEGER],
    summary: 'rules over HTTP requests',
    parse: ruleset('http-request'),
  },
  {
    name: 'http-response',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '<action> <options...> [ { if | unless } <condition> ]',
    arity: [0, Number.MAX_SAFE_INTEGER],
    summary: 'rules over HTTP responses',
    parse: ruleset('http-response'),
  },
  {
    name: 'http-after-response',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '<action> <options...> [ { if | unless } <condition> ]',
    arity: [0, Number.MAX_SAFE_INTEGER],
    summary: 'rules over all HTTP responses, also those made here',
    parse: ruleset('http-after-response'),
  },
  {
    name: 'tcp-request connection',
    sections: ['defaults', 'frontend', 'listen'],
    args: '<action> <options...> [ { if | unless } <condition> ]',
    arity: [0, Number.MAX_SAFE_INTEGER],
    summary: 'rules over connections just accepted',
    parse: ruleset('tcp-request connection'),
  },
  {
    name: 'tcp-request session',
    sections: ['defaults', 'frontend', 'listen'],
    args: '<action> [{if | unless} <condition>]',
    arity: [0, Number.MAX_SAFE_INTEGER],
    summary: 'rules over connections after the handshakes',
    parse: ruleset('tcp-request session'),
  },
  {
    name: 'tcp-request content',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '<action> [{if | unless} <condition>]',
    arity: [0, Number.MAX_SAFE_INTEGER],
    summary: 'rules over the first bytes of a client',
    parse: ruleset('tcp-request content'),
  },
  {
    name: 'tcp-response content',
    sections: ['defaults', 'listen', 'backend'],
    args: '<action> [{if | unless} <condition>]',
    arity: [0, Number.MAX_SAFE_INTEGER],
    summary: 'rules over the first bytes of a server',
    parse: ruleset('tcp-response content'),
  },
  {
    name: 'tcp-request inspect-delay',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '<timeout>',
    arity: [1, 1],
    summary: 'how long content rules wait for bytes',
    parse: inspectDelay('request'),
  },
  {
    name: 'tcp-response inspect-delay',
    sections: ['defaults', 'listen', 'backend'],
    args: '<timeout>',
    arity: [1, 1],
    summary: 'how long response rules wait for bytes',
    parse: inspectDelay('response'),
  },
];

const SWITCHING: readonly Keyword<ProxyDraft>[] = [
  {
    name: 'use_backend',
    sections: ['frontend', 'listen', 'backend'],
    args: '<backend> [{if | unless} <condition>]',
    arity: [1, Number.MAX_SAFE_INTEGER],
    summary: 'chooses a backend',
    parse: parseUseBackend,
  },
  {
    name: 'default_backend',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '<backend>',
    arity: [1, 1],
    summary: 'backend when no use_backend matches',
    parse: parseDefaultBackend,
  },
  {
    name: 'use-server',
    sections: ['frontend', 'listen', 'backend'],
    args: '<server> { if | unless } <condition>',
    arity: [1, Number.MAX_SAFE_INTEGER],
    summary: 'chooses a server',
    parse: parseUseServer,
  },
  {
    name: 'redirect location',
    sections: ['frontend', 'listen', 'backend'],
    args: `<loc> ${REDIRECT_ARGS}`,
    arity: [1, Number.MAX_SAFE_INTEGER],
    summary: 'redirects to an address',
    parse: parseRedirect,
  },
  {
    name: 'redirect prefix',
    sections: ['frontend', 'listen', 'backend'],
    args: `<pfx> ${REDIRECT_ARGS}`,
    arity: [1, Number.MAX_SAFE_INTEGER],
    summary: 'redirects below a prefix',
    parse: parseRedirect,
  },
  {
    name: 'redirect scheme',
    sections: ['frontend', 'listen', 'backend'],
    args: `<sch> ${REDIRECT_ARGS}`,
    arity: [1, Number.MAX_SAFE_INTEGER],
    summary: 'redirects to another scheme',
    parse: parseRedirect,
  },
  {
    name: 'redirect',
    sections: ['frontend', 'listen', 'backend'],
    args: `{ location <loc> | prefix <pfx> | scheme <sch> } ${REDIRECT_ARGS}`,
    arity: [2, Number.MAX_SAFE_INTEGER],
    summary: 'redirects, with the options first',
    parse: parseRedirect,
  },
  {
    name: 'force-persist',
    sections: ['frontend', 'listen', 'backend'],
    args: '{ if | unless } <condition>',
    arity: [0, Number.MAX_SAFE_INTEGER],
    summary: 'persistence also to servers that are down',
    parse: persistRule('force-persist', 'backend'),
  },
  {
    name: 'ignore-persist',
    sections: ['frontend', 'listen', 'backend'],
    args: '{ if | unless } <condition>',
    arity: [0, Number.MAX_SAFE_INTEGER],
    summary: 'no persistence for some requests',
    parse: persistRule('ignore-persist', 'backend'),
  },
  {
    name: 'force-be-switch',
    sections: ['frontend', 'listen'],
    args: '{ if | unless } <condition>',
    arity: [0, Number.MAX_SAFE_INTEGER],
    summary: 'switching also to disabled backends',
    parse: persistRule('force-be-switch', 'frontend'),
  },
];

export const RULE_KEYWORDS: readonly Keyword<ProxyDraft>[] = [...RULESETS, ...SWITCHING];
