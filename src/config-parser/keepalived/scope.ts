/** What a keyword's parse function can reach besides its draft. */
import type { Report } from './report.ts';
import type { RulePreferences } from './rule-preferences.ts';
import type { ConfigSource } from './source.ts';

export interface Scope {
  readonly report: Report;
  readonly source: ConfigSource;
  readonly rulePreferences: RulePreferences;
}
