/**
 * Actions this version knows by name only: a configuration with them loads with a warning, and the rule is left
 * out. Each says what it would need.
 */
import { CONTENT, HTTP, HTTP_ALL, type UnsupportedAction } from '../action-definition.ts';

export const UNSUPPORTED_ACTIONS: readonly UnsupportedAction[] = [
  { name: 'send-spoe-group', rulesets: [...CONTENT, ...HTTP], needs: 'SPOE' },
  { name: 'lua', rulesets: [...CONTENT, ...HTTP_ALL], needs: 'Lua' },
  { name: 'attach-srv', rulesets: ['tcp-request session'], needs: 'reverse connections' },
];
