/** Why there is no connection to a server. */
import type { ConnectionError, ServerFacts } from '../../acl/context.ts';
import type { TlsFacts } from '../../net/tls/tls-facts.ts';

export type DialFailure =
  /** No server is usable: all down, or none. */
  | 'no-server'
  | 'queue-full'
  | 'queue-timeout'
  | 'refused'
  /** The server connects by itself (`rhttp@`), and has not. */
  | 'unattached'
  | 'connect-timeout'
  /** Out of descriptors, ports or memory here. */
  | 'resource';

/** Where a request ended that no server was reached for: the second letter of its termination state. */
export function phaseOf(failure: DialFailure): 'Q' | 'C' {
  return failure === 'queue-timeout' || failure === 'queue-full' ? 'Q' : 'C';
}

/** Why a server that was reached is of no use. */
export interface ServerRefusal {
  /** Undefined: it did not answer. */
  readonly error: ConnectionError | undefined;
  /** Undefined: there was no handshake. */
  readonly tls: TlsFacts | undefined;
  /** Where it was looked for; undefined: its connection has become another one. */
  readonly destination?: ServerFacts['destination'];
}
