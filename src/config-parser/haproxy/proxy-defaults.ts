/** What a section may take over from its defaults (manual, section 4.3): rules in defaults bind it to one kind of section. */
import type { RulesetName } from '../../model/rule.ts';
import type { ProxyDraft } from './proxy-draft.ts';
import type { Report } from './report.ts';

function hasRules(defaults: ProxyDraft, ...rulesets: RulesetName[]): boolean {
  return defaults.own.rules.some(rule => rulesets.includes(rule.ruleset));
}

/** The reason why a section of this kind cannot start from these defaults. */
function conflict(draft: ProxyDraft, defaults: ProxyDraft): string | undefined {
  const { kind } = draft;
  const where = `(defaults section at ${defaults.position.file}:${defaults.position.line})`;
  if (kind === 'defaults')
    return `a defaults section cannot inherit from a defaults section defining TCP/HTTP rules ${where}`;
  if (kind === 'listen')
    return 'a listen section cannot inherit from a defaults section defining TCP/HTTP rules';
  const other = defaults.own.usedBy;
  if (other !== undefined && other !== kind) {
    const why = `cannot inherit from the same defaults section if it defines TCP/HTTP rules ${where}`;
    return `frontends and backends ${why}`;
  }
  if (kind === 'backend' && hasRules(defaults, 'tcp-request connection', 'tcp-request session')) {
    const which = `'tcp-request connection' or 'tcp-request session' rules ${where}`;
    return `a backend section cannot inherit from a defaults section defining ${which}`;
  }
  if (kind === 'frontend' && hasRules(defaults, 'tcp-response content')) {
    const which = `'tcp-response content' rules ${where}`;
    return `a frontend section cannot inherit from a defaults section defining ${which}`;
  }
  return undefined;
}

/** Reports a section that may not start from its defaults, and notes for which kind they serve. */
export function checkDefaults(draft: ProxyDraft, report: Report): void {
  const defaults = draft.from;
  if (defaults === undefined || defaults.own.rules.length === 0) return;
  const reason = conflict(draft, defaults);
  if (reason !== undefined) report.alert(draft.position, `${reason}.`);
  else if (draft.kind === 'frontend' || draft.kind === 'backend') defaults.own.usedBy = draft.kind;
}
