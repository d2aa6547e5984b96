/** What `balance hash <expression>` and `balance log-hash <converters>` hash (manual, section 4.2). */
import type { CompiledExpression } from '../../acl/compiled.ts';
import { compileExpression } from '../../acl/expression.ts';
import { phaseBit } from '../../acl/phase.ts';
import { prefixed } from '../../acl/prefixed.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { Environments } from '../runtime/compile-environment.ts';

/** Where the converters of log-hash find the line. */
export const LOG_MESSAGE = 'check.log_message';

const PHASE = phaseBit('backend use-server, balance or stick-match rule');

/** Undefined: the backend is balanced otherwise, or the expression is wrong (which is reported). */
export function compileBalanceKey(proxy: Proxy, environments: Environments): CompiledExpression | undefined {
  const { balance } = proxy;
  if (balance.algorithm === 'hash')
    return compileExpression(
      balance.expression.text,
      balance.expression.position,
      PHASE,
      prefixed(environments.of(proxy), `failed to parse 'balance hash' expression : `),
    );
  if (balance.algorithm !== 'log-hash') return undefined;
  const { text, position } = balance.converters;
  return compileExpression(`var(${LOG_MESSAGE}),${text}`, position, PHASE, environments.of(proxy));
}
