/** `balance log-hash <converters>` (manual, section 4.2): the key of a log line, for backends in mode log. */
import type { CompiledExpression } from '../acl/compiled.ts';
import { compileExpression } from '../acl/expression.ts';
import { phaseBit } from '../acl/phase.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Environments } from './compile-environment.ts';

/** Where the converters find the line. */
export const LOG_MESSAGE = 'check.log_message';

const PHASE = phaseBit('backend use-server, balance or stick-match rule');

/** Undefined: the backend is balanced otherwise, or the converters are wrong (which is reported). */
export function compileMessageKey(proxy: Proxy, environments: Environments): CompiledExpression | undefined {
  if (proxy.balance.algorithm !== 'log-hash') return undefined;
  const { text, position } = proxy.balance.converters;
  const expression = `var(${LOG_MESSAGE}),${text}`;
  return compileExpression(expression, position, PHASE, environments.of(proxy));
}
