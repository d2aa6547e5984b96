/** All actions, by name and ruleset (manual, section 4.4). */
import type { RulesetName } from '../model/rule.ts';
import type { ActionDefinition, UnsupportedAction } from './action-definition.ts';
import { ATTACHING_ACTIONS } from './actions/attaching.ts';
import { CACHE_ACTIONS } from './actions/cache.ts';
import { CAPTURE_ACTIONS } from './actions/captures.ts';
import { CONNECTION_ACTIONS } from './actions/connection.ts';
import { BANDWIDTH_ACTIONS } from './actions/bandwidth.ts';
import { EXCHANGE_ACTIONS } from './actions/exchange.ts';
import { FLOW_ACTIONS } from './actions/flow.ts';
import { HEADER_ACTIONS } from './actions/headers.ts';
import { BINARY_HEADER_ACTIONS } from './actions/headers-bin.ts';
import { MAP_ACTIONS } from './actions/maps.ts';
import { NORMALIZE_ACTIONS } from './actions/normalize-uri.ts';
import { REPLACE_HEADER_ACTIONS } from './actions/replace-headers.ts';
import { REPLY_ACTIONS } from './actions/replies.ts';
import { REQUEST_LINE_ACTIONS } from './actions/request-line.ts';
import { RESPONSE_ACTIONS } from './actions/response.ts';
import { SCRIPT_ACTIONS, SCRIPT_PREFIX } from './actions/scripts.ts';
import { TRACKING_ACTIONS } from './actions/tracking.ts';
import { UNSUPPORTED_ACTIONS } from './actions/unsupported.ts';
import { VARIABLE_ACTIONS } from './actions/variables.ts';
import { WAITING_ACTIONS } from './actions/waiting.ts';

const ACTIONS: readonly ActionDefinition[] = [
  ...FLOW_ACTIONS,
  ...REPLY_ACTIONS,
  ...HEADER_ACTIONS,
  ...BINARY_HEADER_ACTIONS,
  ...REPLACE_HEADER_ACTIONS,
  ...REQUEST_LINE_ACTIONS,
  ...NORMALIZE_ACTIONS,
  ...RESPONSE_ACTIONS,
  ...VARIABLE_ACTIONS,
  ...MAP_ACTIONS,
  ...CAPTURE_ACTIONS,
  ...CONNECTION_ACTIONS,
  ...ATTACHING_ACTIONS,
  ...EXCHANGE_ACTIONS,
  ...BANDWIDTH_ACTIONS,
  ...CACHE_ACTIONS,
  ...WAITING_ACTIONS,
  ...TRACKING_ACTIONS,
  ...SCRIPT_ACTIONS,
];

const BY_NAME: ReadonlyMap<string, ActionDefinition> = new Map(ACTIONS.map(action => [action.name, action]));
const UNSUPPORTED: ReadonlyMap<string, UnsupportedAction> = new Map(
  UNSUPPORTED_ACTIONS.map(action => [action.name, action]),
);

export function findAction(name: string, ruleset: RulesetName): ActionDefinition | undefined {
  const action = BY_NAME.get(rowName(name));
  return action?.rulesets.includes(ruleset) === true ? action : undefined;
}

/** `track-sc<n>` counts on; `lua.<name>` are many actions. */
function rowName(name: string): string {
  if (name.startsWith(SCRIPT_PREFIX)) return SCRIPT_PREFIX;
  return /^track-sc\d+$/.test(name) ? 'track-sc0' : name;
}

export function findUnsupported(name: string, ruleset: RulesetName): UnsupportedAction | undefined {
  const action = UNSUPPORTED.get(name);
  return action?.rulesets.includes(ruleset) === true ? action : undefined;
}
