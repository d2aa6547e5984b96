/**
 * Which actions each ruleset has (manual, section 4.4), how many words an action always takes, and whether it
 * ends its ruleset. rule-line.ts splits rule lines with it; what the words mean is compiled by rules/.
 */
import type { RulesetName } from '../../model/rule.ts';

interface RuleAction {
  readonly name: string;
  readonly rulesets: readonly RulesetName[];
  /** Words that always follow, even when they read `if` or `unless`. */
  readonly fixedWords: number;
  /** Evaluation of the ruleset stops here. */
  readonly final: boolean;
  /** Refused, when it is compiled, without `expose-experimental-directives`. */
  readonly experimental: boolean;
}

const RULESET_LETTERS: ReadonlyMap<string, RulesetName> = new Map([
  ['c', 'tcp-request connection'],
  ['s', 'tcp-request session'],
  ['r', 'tcp-request content'],
  ['t', 'tcp-response content'],
  ['q', 'http-request'],
  ['p', 'http-response'],
  ['a', 'http-after-response'],
]);

type Row = readonly [name: string, rulesets: string, fixedWords: number, mark?: 'final' | 'experimental'];

const ROWS: readonly Row[] = [
  ['accept', 'csrt', 0, 'final'],
  ['add-acl', 'qp', 1],
  ['add-header', 'qpa', 2],
  ['add-headers-bin', 'qpa', 1],
  ['allow', 'qpa', 0, 'final'],
  ['attach-srv', 's', 1],
  ['auth', 'q', 0, 'final'],
  ['cache-store', 'p', 1],
  ['cache-use', 'q', 1],
  ['capture', 'rqpa', 1],
  ['close', 't', 0, 'final'],
  ['del-acl', 'qpa', 1],
  ['del-header', 'qpa', 1],
  ['del-headers-bin', 'qpa', 1],
  ['del-map', 'qpa', 1],
  ['deny', 'qp', 0, 'final'],
  ['disable-l7-retry', 'q', 0],
  ['do-log', 'csrtqpa', 0],
  ['do-resolve', 'rq', 1],
  ['early-hint', 'q', 2],
  ['expect-netscaler-cip', 'c', 1],
  ['expect-proxy', 'c', 1],
  ['normalize-uri', 'q', 1, 'experimental'],
  ['pause', 'qp', 1],
  ['redirect', 'qp', 2, 'final'],
  ['reject', 'csrtq', 0, 'final'],
  ['replace-header', 'qpa', 3],
  ['replace-path', 'q', 2],
  ['replace-pathq', 'q', 2],
  ['replace-uri', 'q', 2],
  ['replace-value', 'qpa', 3],
  ['return', 'qp', 0, 'final'],
  ['sc-add-gpc', 'csrtqpa', 1],
  ['sc-inc-gpc', 'csrtqpa', 0],
  ['sc-inc-gpc0', 'csrtqpa', 0],
  ['sc-inc-gpc1', 'csrtqpa', 0],
  ['sc-set-gpt', 'csrtqpa', 1],
  ['sc-set-gpt0', 'csrtqpa', 1],
  ['send-spoe-group', 'rtqp', 2],
  ['set-bandwidth-limit', 'rtqp', 1],
  ['set-bc-mark', 'rq', 1],
  ['set-bc-tos', 'rq', 1],
  ['set-dst', 'csrq', 1],
  ['set-dst-port', 'csrq', 1],
  ['set-fc-mark', 'csrtqp', 1],
  ['set-fc-tos', 'csrtqp', 1],
  ['set-header', 'qpa', 2],
  ['set-headers-bin', 'qpa', 1],
  ['set-log-level', 'rtqpa', 1],
  ['set-map', 'qpa', 2],
  ['set-mark', 'csrtqp', 1],
  ['set-method', 'q', 1],
  ['set-nice', 'rtqp', 1],
  ['set-path', 'q', 1],
  ['set-pathq', 'q', 1],
  ['set-priority-class', 'rq', 1],
  ['set-priority-offset', 'rq', 1],
  ['set-query', 'q', 1],
  ['set-retries', 'rq', 1],
  ['set-src', 'csrq', 1],
  ['set-src-port', 'csrq', 1],
  ['set-status', 'pa', 1],
  ['set-timeout', 'qp', 2],
  ['set-tos', 'csrtqp', 1],
  ['set-uri', 'q', 1],
  ['set-var', 'csrtqpa', 1],
  ['set-var-fmt', 'csrtqpa', 1],
  ['silent-drop', 'csrtqp', 0, 'final'],
  ['strict-mode', 'qpa', 1],
  ['switch-mode', 'r', 1],
  ['tarpit', 'q', 0, 'final'],
  ['track-sc0', 'csrqp', 1],
  ['track-sc1', 'csrqp', 1],
  ['track-sc2', 'csrqp', 1],
  ['unset-var', 'csrtqpa', 0],
  ['use-service', 'rq', 1, 'final'],
  ['wait-for-body', 'qp', 2],
  ['wait-for-handshake', 'q', 0],
];

function ruleAction([name, letters, fixedWords, mark]: Row): RuleAction {
  const rulesets = Array.from(letters).flatMap(letter => RULESET_LETTERS.get(letter) ?? []);
  return { name, rulesets, fixedWords, final: mark === 'final', experimental: mark === 'experimental' };
}

const RULE_ACTIONS: readonly RuleAction[] = ROWS.map(ruleAction);

const BY_NAME: ReadonlyMap<string, RuleAction> = new Map(RULE_ACTIONS.map(action => [action.name, action]));

/** `track-sc7` is `track-sc0` with another counter (manual, section 4.4.41). */
export function findRuleAction(name: string, ruleset: RulesetName): RuleAction | undefined {
  const action = BY_NAME.get(/^track-sc\d+$/.test(name) ? 'track-sc0' : name);
  return action?.rulesets.includes(ruleset) === true ? action : undefined;
}

export function actionNames(ruleset: RulesetName): string[] {
  return RULE_ACTIONS.filter(action => action.rulesets.includes(ruleset)).map(action => action.name);
}
