/** Notes for samples and logs what the system said of a connection that broke off (`fc_err`, `bc_err`). */
import type { Cause, Side } from '../base/failure.ts';
import { systemFailure } from '../net/system-failure.ts';
import type { ServerRefusal } from './dial-failure.ts';
import type { Phase, Termination } from './termination.ts';

interface Broken {
  readonly client: { error: ServerRefusal['error'] };
  serverRefusal: ServerRefusal | undefined;
}

export function noteBrokenOff(transaction: Broken, side: Side, cause: Cause): void {
  const error = systemFailure(cause);
  if (error === undefined) return;
  if (side === 'client') transaction.client.error = error;
  else transaction.serverRefusal = { error, tls: undefined };
}

/** It is the end of all that was under way. */
export function breakOff(
  transaction: Broken & { readonly termination: Termination },
  side: Side,
  cause: Cause,
  phase: Phase,
): void {
  noteBrokenOff(transaction, side, cause);
  transaction.termination.fail(side, cause, phase);
}
