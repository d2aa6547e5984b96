/** Notes for samples and logs what the system, or TLS, said of a connection that broke off (`fc_err`, `ssl_fc_err`, `bc_err`). */
import type { Cause, Side } from '../../base/failure.ts';
import { systemFailure } from '../../net/system-failure.ts';
import type { TlsError } from '../../net/tls/tls-facts.ts';
import type { ServerRefusal } from '../server/dial-failure.ts';
import type { Phase, Termination } from '../accounts/termination.ts';

interface MayBreak {
  readonly tlsFailure?: TlsError | undefined;
}

type Noted = { error: TlsError | undefined } | undefined;

interface Broken {
  readonly client: {
    error: ServerRefusal['error'];
    readonly connection: MayBreak;
    readonly tls: Noted;
  };
  readonly serverConnection: (MayBreak & { readonly tls?: Noted }) | undefined;
  serverRefusal: ServerRefusal | undefined;
}

/** Behind the handshake. */
const BROKEN_TLS = { code: 43, name: 'SSL_FATAL', text: 'SSL fatal error' };

export function noteBrokenOff(transaction: Broken, side: Side, cause: Cause): void {
  const { client, serverConnection } = transaction;
  const isBroken =
    side === 'client'
      ? noteTlsFailure(client.connection, client.tls)
      : noteTlsFailure(serverConnection, serverConnection?.tls);
  const error = isBroken ? BROKEN_TLS : systemFailure(cause);
  if (error === undefined) return;
  if (side === 'client') client.error = error;
  else transaction.serverRefusal = { error, tls: undefined };
}

function noteTlsFailure(connection: MayBreak | undefined, tls: Noted): boolean {
  const failure = connection?.tlsFailure;
  if (failure !== undefined && tls !== undefined) tls.error = failure;
  return failure !== undefined;
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
