/**
 * An action is one row: the same row drives the compiler, docs/coverage.md and the test that holds the table
 * against the inventory of HAProxy's rules.
 */
import type { RulesetName } from '../model/rule.ts';
import type { Action } from './context.ts';
import type { RuleLine } from './rule-line.ts';

export interface ActionDefinition {
  /** `track-sc0` stands for its higher numbers too. */
  readonly name: string;
  readonly rulesets: readonly RulesetName[];
  /** As in the manual. */
  readonly args: string;
  /** Ends its ruleset. */
  readonly final?: true;
  readonly experimental?: true;
  /** Undefined after an error was reported. */
  readonly compile: (line: RuleLine) => Action | undefined;
}

/** Recognised, warned about and left out: what the action acts on does not exist in this version. */
export interface UnsupportedAction {
  readonly name: string;
  readonly rulesets: readonly RulesetName[];
  /** What is missing. */
  readonly needs: string;
}

export const TCP_REQUEST: readonly RulesetName[] = [
  'tcp-request connection',
  'tcp-request session',
  'tcp-request content',
];
export const CONTENT: readonly RulesetName[] = ['tcp-request content', 'tcp-response content'];
export const HTTP: readonly RulesetName[] = ['http-request', 'http-response'];
export const HTTP_ALL: readonly RulesetName[] = [...HTTP, 'http-after-response'];
export const EVERYWHERE: readonly RulesetName[] = [...TCP_REQUEST, 'tcp-response content', ...HTTP_ALL];
