/**
 * Actions this version knows by name only: a configuration with them loads with a warning, and the rule is left
 * out. Each says what it would need.
 */
import { CONTENT, HTTP, type UnsupportedAction } from '../action-definition.ts';

export const UNSUPPORTED_ACTIONS: readonly UnsupportedAction[] = [
  { name: 'send-spoe-group', rulesets: [...CONTENT, ...HTTP], needs: 'SPOE' },
];
