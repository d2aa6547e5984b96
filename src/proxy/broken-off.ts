/** Notes for samples and logs what the system, or TLS, said of a connection that broke off (`fc_err`, `ssl_fc_err`, `bc_err`). */
import type { Cause, Side } from '../base/failure.ts';
import { systemFailure } from '../net/system-failure.ts';
import type { TlsError } from '../net/tls/tls-facts.ts';
import type { ServerRefusal } from './dial-failure.ts';
import type { Phase, Termination } from './termination.ts';

interface Client {
  error: ServerRefusal['error'];
  readonly connection: { readonly tlsFailure?: TlsError | undefined };
  readonly tls: { error: TlsError | undefined } | undefined;
}

interface Broken {
  readonly client: Client;
  serverRefusal: ServerRefusal | undefined;
}

/** Behind the handshake. */
const BROKEN_TLS = { code: 43, name: 'SSL_FATAL', text: 'SSL fatal error' };

export function noteBrokenOff(transaction: Broken, side: Side, cause: Cause): void {
  if (side === 'client' && noteBrokenTls(transaction.client)) return;
  const error = systemFailure(cause);
  if (error === undefined) return;
  if (side === 'client') transaction.client.error = error;
  else transaction.serverRefusal = { error, tls: undefined };
}

function noteBrokenTls(client: Client): boolean {
  const { tlsFailure } = client.connection;
  if (tlsFailure === undefined) return false;
  client.error = BROKEN_TLS;
  if (client.tls !== undefined) client.tls.error = tlsFailure;
  return true;
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
