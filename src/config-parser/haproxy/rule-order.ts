/**
 * HAProxy warns about rules written in another order than they are evaluated in: a `http-request` rule below a
 * `use_backend` one still runs first (manual, section 4.4).
 */
import type { LineContext } from '../line-context.ts';
import type { ProxyDraft } from './proxy-draft.ts';

/** In the order of evaluation. */
const PHASES = [
  'tcp-request connection',
  'tcp-request session',
  'tcp-request content',
  'monitor fail',
  'http-request',
  'redirect',
  'use_backend',
  'use-server',
] as const;

type RulePhase = (typeof PHASES)[number] | 'http-response' | 'tcp-response content';

function laterPhases(phase: RulePhase): readonly string[] {
  if (phase === 'tcp-response content') return ['http-response'];
  // The two that choose a target warn about nothing.
  if (phase === 'http-response' || phase === 'use_backend' || phase === 'use-server') return [];
  return PHASES.slice(PHASES.indexOf(phase) + 1);
}

/** Notes the rule, and warns once when a rule of a later phase stands above it. */
export function noteRulePhase(draft: ProxyDraft, phase: RulePhase, context: LineContext): void {
  const seen = draft.own.phasesSeen;
  const later = laterPhases(phase).find(other => seen.has(other));
  if (later !== undefined) {
    const article = later.startsWith('http-') ? 'an' : 'a';
    const below = `rule placed after ${article} '${later}' rule`;
    context.warn(context.position, `a '${phase}' ${below} will still be processed before.`);
  }
  seen.add(phase);
}
